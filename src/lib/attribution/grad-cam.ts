import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { camBy, noLayer, onlyPositive, weighted, type Cam } from './cam.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/** Σₖ wₖ Aₖ, w the mean gradient of a channel. */
export const gradCamOf = (g: Builder, cam: Cam): Value => weighted(g, cam, g.reduceMean(cam.gradient, cam.positions));

/**
 * Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391). With A the layer's activation, k its channels:
 *
 *     score = ReLU(Σₖ wₖ Aₖ),    wₖ = mean over positions of ∂F/∂Aₖ
 *
 * In a transformer the positions are the tokens that lie on the grid of patches; class tokens are left out.
 */
export const gradCam = defineMethod({
  id: 'grad-cam',
  title: 'Grad-CAM',
  family: 'cam',
  description: 'Which places of a layer speak for the score: its channels, weighted by their mean gradient.',
  citation: {
    authors: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra',
    year: 2017,
    title: 'Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization',
    url: 'https://arxiv.org/abs/1610.02391',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  ...camBy('grad-cam', gradCamOf),
});
