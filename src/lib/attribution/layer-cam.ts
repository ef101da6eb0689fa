import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { camBy, noLayer, onlyPositive, weighted } from './cam.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/**
 * LayerCAM (Jiang et al. 2021, IEEE TIP 30, doi:10.1109/TIP.2021.3089943). With g = ∂F/∂A:
 *
 *     score(p) = ReLU(Σₖ ReLU(gₖ(p)) · Aₖ(p))
 */
export const layerCam = defineMethod({
  id: 'layercam',
  title: 'LayerCAM',
  family: 'cam',
  description: 'Each place of a layer weighted by its own positive gradient: finer maps, of early layers too.',
  citation: {
    authors: 'Jiang, Zhang, Hou, Cheng, Wei',
    year: 2021,
    title: 'LayerCAM: Exploring Hierarchical Class Activation Maps for Localization',
    url: 'https://doi.org/10.1109/TIP.2021.3089943',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  ...camBy('layercam', (g, cam) => weighted(g, cam, g.relu(cam.gradient))),
});
