import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete, gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value, type Attributes } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { evaluateInFloat32 } from '../reference/float32.ts';
import { ref } from '../reference/tensor.ts';
import { floats, weight } from './case.ts';

const g = new Builder();
const SHAPE = [1, 2, 3];
const perChannel = [floats([2], [1, 2]), floats([2], [0, 1])];

const normalizations: Record<string, [op: string, weights: readonly Value[], attrs: Attributes]> = {
  InstanceNormalization: ['InstanceNormalization', perChannel, {}],
  GroupNormalization: ['GroupNormalization', perChannel, { num_groups: 1 }],
  LayerNormalization: ['LayerNormalization', [floats([3], [1, 2, 3])], {}],
  RMSNormalization: ['RMSNormalization', [floats([3], [1, 2, 3])], {}],
  MeanVarianceNormalization: ['MeanVarianceNormalization', [], { axes: [2] }],
  'LpNormalization, p = 1': ['LpNormalization', [], { p: 1 }],
  'LpNormalization, p = 2': ['LpNormalization', [], { p: 2 }],
  LRN: ['LRN', [], { size: 3 }],
};

const rows = {
  zeros: [0, 0, 0, 0, 0, 0],
  constants: [7, 7, 7, -3, -3, -3],
  'large values': [3e4, -1e4, 2e4, 1, -3e4, 5e3],
  'one value a hair from the others': [1, 1, 1.0000001, 2, 2, 2],
  ordinary: [0.5, -1, 2, 0.25, 3, -0.75],
};

describe.each(Object.entries(normalizations))('%s', (_, [op, weights, attrs]) => {
  const x = new Value('float32', SHAPE, { name: 'x' });
  const twin = new Value('float32', SHAPE, { name: 'x′' });
  const y = g.apply(op, [x, ...weights], attrs);
  const seed = floats(SHAPE, [1, -2, 0.5, 3, 1, -1]);
  const feed = (values: readonly number[]) => ref('float32', SHAPE, values);

  it.each(Object.entries(rows))('has a finite gradient in float32 on %s', (__, values) => {
    const [dx] = backward(g, gradient, { y, seed, xs: [x] });
    expect(evaluateInFloat32([dx], new Map([[x, feed(values)]]))[0].data.every(Number.isFinite)).toBe(true);
  });

  const pairs = Object.keys(rows).flatMap((a) =>
    Object.keys(rows).map((b) => [a, b] as [keyof typeof rows, keyof typeof rows]),
  );
  it.each(pairs)('has finite multipliers in float32 from %s to %s', (a, b) => {
    const reference = cloneBetween(new Map([[x, twin]]), [y]);
    const [m] = backward(g, deepliftComplete, { y, seed, xs: [x], reference });
    const feeds = new Map([
      [x, feed(rows[a])],
      [twin, feed(rows[b])],
    ]);
    expect(evaluateInFloat32([m], feeds)[0].data.every(Number.isFinite)).toBe(true);
  });
});

describe('normalisations', () => {
  const x = new Value('float32', [N, 4, 2], { name: 'x' });
  it('refuse statistics over the batch', () => {
    expect(() => g.apply('MeanVarianceNormalization', [x], { axes: [0] })).toThrow('would mix examples');
    expect(() => g.apply('LayerNormalization', [x, weight([1])], { axis: 0 })).toThrow('would mix examples');
    expect(() => g.apply('LpNormalization', [x], { axis: 0 })).toThrow('would mix examples');
  });
  it('refuse a BatchNormalization that still trains', () => {
    const four = [1, 2, 3, 4].map(() => weight([4]));
    expect(() => g.apply('BatchNormalization', [x, ...four], { training_mode: 1 })).toThrow(
      'Export the model in evaluation mode',
    );
  });
  it('name the channels that disagree', () => {
    expect(() => g.apply('InstanceNormalization', [x, weight([3]), weight([4])])).toThrow(
      'scale has shape [3], the input has 4 channels',
    );
  });
  it('refuse groups that do not divide the channels', () => {
    expect(() => g.apply('GroupNormalization', [x, weight([4]), weight([4])], { num_groups: 3 })).toThrow(
      'num_groups 3 does not divide 4 channels',
    );
  });
  it('refuse an LRN without a channel in the middle', () => {
    expect(() => g.apply('LRN', [x], { size: 4 })).toThrow('size is 4');
  });
});
