import { deconvolution as deconvolutionRules } from '../autodiff/rule-sets.ts';
import { flowOf, gradientOf } from './gradient.ts';
import { needsRelu } from './guided-backpropagation.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/**
 * Deconvolution (Zeiler & Fergus 2014, arXiv:1311.2901): the gradient, except that a ReLU passes positive gradients
 * whatever its input was,
 *
 *     R(x) = max(R(y), 0)
 */
export const deconvolution = defineMethod({
  id: 'deconvolution',
  title: 'Deconvolution',
  family: 'gradient',
  description: 'The gradient with each ReLU applied to what flows back instead of to what flowed forward.',
  citation: {
    authors: 'Zeiler, Fergus',
    year: 2014,
    title: 'Visualizing and Understanding Convolutional Networks',
    url: 'https://arxiv.org/abs/1311.2901',
  },
  options: schema({}),
  needs: { baseline: false, layer: false, seed: false },
  signed: true,
  unavailable: (model) => needsRelu(model) ?? missingRules(model, deconvolutionRules),
  graph: (g, site) => flowOf(g, site, deconvolutionRules),
  async explain(question) {
    const { gradient, value, passes } = await gradientOf(question, deconvolutionRules);
    return { scores: gradient, value, passes };
  },
});
