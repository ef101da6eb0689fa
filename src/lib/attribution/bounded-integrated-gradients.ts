import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { makeTensor } from '../tensor/tensor.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, integer, number, schema } from './options.ts';
import { reach } from './path-adaptive.ts';
import { completeness, values } from './program.ts';

/**
 * Integrated Gradients (Sundararajan, Taly & Yan 2017, arXiv:1703.01365) to an error that is asked for.
 *
 *     scoreᵢ = (xᵢ − x′ᵢ) · ∫₀¹ ∂F/∂xᵢ (x′ + α (x − x′)) dα,    error = Σ |scoreᵢ − IGᵢ| / Σ |IGᵢ|
 *
 * Points are added where the path's gradient jumps most until the error is estimated to be small enough. The estimate is
 * that of `path-error.ts`, not a proven bound: between two points a gradient may go anywhere.
 */
export const boundedIntegratedGradients = defineMethod({
  id: 'bounded-integrated-gradients',
  title: 'Adaptive Integrated Gradients',
  family: 'path',
  description: 'Integrated Gradients with as many points on the path as it takes for the error that you choose.',
  citation: {
    authors: 'Sundararajan, Taly, Yan',
    year: 2017,
    title: 'Axiomatic Attribution for Deep Networks',
    url: 'https://arxiv.org/abs/1703.01365',
  },
  options: schema({
    error: number(
      { title: 'Error, %', description: 'How much of all attribution may be wrong, as it is estimated.' },
      { minimum: 0.01, maximum: 50, default: 1 },
    ),
    passes: integer(
      { title: 'Passes at most', description: 'The result says so where they do not suffice.' },
      { minimum: 32, maximum: 5000, default: 500 },
    ),
    rule: choice(
      {
        title: 'Rule',
        description:
          'Gradients at points, or DeepLIFT over segments, whose sum is exact and which cost two passes each.',
      },
      { measured: 'Whichever gains more', gradients: 'Gradients', segments: 'Segments' },
      'measured',
    ),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  explainLayer: 'from-layer',
  graph: 'How many points it takes is found out for each picture on the way.',
  async explain(question, { error, passes, rule }) {
    const target = error / 100;
    const reached = await reach(question, { target, passes: passes - 2, rule });
    const scores = makeTensor('float32', question.x.shape, reached.scores);
    const [value, baselineValue] = await values(question, [question.x, question.baseline!]);
    const total = reached.passes + 2;
    question.onProgress?.({ done: total, total });
    const check = {
      ...completeness('estimate', scores, value, baselineValue),
      estimate: { error: reached.error, target, rule: reached.rule },
    };
    return { scores, value, baselineValue, check, passes: total };
  },
});
