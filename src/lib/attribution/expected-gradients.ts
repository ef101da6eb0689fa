import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { expectedGradients as explain } from './expected.ts';
import { drawsOf, expectedUnder } from './gradient-shap.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, schema } from './options.ts';

/**
 * Expected Gradients (Erion, Janizek, Sturmfels, Lundberg & Lee 2019, arXiv:1906.10670): Integrated Gradients averaged over
 * a distribution of baselines D, by drawing both the baseline and the place on the way to it:
 *
 *     score = E[(x − b) ⊙ ∂F/∂x (b + α (x − b))],    b ~ D, α ~ U(0, 1)
 *
 * The distribution is that of the baseline: drawn anew each time where it is random, the one baseline where it is not.
 */
export const expectedGradients = defineMethod({
  id: 'expected-gradients',
  title: 'Expected Gradients',
  family: 'path',
  description: 'Integrated Gradients averaged over a distribution of baselines, such as other images or noise.',
  citation: {
    authors: 'Erion, Janizek, Sturmfels, Lundberg, Lee',
    year: 2019,
    title: 'Improving performance of deep learning models with axiomatic attribution priors and expected gradients',
    url: 'https://arxiv.org/abs/1906.10670',
  },
  options: schema({
    samples: integer(
      { title: 'Samples', description: 'Pairs of a baseline and a place: more is slower and closer to the mean.' },
      { minimum: 1, maximum: 2000, default: 100 },
    ),
  }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  graph: (g, site, { samples }) => expectedUnder(g, site, samples, 0),
  explain: (question, { samples }) => explain(question, samples, drawsOf(question, 0)),
  explainLayer: (question, layer, { samples }) => explain(question, samples, drawsOf(question, 0), layer),
});
