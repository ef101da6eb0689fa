/** @file Maps by the first principal component of a layer: Eigen-CAM and Eigen-Grad-CAM. */
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Value } from '../graph/graph.ts';
import { mul } from '../tensor/arithmetic.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { mapsOf, requireLayout } from './cam.ts';
import { gradientOf } from './gradient.ts';
import { activationOf } from './part.ts';
import { firstSingularVector } from './principal.ts';
import { values } from './program.ts';
import type { Explanation, Question } from './types.ts';

/** Why these are no graph. */
export const FINDS_A_DIRECTION =
  'Its principal direction is found by steps that go on until they have settled, outside the model.';

/** Whose first component it is: the activation, or activation times gradient. */
export type Components = 'activation' | 'activation-x-gradient';

/**
 * The layer's vectors at its positions, centred, projected on their first principal direction. The sign of a principal
 * direction is arbitrary: here the projection of the largest size is positive.
 */
export async function explainEigen(question: Question, of: Components, relu: boolean): Promise<Explanation> {
  const layer = question.layer!;
  const layout = requireLayout(question, layer);
  const [value] = await values(question, [question.x]);
  const vectors = await (of === 'activation' ? activationOf(question, layer) : productOf(question, layer));
  question.onProgress?.({ done: 1, total: 1 });
  const projected = firstComponent(mapsOf(vectors, layout));
  const scores = relu ? projected.map((v) => Math.max(v, 0)) : projected;
  return { scores: float32([1, 1, layout.height, layout.width], scores), value, passes: of === 'activation' ? 2 : 4 };
}

/** A ⊙ ∂F/∂A, of the layer's shape. */
async function productOf(question: Question, layer: Value): Promise<FloatTensor> {
  const { gradient } = await gradientOf(question, gradientRules, layer);
  return mul(gradient, await activationOf(question, layer));
}

/** Of [1, channels, height, width] a number for each position. */
function firstComponent({ shape, data }: FloatTensor): Float64Array {
  const channels = shape[1];
  const positions = data.length / channels;
  const centred = new Float64Array(data.length);
  for (let k = 0; k < channels; k++) {
    let mean = 0;
    for (let p = 0; p < positions; p++) mean += data[k * positions + p] / positions;
    for (let p = 0; p < positions; p++) centred[p * channels + k] = data[k * positions + p] - mean;
  }
  const direction = firstSingularVector(centred, positions, channels);
  const projected = Float64Array.from({ length: positions }, (_, p) => {
    let total = 0;
    for (let k = 0; k < channels; k++) total += centred[p * channels + k] * direction[k];
    return total;
  });
  const largest = projected.reduce((best, v) => (Math.abs(v) > Math.abs(best) ? v : best), 0);
  return largest < 0 ? projected.map((v) => -v) : projected;
}
