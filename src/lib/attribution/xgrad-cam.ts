import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { camBy, noLayer, onlyPositive, weighted } from './cam.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/** A sum of activations that nothing is divided by. */
const NOTHING = 1e-7;

/**
 * XGrad-CAM (Fu et al. 2020, arXiv:2008.02312). With g = ∂F/∂A:
 *
 *     score = ReLU(Σₖ wₖ Aₖ),    wₖ = Σₚ gₖ(p) Aₖ(p) / Σₚ Aₖ(p)
 *
 * A channel whose activations sum to nothing has the weight 0.
 */
export const xGradCam = defineMethod({
  id: 'xgrad-cam',
  title: 'XGrad-CAM',
  family: 'cam',
  description: 'Grad-CAM with the gradient of a channel averaged where the channel is active.',
  citation: {
    authors: 'Fu, Hu, Dong, Guo, Gao, Li',
    year: 2020,
    title: 'Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs',
    url: 'https://arxiv.org/abs/2008.02312',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  ...camBy('xgrad-cam', (g, cam) => {
    const { activation, gradient, positions } = cam;
    const total = g.reduceSum(activation, positions);
    const none = g.less(g.abs(total), NOTHING);
    const share = g.div(g.reduceSum(g.mul(gradient, activation), positions), g.where(none, 1, total));
    return weighted(g, cam, g.where(none, 0, share));
  }),
});
