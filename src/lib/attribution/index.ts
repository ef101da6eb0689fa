/** @file The registry: every method, in the order in which a form offers them: those of a family follow each other. A new method adds one line here. */
import { ablationCam } from './ablation-cam.ts';
import { eigenCam } from './eigen-cam.ts';
import { eigenGradCam } from './eigen-grad-cam.ts';
import { fullGrad } from './full-grad.ts';
import { gradCamPlusPlus } from './grad-cam-plus-plus.ts';
import { hiResCam } from './hires-cam.ts';
import { layerCam } from './layer-cam.ts';
import { scoreCam } from './score-cam.ts';
import { xGradCam } from './xgrad-cam.ts';
import { blurIntegratedGradients } from './blur-integrated-gradients.ts';
import { boundedIntegratedGradients } from './bounded-integrated-gradients.ts';
import { deconvolution } from './deconvolution.ts';
import { deepLift } from './deeplift.ts';
import { deepLiftShap } from './deeplift-shap.ts';
import { expectedGradients } from './expected-gradients.ts';
import { gradientShap } from './gradient-shap.ts';
import { internalInfluence } from './internal-influence.ts';
import { layerActivation } from './layer-activation.ts';
import { layerConductance } from './layer-conductance.ts';
import { noiseTunnelOver } from './noise-tunnel.ts';
import { featureAblation } from './feature-ablation.ts';
import { featurePermutation } from './feature-permutation.ts';
import { shapleyValueSampling, shapleyValues } from './shapley.ts';
import { kernelShap, lime } from './surrogate.ts';
import { gradCam } from './grad-cam.ts';
import { guidedBackpropagation } from './guided-backpropagation.ts';
import { guidedGradCam } from './guided-grad-cam.ts';
import { guidedIntegratedGradients } from './guided-integrated-gradients.ts';
import { inputXGradient } from './input-x-gradient.ts';
import { integratedGradients } from './integrated-gradients.ts';
import type { Method } from './method.ts';
import { lrp } from './lrp.ts';
import { neuronConductance } from './neuron-conductance.ts';
import { occlusion } from './occlusion.ts';
import { rise } from './rise.ts';
import { saliency } from './saliency.ts';
import { smoothGrad } from './smoothgrad.ts';
import { xrai } from './xrai.ts';

export type { Method } from './method.ts';

/** What the noise tunnel can average: it asks for no layer and draws nothing of its own. */
const deterministic = [integratedGradients, deepLift, saliency, inputXGradient, guidedBackpropagation, deconvolution];

export const methods: readonly Method[] = [
  integratedGradients,
  deepLift,
  boundedIntegratedGradients,
  guidedIntegratedGradients,
  blurIntegratedGradients,
  xrai,
  expectedGradients,
  gradientShap,
  deepLiftShap,
  gradCam,
  gradCamPlusPlus,
  hiResCam,
  layerCam,
  xGradCam,
  eigenCam,
  eigenGradCam,
  scoreCam,
  ablationCam,
  fullGrad,
  guidedGradCam,
  saliency,
  smoothGrad,
  noiseTunnelOver(deterministic),
  inputXGradient,
  guidedBackpropagation,
  deconvolution,
  lrp,
  occlusion,
  rise,
  featureAblation,
  featurePermutation,
  shapleyValueSampling,
  shapleyValues,
  kernelShap,
  lime,
  layerActivation,
  layerConductance,
  neuronConductance,
  internalInfluence,
];

/** The method called `id`. Throws a RangeError naming those that exist. */
export function findMethod(id: string): Method {
  const method = methods.find((m) => m.id === id);
  if (!method) throw new RangeError(`Unknown method "${id}". Known: ${methods.map((m) => m.id).join(', ')}.`);
  return method;
}
