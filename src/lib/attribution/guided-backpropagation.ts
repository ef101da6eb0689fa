import { guidedBackpropagation as guidedRules } from '../autodiff/rule-sets.ts';
import { topologicalOrder } from '../graph/graph.ts';
import { flowOf, gradientOf } from './gradient.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';
import type { ModelGraph } from './types.ts';

/** Guided backpropagation and deconvolution change what a ReLU passes back; without one they would be the plain gradient. */
export function needsRelu(model: ModelGraph): string | null {
  const found = topologicalOrder([model.logits]).some((node) => node.op === 'Relu');
  return found
    ? null
    : 'This model has no ReLU, and the method changes nothing but how gradients pass a ReLU. Use Saliency instead.';
}

/**
 * Guided Backpropagation (Springenberg, Dosovitskiy, Brox & Riedmiller 2014, arXiv:1412.6806): the gradient, except
 * that a ReLU lets only positive gradients of positive inputs pass,
 *
 *     R(x) = 1[x > 0] · max(R(y), 0)
 *
 * Crisp maps, but nearly blind to the class and to the upper weights (Adebayo et al. 2018, arXiv:1810.03292).
 */
export const guidedBackpropagation = defineMethod({
  id: 'guided-backpropagation',
  title: 'Guided Backpropagation',
  family: 'gradient',
  description: 'The gradient with every negative step at a ReLU removed: crisp edges, weak dependence on the class.',
  citation: {
    authors: 'Springenberg, Dosovitskiy, Brox, Riedmiller',
    year: 2014,
    title: 'Striving for Simplicity: The All Convolutional Net',
    url: 'https://arxiv.org/abs/1412.6806',
  },
  options: schema({}),
  needs: { baseline: false, layer: false, seed: false },
  signed: true,
  unavailable: (model) => needsRelu(model) ?? missingRules(model, guidedRules),
  graph: (g, site) => flowOf(g, site, guidedRules),
  async explain(question) {
    const { gradient, value, passes } = await gradientOf(question, guidedRules);
    return { scores: gradient, value, passes };
  },
});
