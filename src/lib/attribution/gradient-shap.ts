import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { add, map, summary } from '../tensor/arithmetic.ts';
import { random } from '../tensor/random.ts';
import { baselineAt, expectedGradients, type Draw } from './expected.ts';
import { join, split } from './inputs.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, number, schema } from './options.ts';
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
    noise: number(
      {
        title: 'Noise',
        description: 'Standard deviation of the noise, as a share of the range of values of the input.',
      },
      { minimum: 0, maximum: 1, default: 0.05, multipleOf: 0.01 },
    ),
  }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  explain: (question, { samples, noise }) => expectedGradients(question, samples, drawsOf(question, noise)),
  explainLayer: (question, layer, { samples, noise }) =>
    expectedGradients(question, samples, drawsOf(question, noise), layer),
});

/** Draws in order, remembered: the last of a chunk may be asked for again. */
export function drawsOf(question: Question, noise: number): (k: number) => Draw {
  const { normal, uniform } = random(question.seed);
  const spreads = split(question.model, question.x).map((image) => {
    const { min, max } = summary(image);
    return { image, sigma: noise * (max - min) };
  });
  const drawn: Draw[] = [];
  const next = (k: number): Draw => {
    const to =
      noise === 0
        ? question.x
        : add(question.x, join(spreads.map(({ image, sigma }) => map(image, () => sigma * normal()))));
    return { from: baselineAt(question, k), to, alpha: uniform() };
  };
  return (k) => {
    while (drawn.length <= k) drawn.push(next(drawn.length));
    // What is behind will not be asked for again.
    if (k > 0) delete drawn[k - 1];
    return drawn[k];
  };
}
