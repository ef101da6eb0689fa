import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { noLayer, onlyPositive } from './cam.ts';
import { explainEigen, FINDS_A_DIRECTION } from './eigen.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema } from './options.ts';

/**
 * Eigen-Grad-CAM (Gildenblat et al. 2021, the library pytorch-grad-cam; no paper): Eigen-CAM of A ⊙ ∂F/∂A in place of A.
 */
export const eigenGradCam = defineMethod({
  id: 'eigengradcam',
  title: 'Eigen-Grad-CAM',
  family: 'cam',
  description: 'Eigen-CAM of activation times gradient, which is of the class.',
  citation: {
    authors: 'Gildenblat',
    year: 2021,
    title: 'PyTorch library for CAM methods',
    url: 'https://github.com/jacobgil/pytorch-grad-cam',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  graph: FINDS_A_DIRECTION,
  explain: (question, { relu }) => explainEigen(question, 'activation-x-gradient', relu),
});
