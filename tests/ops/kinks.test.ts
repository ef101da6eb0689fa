/** The sum of DeepLIFT's multipliers across a kink, however close the two points lie to it. */
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete } from '../../src/lib/autodiff/rule-sets.ts';
import { Value, type Attributes } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { evaluateInFloat32 } from '../reference/float32.ts';
import { ref } from '../reference/tensor.ts';
import { floats } from './case.ts';

const g = new Builder();
/** Of the sizes around 1 that the points and outputs have. */
const ROUNDING = 1e-9;

const kinked: readonly [op: string, at: number, others: readonly (Value | null)[], attrs: Attributes][] = [
  ['Relu', 0, [], {}],
  ['LeakyRelu', 0, [], { alpha: 0.25 }],
  ['PRelu', 0, [floats([1], [-0.5])], {}],
  ['Abs', 0, [], {}],
  ['Clip', 6, [floats([], [0]), floats([], [6])], {}],
  ['HardSigmoid', 2.5, [], { alpha: 0.2, beta: 0.5 }],
  ['ThresholdedRelu', 1, [], { alpha: 1 }],
];

/** m·Δx and Δy for points on both sides of the kink, in float32. */
function across(
  op: string,
  at: number,
  others: readonly (Value | null)[],
  attrs: Attributes,
  gap: number,
): [number, number] {
  const [x, twin] = [new Value('float32', [1], { name: 'x' }), new Value('float32', [1], { name: 'x′' })];
  const y = g.apply(op, [x, ...others], attrs);
  const reference = cloneBetween(new Map([[x, twin]]), [y]);
  const [m] = backward(g, deepliftComplete, { y, seed: floats([1], [1]), xs: [x], reference });
  const [p, q] = [Math.fround(at + gap), Math.fround(at - 3 * gap)];
  const feeds = new Map([
    [x, ref('float32', [1], [p])],
    [twin, ref('float32', [1], [q])],
  ]);
  const [multiplier, now, then] = evaluateInFloat32([m, y, reference(y)], feeds).map((t) => t.data[0]);
  return [multiplier * (p - q), now - then];
}

describe.each(kinked)('%s', (op, at, others, attrs) => {
  it.each([0.1, 1e-3, 3e-5, 2e-6])('sums to the change of the output %f from its kink', (gap) => {
    const [score, change] = across(op, at, others, attrs, gap);
    expect(Math.abs(score - change)).toBeLessThanOrEqual(1e-6 * Math.abs(change) + ROUNDING);
  });
});
