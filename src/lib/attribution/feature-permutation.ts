import { addScaled } from '../tensor/arithmetic.ts';
import { zerosLike } from '../tensor/tensor.ts';
import { ablate } from './feature-ablation.ts';
import { cellsOf, cellsOption, type Features } from './features.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { schema } from './options.ts';
import type { Explanation, Question } from './types.ts';

/**
 * Feature permutation (Fisher, Rudin & Dominici 2018, arXiv:1801.01489; of one image, as in Captum): for each feature S, here a
 * square of the image, what F loses on average when it is replaced by that of another image b,
 *
 *     score(S) = F(x) − mean over b of F(x with S from b),
 *
 * in equal shares on its elements. Captum draws one b for each image of a batch; here all are taken, each once.
 */
export const featurePermutation = defineMethod({
  id: 'feature-permutation',
  title: 'Feature permutation',
  family: 'perturbation',
  description: 'What the score loses when one square after the other is replaced by that of the other open images.',
  citation: {
    authors: 'Fisher, Rudin, Dominici',
    year: 2018,
    title: 'All Models are Wrong, but Many are Useful',
    url: 'https://arxiv.org/abs/1801.01489',
  },
  options: schema({ cells: cellsOption({ maximum: 64, default: 8 }) }),
  needs: { baseline: true, layer: false, seed: false, images: true },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  explain: (question, { cells }) => permute(question, cellsOf(question, cells)),
});

/** Feature permutation of any features. */
export async function permute(question: Question, features: Features): Promise<Explanation> {
  const { x, baselines, baselineCount: images = 0, onProgress } = question;
  const scores = zerosLike(x);
  let [value, passes] = [0, 0];
  for (let k = 0; k < images; k++) {
    const report: Question['onProgress'] = ({ done, total }) =>
      onProgress?.({ done: k * total + done, total: images * total });
    const found = await ablate({ ...question, baseline: baselines!(k), onProgress: report }, features);
    addScaled(scores, 1 / images, found.scores);
    value = found.value;
    passes += found.passes;
  }
  return { scores, value, passes };
}
