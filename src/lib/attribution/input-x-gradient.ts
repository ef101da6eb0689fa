import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { mul } from '../tensor/arithmetic.ts';
import { zerosLike } from '../tensor/tensor.ts';
import { flowOf, gradientOf } from './gradient.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';
import { sumCheck, values } from './program.ts';

/**
 * Input × Gradient (Shrikumar, Greenside, Shcherbina & Kundaje 2016, arXiv:1605.01713).
 *
 *     scoreᵢ = xᵢ · ∂F/∂xᵢ
 *
 * The first-order Taylor share of each element in F(x) − F(0). The sum meets that difference where F is linear between
 * 0 and x, and nowhere else has to: the check says by how much it does not.
 */
export const inputXGradient = defineMethod({
  id: 'input-x-gradient',
  title: 'Input × Gradient',
  family: 'gradient',
  description:
    'The gradient times the pixel: a first-order estimate of what each pixel contributes, against an input of zeros.',
  citation: {
    authors: 'Shrikumar, Greenside, Shcherbina, Kundaje',
    year: 2016,
    title: 'Not Just a Black Box: Learning Important Features Through Propagating Activation Differences',
    url: 'https://arxiv.org/abs/1605.01713',
  },
  options: schema({}),
  needs: { baseline: false, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  explainLayer: 'from-layer',
  graph: (g, site) => g.mul(site.x, flowOf(g, site, gradientRules)),
  async explain(question) {
    const { gradient, value, passes } = await gradientOf(question, gradientRules);
    const [atZero] = await values(question, [zerosLike(question.x)]);
    const scores = mul(question.x, gradient);
    const check = sumCheck('first-order', 'Σ scores = F(x) − F(0), to first order', scores, value - atZero);
    return { scores, value, check, passes: passes + 1 };
  },
});
