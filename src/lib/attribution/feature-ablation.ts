import { cellsOf, cellsOption, spread, valuesWith, type Features } from './features.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { schema } from './options.ts';
import type { Explanation, Question } from './types.ts';

/**
 * Feature ablation (as in Captum): for each feature S, here a square of the image, what F loses when it is replaced by the
 * baseline,
 *
 *     score(S) = F(x) − F(x with S from x′),
 *
 * in equal shares on its elements.
 */
export const featureAblation = defineMethod({
  id: 'feature-ablation',
  title: 'Feature ablation',
  family: 'perturbation',
  description: 'What the score loses when one square of the image after the other is replaced.',
  citation: {
    authors: 'Kokhlikyan et al.',
    year: 2020,
    title: 'Captum: A unified and generic model interpretability library for PyTorch',
    url: 'https://arxiv.org/abs/2009.07896',
  },
  options: schema({ cells: cellsOption({ maximum: 64, default: 8 }) }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  explain: (question, { cells }) => ablate(question, cellsOf(question, cells)),
});

/** Feature ablation of any features. */
export async function ablate(question: Question, features: Features): Promise<Explanation> {
  const { count } = features;
  const [value, ...without] = await valuesWith(question, features, count + 1, (k) => {
    const coalition = new Uint8Array(count).fill(1);
    if (k > 0) coalition[k - 1] = 0;
    return coalition;
  });
  const scores = spread(
    features,
    without.map((v) => value - v),
    question.x,
  );
  return { scores, value, passes: count + 1 };
}
