import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { camBy, noLayer, onlyPositive, weighted } from './cam.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/**
 * HiResCAM (Draelos & Carin 2020, arXiv:2011.08891). With A the layer's activation, k its channels, p its positions:
 *
 *     score(p) = Σₖ ∂F/∂Aₖ(p) · Aₖ(p)
 *
 * Unlike Grad-CAM's mean gradient it moves no evidence from one place to another. Its negative places are dropped by
 * `relu` as those of its relatives are; the paper's own map is the one without.
 */
export const hiResCam = defineMethod({
  id: 'hirescam',
  title: 'HiResCAM',
  family: 'cam',
  description:
    'Which places of a layer the score comes from: activation times gradient at each place, summed over channels.',
  citation: {
    authors: 'Draelos, Carin',
    year: 2020,
    title: 'Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks',
    url: 'https://arxiv.org/abs/2011.08891',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  ...camBy('hirescam', (g, cam) => weighted(g, cam, cam.gradient)),
});
