/** @file Maps by the first principal component of a layer: Eigen-CAM and Eigen-Grad-CAM. */
import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { Builder } from '../ops/builder.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { camOf, requireLayout } from './cam.ts';
import { firstSingularVector } from './principal.ts';
import { graphInput, keyOf, runOnce, values } from './program.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { Explanation, Question } from './types.ts';

/** Whose first component it is: the activation, or activation times gradient. */
export type Components = 'activation' | 'activation-x-gradient';

/**
 * The layer's vectors at its positions, centred, projected on their first principal direction. The sign of a principal
 * direction is arbitrary: here the projection of the largest size is positive.
 */
export async function explainEigen(question: Question, of: Components, relu: boolean): Promise<Explanation> {
  const { model, engine, target, x } = question;
  const layer = question.layer!;
  const layout = requireLayout(question, layer);
  const build = () => {
    const g = new Builder();
    const y = outputOf(model, target);
    const seed = graphInput('seed', y.shape);
    const [gradient] = backward(g, gradientRules, { y, seed, xs: [layer] });
    const cam = camOf(g, layer, gradient, layout);
    const product = of === 'activation' ? cam.activation : g.mul(cam.activation, cam.gradient);
    const toEnd = [0, ...cam.positions, cam.channels];
    return { name: 'eigen-cam', inputs: [model.input, seed], outputs: [g.transpose(product, toEnd)] };
  };
  const key = `eigen-cam/${of}/${headOf(target)}/${keyOf(layer)}`;
  const program = await engine.program(key, build, { batch: 1 });
  const [vectors] = await runOnce(question, program, [x, seedOf(question)]);
  const [value] = await values(question, [x]);
  question.onProgress?.({ done: 1, total: 1 });
  const projected = firstComponent(vectors);
  const scores = relu ? projected.map((v) => Math.max(v, 0)) : projected;
  return { scores: float32([1, 1, layout.height, layout.width], scores), value, passes: 2 };
}

/** [1, …positions, channels] → a number for each position. */
function firstComponent({ shape, data }: FloatTensor): Float64Array {
  const channels = shape.at(-1)!;
  const positions = data.length / channels;
  const centred = Float64Array.from(data);
  for (let k = 0; k < channels; k++) {
    let mean = 0;
    for (let p = 0; p < positions; p++) mean += centred[p * channels + k] / positions;
    for (let p = 0; p < positions; p++) centred[p * channels + k] -= mean;
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
