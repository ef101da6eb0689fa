import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { mul, sub } from '../tensor/arithmetic.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, schema } from './options.ts';
import { meanGradient, meanGradientGraph } from './path-gradient.ts';
import { pathQuadrature } from './path-options.ts';
import { values } from './program.ts';
import { quadratures } from './quadrature.ts';

/**
 * Neuron Conductance (Dhamdhere, Sundararajan & Yan 2018, arXiv:1805.12233; as in Captum): the part of Integrated Gradients that
 * passes through one neuron a. With places p on the path from x′ to x and weights w:
 *
 *     scoreᵢ = (xᵢ − x′ᵢ) · Σₖ wₖ · ∂F/∂a (pₖ) · ∂a/∂xᵢ (pₖ)
 *
 * Over all neurons of a layer that everything passes the scores add up to those of Integrated Gradients; those of one neuron
 * promise no sum.
 */
export const neuronConductance = defineMethod({
  id: 'neuron-conductance',
  title: 'Neuron conductance',
  family: 'layer',
  description:
    'Which pixels speak for the class by way of one neuron: the part of Integrated Gradients that passes through it.',
  citation: {
    authors: 'Dhamdhere, Sundararajan, Yan',
    year: 2018,
    title: 'How Important Is a Neuron?',
    url: 'https://arxiv.org/abs/1805.12233',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Points on the path: more is slower and closer to the integral.' },
      { minimum: 1, maximum: 1000, default: 32 },
    ),
    quadrature: pathQuadrature('gauss-legendre'),
  }),
  needs: { baseline: true, layer: false, seed: false, neuron: true },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  graph: (g, site, { steps, quadrature }) =>
    g.mul(g.sub(site.x, site.baseline), meanGradientGraph(g, site, quadratures[quadrature](steps))),
  async explain(question, { steps, quadrature }) {
    const { x, baseline } = question;
    const scores = mul(sub(x, baseline!), await meanGradient(question, quadratures[quadrature](steps)));
    const [value, baselineValue] = await values(question, [x, baseline!]);
    return { scores, value, baselineValue, passes: steps + 2 };
  },
});
