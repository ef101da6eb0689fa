import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, VITRINE, type Attributes } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { expectSameAfterLowering, operatorCounts } from './agreement.ts';
import { graphOf, input } from './graphs.ts';

const windows: readonly { title: string; spatial: readonly number[]; attrs: Attributes }[] = [
  { title: 'disjoint windows', spatial: [6, 8], attrs: { kernel_shape: [2, 2], strides: [2, 2] } },
  {
    title: 'overlapping, padded windows',
    spatial: [7, 9],
    attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  { title: 'stride 1', spatial: [5, 6], attrs: { kernel_shape: [3, 2] } },
  { title: 'stride above the kernel', spatial: [9, 10], attrs: { kernel_shape: [2, 2], strides: [3, 4] } },
  { title: 'unequal pads', spatial: [6, 6], attrs: { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 0, 2, 1] } },
  { title: 'dilated windows', spatial: [9, 11], attrs: { kernel_shape: [3, 2], strides: [2, 3], dilations: [2, 4] } },
  { title: 'ceil_mode', spatial: [7, 8], attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  {
    title: 'ceil_mode whose last window would start in the padding',
    spatial: [5, 5],
    attrs: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
  },
  { title: 'SAME_UPPER', spatial: [7, 6], attrs: { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  { title: 'SAME_LOWER', spatial: [7, 6], attrs: { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'SAME_LOWER' } },
  { title: 'one axis', spatial: [11], attrs: { kernel_shape: [4], strides: [3], pads: [1, 2] } },
  {
    title: 'three axes',
    spatial: [4, 5, 6],
    attrs: { kernel_shape: [2, 3, 2], strides: [2, 1, 2], pads: [0, 1, 0, 0, 1, 0] },
  },
  { title: 'an axis that is not pooled', spatial: [5, 6], attrs: { kernel_shape: [1, 3], strides: [1, 2] } },
  { title: 'subsampling without a window', spatial: [5, 6], attrs: { kernel_shape: [1, 1], strides: [2, 3] } },
];

function poolingWithGradient(spatial: readonly number[], attrs: Attributes) {
  const g = new Builder();
  const x = input([N, 2, ...spatial]);
  const y = g.apply('MaxPool', [x], attrs);
  const dy = input(y.shape, 'dy');
  return graphOf([x, dy], [y, g.apply('MaxPoolGrad', [x, dy], attrs, { domain: VITRINE })]);
}

describe.each(['wasm', 'webgpu', 'tfjs-host', 'tfjs-gpu'] as const)('MaxPoolGrad lowered for %s', (device) => {
  it.each(windows)('routes to the first maximum: $title', ({ spatial, attrs }) => {
    expectSameAfterLowering(poolingWithGradient(spatial, attrs), device);
  });
});

describe('the poolings that remain', () => {
  const { spatial, attrs } = windows[6];

  it('are one on WASM: forward and gradient share it', () => {
    const counts = operatorCounts(
      topologicalOrder(expectSameAfterLowering(poolingWithGradient(spatial, attrs), 'wasm').outputs),
    );
    expect(counts).toMatchObject({ MaxPool: 1, ScatterElements: 1 });
  });

  it('have one output each on WebGPU, and no scatter', () => {
    const nodes = topologicalOrder(expectSameAfterLowering(poolingWithGradient(spatial, attrs), 'webgpu').outputs);
    expect(nodes.filter((node) => node.op === 'MaxPool').map((node) => node.outputs.length)).toEqual([1, 1]);
    expect(nodes.some((node) => node.op.startsWith('Scatter'))).toBe(false);
  });

  it('keep a file’s own indices', () => {
    const g = new Builder();
    const x = input([N, 1, 4, 4]);
    const [y, indices] = g.applyAll('MaxPool', [x], { kernel_shape: [2, 2] }, { outputs: ['y', 'indices'] });
    const lowered = expectSameAfterLowering(graphOf([x], [y, indices]), 'wasm');
    expect(operatorCounts(topologicalOrder(lowered.outputs))).toEqual({ MaxPool: 1 });
  });
});
