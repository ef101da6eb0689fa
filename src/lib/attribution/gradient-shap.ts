import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { add } from '../tensor/arithmetic.ts';
import { random } from '../tensor/random.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { baselineAt, baselineTable, expectedGradients, expectedGraphOf, type Draw } from './expected.ts';
import { defineMethod, missingRules } from './method.ts';
import { noiseOf, noiseOption, noiseTable, normalsOf } from './noise.ts';
import { integer, schema } from './options.ts';
import { refuseDraws, type WholeSite } from './site.ts';
import type { Question } from './types.ts';

/**
 * GradientSHAP (Lundberg & Lee 2017, arXiv:1705.07874; as in Captum). With b drawn from the baselines, α ~ U(0, 1) and
 * ε ~ N(0, σ²):
 *
 *     score = E[(x + ε − b) ⊙ ∂F/∂x (b + α (x + ε − b))]
 */
export const gradientShap = defineMethod({
  id: 'gradient-shap',
  title: 'GradientSHAP',
  family: 'path',
  description: 'The gradient at random places between baselines and noisy copies of the image.',
  citation: {
    authors: 'Lundberg, Lee',
    year: 2017,
    title: 'A Unified Approach to Interpreting Model Predictions',
    url: 'https://arxiv.org/abs/1705.07874',
  },
  options: schema({
    samples: integer(
      { title: 'Samples', description: 'Random places: more is slower and closer to the mean.' },
      { minimum: 1, maximum: 2000, default: 50 },
    ),
    noise: noiseOption(0.05),
  }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  graph: (g, site, { samples, noise }) => expectedUnder(g, site, samples, noise),
  explain: (question, { samples, noise }) => expectedGradients(question, samples, drawsOf(question, noise)),
  explainLayer: (question, layer, { samples, noise }) =>
    expectedGradients(question, samples, drawsOf(question, noise), layer),
});

/** As `explain`, as a graph: what is drawn is drawn in the order of `drawsOf`. */
export function expectedUnder(g: Builder, site: WholeSite, samples: number, share: number): Value {
  if (share !== 0) refuseDraws(site.model, samples);
  const rng = random(site.randomSeed);
  const normals = normalsOf(site.model, rng);
  const noise: FloatTensor[] = [];
  const alphas = Array.from({ length: samples }, () => {
    if (share !== 0) noise.push(normals());
    return rng.uniform();
  });
  return expectedGraphOf(g, site, samples, {
    alphas,
    noise: share === 0 ? undefined : noiseTable(g, site, share, noise),
    baselines: site.baselines ? baselineTable(site, samples) : undefined,
  });
}

/** Draws in order: each asked for once more at most, right after it was drawn, as the last of a chunk may be. */
export function drawsOf(question: Question, share: number): (k: number) => Draw {
  const rng = random(question.seed);
  const noise = noiseOf(question, share, rng);
  let [drawn, last]: [number, Draw | null] = [0, null];
  return (k) => {
    for (; drawn <= k; drawn++) {
      const to = share === 0 ? question.x : add(question.x, noise());
      last = { from: baselineAt(question, drawn), to, alpha: rng.uniform() };
    }
    return last!;
  };
}
