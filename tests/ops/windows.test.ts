import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';
import { weight } from './case.ts';

const g = new Builder();
const image = (...shape: readonly (number | typeof N)[]) => new Value('float32', shape, { name: 'x' });

describe('windows', () => {
  it('names both channel counts that disagree', () => {
    expect(() => g.apply('Conv', [image(N, 4, 8, 8), weight([2, 3, 3, 3])], {}, { name: 'stem' })).toThrow(
      'Conv (node "stem"): input has 4 channels, the weights expect 3.',
    );
  });
  it('refuses a kernel larger than the padded input', () => {
    expect(() => g.apply('MaxPool', [image(N, 1, 2, 4)], { kernel_shape: [3, 3], pads: [0, 1, 0, 1] })).toThrow(
      'a window of 3 does not fit into 2 + 0 + 0',
    );
  });
  it('refuses pooling over the batch axis', () => {
    expect(() => g.apply('AveragePool', [image(1, 1, N, 4)], { kernel_shape: [1, 1] })).toThrow('would mix examples');
    expect(() => g.apply('GlobalAveragePool', [image(1, 1, N)])).toThrow('would mix examples');
  });
  it('refuses a kernel_shape that the weights do not have', () => {
    expect(() => g.apply('Conv', [image(N, 3, 8, 8), weight([2, 3, 3, 3])], { kernel_shape: [1, 1] })).toThrow(
      'kernel_shape is [1,1], the weights have [3,3]',
    );
  });
  it('refuses groups that do not divide the channels', () => {
    expect(() => g.apply('Conv', [image(N, 6, 4, 4), weight([4, 2, 1, 1])], { group: 3 })).toThrow(
      '3 groups do not divide 6 input and 4 output channels',
    );
  });
});

describe('ceil_mode', () => {
  it('makes no window that would start in the padding after the input', () => {
    const pooled = g.apply('AveragePool', [image(N, 1, 5)], {
      kernel_shape: [2],
      strides: [2],
      ceil_mode: 1,
      pads: [1, 1],
    });
    expect(pooled.shape).toEqual([N, 1, 3]);
  });
});

describe('ConvTranspose', () => {
  it('refuses room for another window', () => {
    const [x, w] = [image(N, 1, 3), weight([1, 1, 3])];
    expect(() => g.apply('ConvTranspose', [x, w], { strides: [2], output_shape: [9] })).toThrow(
      'does not fit input [3]',
    );
    expect(() => g.apply('ConvTranspose', [x, w], { output_padding: [1] })).toThrow('with output_padding [1]');
  });
});

describe('the maximum of equal elements', () => {
  const dy = new Value('float32', [1, 1, 1, 3]);
  const tied = ref('float32', [1, 1, 1, 4], [1, 1, 1, 1]);
  const feeds = (x: Value) =>
    new Map([
      [x, tied],
      [dy, ref('float32', [1, 1, 1, 3], [1, 10, 100])],
    ]);

  it('is the first one of each window', () => {
    const x = image(1, 1, 1, 4);
    const dx = g.apply('MaxPoolGrad', [x, dy], { kernel_shape: [1, 2] }, { domain: 'vitrine' });
    expect(Array.from(evaluate([dx], feeds(x))[0].data)).toEqual([1, 10, 100, 0]);
  });
  it('is added up where windows overlap', () => {
    const x = image(1, 1, 1, 4);
    const dx = g.apply('MaxPoolGrad', [x, dy], { kernel_shape: [1, 3], pads: [0, 1, 0, 0] }, { domain: 'vitrine' });
    expect(Array.from(evaluate([dx], feeds(x))[0].data)).toEqual([11, 100, 0, 0]);
  });
});
