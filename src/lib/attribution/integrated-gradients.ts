import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { mul, sub } from '../tensor/arithmetic.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, schema, toggle } from './options.ts';
import { meanGradient, meanGradientGraph } from './path-gradient.ts';
import { pathQuadrature } from './path-options.ts';
import { completeness, values } from './program.ts';
import { quadratures } from './quadrature.ts';

/**
 * Integrated Gradients (Sundararajan, Taly & Yan 2017, arXiv:1703.01365).
 *
 *     scoreᵢ = (xᵢ − x′ᵢ) · ∫₀¹ ∂F/∂xᵢ (x′ + α (x − x′)) dα
 *
 * Completeness: the scores sum to F(x) − F(x′), up to the error of the quadrature, which the check shows.
 */
export const integratedGradients = defineMethod({
  id: 'integrated-gradients',
  title: 'Integrated Gradients',
  family: 'path',
  description:
    'What each pixel contributes on the way from the baseline to the image; the contributions add up to the change of the score.',
  citation: {
    authors: 'Sundararajan, Taly, Yan',
    year: 2017,
    title: 'Axiomatic Attribution for Deep Networks',
    url: 'https://arxiv.org/abs/1703.01365',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Points on the path: more is slower and closer to the integral.' },
      { minimum: 1, maximum: 1000, default: 32 },
    ),
    quadrature: pathQuadrature('gauss-legendre'),
    multiplyByInputs: toggle(
      { title: 'Multiply by x − x′', description: 'Off: the mean gradient on the path (local attribution).' },
      true,
    ),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  explainLayer: 'from-layer',
  graph(g, site, { steps, quadrature, multiplyByInputs }) {
    const mean = meanGradientGraph(g, site, quadratures[quadrature](steps));
    return multiplyByInputs ? g.mul(g.sub(site.x, site.baseline), mean) : mean;
  },
  async explain(question, { steps, quadrature, multiplyByInputs }) {
    const { x, baseline } = question;
    const mean = await meanGradient(question, quadratures[quadrature](steps));
    const [value, baselineValue] = await values(question, [x, baseline!]);
    const passes = steps + 2;
    if (!multiplyByInputs) return { scores: mean, value, baselineValue, passes };
    const scores = mul(sub(x, baseline!), mean);
    return { scores, value, baselineValue, check: completeness('quadrature', scores, value, baselineValue), passes };
  },
});
