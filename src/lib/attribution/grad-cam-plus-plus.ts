import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { camBy, noLayer, onlyPositive, weighted } from './cam.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/**
 * Grad-CAM++ (Chattopadhyay et al. 2017, arXiv:1710.11063). With g = ∂F/∂A:
 *
 *     score = ReLU(Σₖ wₖ Aₖ),    wₖ = Σₚ αₖ(p) · ReLU(gₖ(p)),    αₖ = gₖ² / (2 gₖ² + gₖ³ Σₚ Aₖ)
 *
 * The paper explains exp(F), whose higher derivatives are the powers of g. Divided by g², α is 1 / (2 + gₖ Σₚ Aₖ), which is how
 * it is computed: where g is 0, its weight is 0 whatever α.
 */
export const gradCamPlusPlus = defineMethod({
  id: 'grad-cam-plus-plus',
  title: 'Grad-CAM++',
  family: 'cam',
  description: 'Grad-CAM with each place of a channel weighted so that several objects of a class count alike.',
  citation: {
    authors: 'Chattopadhyay, Sarkar, Howlader, Balasubramanian',
    year: 2017,
    title: 'Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks',
    url: 'https://arxiv.org/abs/1710.11063',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  ...camBy('grad-cam-plus-plus', (g, cam) => {
    const { activation, gradient, positions } = cam;
    const below = g.add(2, g.mul(gradient, g.reduceSum(activation, positions)));
    const alpha = g.where(g.equal(below, 0), 0, g.div(1, g.where(g.equal(below, 0), 1, below)));
    return weighted(g, cam, g.reduceSum(g.mul(alpha, g.relu(gradient)), positions));
  }),
});
