import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { map } from '../tensor/arithmetic.ts';
import { flowOf, gradientOf } from './gradient.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema, toggle } from './options.ts';

/**
 * Saliency (Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034).
 *
 *     scoreᵢ = |∂F/∂xᵢ|        or, signed, ∂F/∂xᵢ
 *
 * How much F changes with each input element, to first order. It says nothing about how much of F an element accounts for.
 */
export const saliency = defineMethod({
  id: 'saliency',
  title: 'Saliency',
  family: 'gradient',
  description: 'How strongly the score reacts to a small change of each pixel.',
  citation: {
    authors: 'Simonyan, Vedaldi, Zisserman',
    year: 2013,
    title: 'Deep Inside Convolutional Networks: Visualising Image Classification Models and Saliency Maps',
    url: 'https://arxiv.org/abs/1312.6034',
  },
  options: schema({
    absolute: toggle(
      { title: 'Absolute value', description: 'Drop the sign: any change counts, whichever way it moves the score.' },
      true,
    ),
  }),
  needs: { baseline: false, layer: false, seed: false },
  signed: false,
  unavailable: (model) => missingRules(model, gradientRules),
  explainLayer: 'from-layer',
  graph: (g, site, { absolute }) => {
    const gradient = flowOf(g, site, gradientRules);
    return absolute ? g.abs(gradient) : gradient;
  },
  async explain(question, { absolute }) {
    const { gradient, value, passes } = await gradientOf(question, gradientRules);
    return { scores: absolute ? map(gradient, Math.abs) : gradient, value, passes };
  },
});
