import { noLayer, onlyPositive } from './cam.ts';
import { explainEigen, FINDS_A_DIRECTION } from './eigen.ts';
import { defineMethod } from './method.ts';
import { schema } from './options.ts';

/**
 * Eigen-CAM (Muhammad & Yeasin 2020, arXiv:2008.00299): the layer's vectors at its positions, centred, projected on their
 * first principal direction. It knows no class: the target changes nothing but F(x).
 */
export const eigenCam = defineMethod({
  id: 'eigencam',
  title: 'Eigen-CAM',
  family: 'cam',
  description: 'Where a layer varies most over the image, whatever the class.',
  citation: {
    authors: 'Muhammad, Yeasin',
    year: 2020,
    title: 'Eigen-CAM: Class Activation Map using Principal Components',
    url: 'https://arxiv.org/abs/2008.00299',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: noLayer,
  graph: FINDS_A_DIRECTION,
  explain: (question, { relu }) => explainEigen(question, 'activation', relu),
});
