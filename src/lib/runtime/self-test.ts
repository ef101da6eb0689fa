/**
 * @file The gradient of a tiny network, known beforehand: a device that computes another one is not used. On one phone
 * every gradient was zero and nothing complained (tfjs #8590). The backward nodes are written by hand, so that this
 * tests the device and not our rules.
 */
import { N } from '../graph/dim.ts';
import { Value, VITRINE, type Graph } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { float32, sizeOf, type FloatTensor } from '../tensor/tensor.ts';
import type { Runtime } from './runtime.ts';

const INPUT = [1, 2, 12, 12];

/** Numbers without a pattern and without a random generator. */
const wave = (shape: readonly number[], step: number, size = 1): FloatTensor =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => size * Math.sin(step * (i + 1) ** 1.5)),
  );

/** Strided convolution, ReLU, overlapping max pooling, a dense layer and softmax; F is the second probability. */
export function selfTestGraph(): Graph {
  const g = new Builder();
  const x = new Value('float32', [N, ...INPUT.slice(1)], { name: 'x' });
  const [kernel, dense] = [g.constant(wave([3, 2, 3, 3], 0.7, 0.5)), g.constant(wave([27, 4], 0.9, 0.3))];
  const strided = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  const features = g.relu(g.apply('Conv', [x, kernel, g.constant(wave([3], 1.1, 0.1))], strided));
  const pooled = g.apply('MaxPool', [features], strided);
  const p = g.softmax(g.apply('Gemm', [g.reshape(pooled, [N, 27]), dense, g.constant(wave([4], 0.3))]), -1);
  const chosen = g.constant(float32([1, 4], [0, 1, 0, 0]));
  const dLogits = g.mul(g.reduceSum(g.mul(p, chosen), [1]), g.sub(chosen, p));
  const dPooled = g.reshape(g.matmul(dLogits, g.transpose(dense)), pooled.shape);
  const dFeatures = g.apply('MaxPoolGrad', [features, dPooled], strided, { domain: VITRINE });
  const masked = g.where(g.greater(features, 0), dFeatures, 0);
  const dx = g.apply('ConvTranspose', [masked, kernel], { ...strided, output_padding: [1, 1] });
  return { name: 'self-test', inputs: [x], outputs: [p, dx] };
}

export const selfTestInput = (): FloatTensor => wave(INPUT, 0.37);

/** The probabilities, and ∂F/∂x summed against six fixed patterns: every element has a part in each sum. */
export function summarize(p: ArrayLike<number>, dx: ArrayLike<number>): number[] {
  const against = (step: number) => Array.from(dx).reduce((sum, v, i) => sum + v * Math.cos(step * i), 0);
  return [...Array.from(p), ...[0, 0.1, 0.5, 1, 2, 3].map(against)];
}

/** `summarize` of the true values, computed in float64. */
export const EXPECTED: readonly number[] = [
  0.3694366292, 0.207993246, 0.08410547406, 0.3384646507, -0.3897559425, 0.06114125093, 0.4489049369, -0.2569095084,
  0.2103173029, -0.1429431089,
];

/** Absolute, on numbers of size 0.01 to 1: float32 on any device stays well below. */
const TOLERANCE = 1e-4;

/** null when the device computes the right gradient; otherwise one sentence that says what it did. */
export async function selfTest(runtime: Runtime): Promise<string | null> {
  const program = await runtime.compile(selfTestGraph());
  try {
    const results = await program.run([selfTestInput()]);
    const [p, dx] = await Promise.all(results.map((r) => r.read()));
    results.forEach((r) => r.dispose());
    const got = summarize(p.data as Float32Array, dx.data as Float32Array);
    const wrong = got.findIndex((v, i) => !(Math.abs(v - EXPECTED[i]) <= TOLERANCE));
    return wrong < 0
      ? null
      : `its self-test gave ${got[wrong].toPrecision(4)} where ${EXPECTED[wrong].toPrecision(4)} is right`;
  } finally {
    await program.dispose();
  }
}
