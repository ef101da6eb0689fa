import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { noLayer } from './cam.ts';
import { sumAlong, sumAlongGraph } from './layer-path.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, schema } from './options.ts';
import { pathQuadrature } from './path-options.ts';
import { completeness, values } from './program.ts';
import { quadratures } from './quadrature.ts';

/**
 * Layer Conductance (Dhamdhere, Sundararajan & Yan 2018, arXiv:1805.12233): Integrated Gradients passed through a layer.
 * With a path of n + 1 points p from x′ to x and A the layer's activation, as Captum computes it (Shrikumar et al. 2018,
 * arXiv:1807.09946):
 *
 *     score = Σₖ ∂F/∂A (pₖ) ⊙ (A(pₖ₊₁) − A(pₖ))
 *
 * The scores of a layer that everything passes sum to F(x) − F(x′), up to the error of the sum.
 */
export const layerConductance = defineMethod({
  id: 'layer-conductance',
  title: 'Layer conductance',
  family: 'layer',
  description: 'How much of the change of the score passes through each unit of a layer, on the way from the baseline.',
  citation: {
    authors: 'Dhamdhere, Sundararajan, Yan',
    year: 2018,
    title: 'How Important Is a Neuron?',
    url: 'https://arxiv.org/abs/1805.12233',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Pieces of the path: more is slower and closer to the integral.' },
      { minimum: 1, maximum: 1000, default: 50 },
    ),
    quadrature: pathQuadrature('riemann-trapezoid'),
  }),
  needs: { baseline: true, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  graph: (g, site, { steps, quadrature }) => sumAlongGraph(g, site, 'conductance', quadratures[quadrature](steps + 1)),
  async explain(question, { steps, quadrature }) {
    const scores = await sumAlong(question, question.layer!, 'conductance', quadratures[quadrature](steps + 1));
    const [value, baselineValue] = await values(question, [question.x, question.baseline!]);
    const check = completeness('quadrature', scores, value, baselineValue);
    return { scores, value, baselineValue, check, passes: 2 * steps + 2 };
  },
});
