import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { evaluateInFloat32 } from '../reference/float32.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref, type RefTensor } from '../reference/tensor.ts';

const g = new Builder();

/** DeepLIFT's multipliers of a softmax over one row. */
function multipliers(
  row: readonly number[],
  reference: readonly number[],
  weights: readonly number[],
  run = evaluate,
): number[] {
  const [x, twin, seed] = ['x', 'x′', 'seed'].map((name) => new Value('float32', [1, row.length], { name }));
  const y = g.softmax(x, -1);
  const [m] = backward(g, deepliftComplete, { y, seed, xs: [x], reference: cloneBetween(new Map([[x, twin]]), [y]) });
  const feed = (v: Value, values: readonly number[]): [Value, RefTensor] => [
    v,
    ref('float32', [1, row.length], values),
  ];
  return Array.from(run([m], new Map([feed(x, row), feed(twin, reference), feed(seed, weights)]))[0].data);
}

const softmax = (row: readonly number[]): number[] => {
  const top = Math.max(...row);
  const total = row.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return row.map((v) => Math.exp(v - top) / total);
};

/** Integrated Gradients of ⟨weights, softmax⟩ by the midpoint rule with very many points. */
function integratedGradients(
  row: readonly number[],
  reference: readonly number[],
  weights: readonly number[],
  points = 20000,
): number[] {
  const sums = row.map(() => 0);
  for (let q = 0; q < points; q++) {
    const s = softmax(row.map((v, i) => reference[i] + ((q + 0.5) / points) * (v - reference[i])));
    const mean = s.reduce((sum, v, i) => sum + v * weights[i], 0);
    s.forEach((v, i) => (sums[i] += (v * (weights[i] - mean)) / points));
  }
  return sums;
}

describe('DeepLIFT of Softmax', () => {
  const [row, near, weights] = [
    [0.3, -1.2, 2, 0.7],
    [-0.5, 0.4, 1.1, 1.6],
    [1, -2, 0.5, 3],
  ];

  it('is Integrated Gradients of the operator', () => {
    const truth = integratedGradients(row, near, weights);
    multipliers(row, near, weights).forEach((m, i) => expect(m).toBeCloseTo(truth[i], 8));
  });
  it('stays close to Integrated Gradients when x and x′ are far apart', () => {
    const [x, far] = [row.map((v) => 4 * v), near.map((v) => -4 * v)];
    const truth = integratedGradients(x, far, weights);
    multipliers(x, far, weights).forEach((m, i) => expect(m).toBeCloseTo(truth[i], 1));
  });
  it('gives nothing to a shift of the whole row', () => {
    const m = multipliers(
      row.map((v) => 5 * v),
      near.map((v) => -5 * v),
      weights,
    );
    expect(m.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
  });
  it('is zero where the row does not change but by a shift', () => {
    const moved = multipliers(
      row,
      row.map((v) => v + 3),
      weights,
    ).reduce((sum, m) => sum + 3 * m, 0);
    expect(moved).toBeCloseTo(0, 12);
  });
  it.each([
    ['masked by −∞', [-Infinity, 1, 2, -Infinity], [-Infinity, 3, -1, -Infinity]],
    ['masked by the smallest float32', [-3.4028234663852886e38, 1, 2, 0], [-3.4028234663852886e38, -2, 0.5, 1]],
    ['masked on one side only', [-3.4028234663852886e38, 1, 2, 0], [4, -2, 0.5, 1]],
    ['saturated', [80, -90, 3, 0], [-85, 88, 2, 1]],
    ['equal', [1, 2, 3, 4], [1, 2, 3, 4]],
    ['a hair apart', [1, 2, 3, 4], [1, 2, 3, 4.0000005]],
  ])('is finite in float32 for rows that are %s', (_, x, reference) => {
    expect(multipliers(x, reference, weights, evaluateInFloat32).every(Number.isFinite)).toBe(true);
  });
  it('sums to the change of the output in float32 for a row that saturates', () => {
    const [x, far] = [
      [80, -90, 3, 0],
      [-85, 88, 2, 1],
    ];
    const change = softmax(x).reduce((sum, s, i) => sum + weights[i] * (s - softmax(far)[i]), 0);
    const sum = multipliers(x, far, weights, evaluateInFloat32).reduce((total, m, i) => total + m * (x[i] - far[i]), 0);
    expect(sum).toBeCloseTo(change, 4);
  });
});

it('refuses to compare examples', () => {
  expect(() => g.softmax(new Value('float32', [N, 3]), 0)).toThrow('would mix examples');
});
