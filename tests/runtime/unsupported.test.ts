import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { lower } from '../../src/lib/runtime/lower/lower.ts';
import { unsupportedNodes } from '../../src/lib/runtime/unsupported.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { graphOf, input } from './graphs.ts';

const g = new Builder();
const x = input([N, 1, 4, 4]);

describe('the static check', () => {
  it('names every node that WebGPU would fail on, all at once', () => {
    const [, indices] = g.applyAll(
      'MaxPool',
      [x],
      { kernel_shape: [2, 2] },
      { outputs: ['y', 'indices'], name: 'pool' },
    );
    const half = g.constant(float32([4], [1, 1, 0.5, 0.5]));
    const small = g.apply('Resize', [x, null, half], { mode: 'linear', antialias: 1 }, { name: 'shrink' });
    const graph = lower(graphOf([x], [indices, small]), 'webgpu');
    expect(unsupportedNodes(graph, 'webgpu')).toEqual([
      { op: 'MaxPool', node: 'pool', reason: 'WebGPU computes no indices of maxima' },
      {
        op: 'Resize',
        node: 'shrink',
        reason: 'WebGPU interpolates along the last two axes only, and without antialiasing',
      },
    ]);
    expect(unsupportedNodes(lower(graphOf([x], [indices, small]), 'wasm'), 'wasm')).toEqual([]);
  });
});
