import { describe, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { expectSameAfterLowering } from './agreement.ts';
import { graphOf, input } from './graphs.ts';

const slices: readonly [string, number[], number[], number[], number[]][] = [
  ['to the first element', [6], [-100], [1], [-3]],
  ['to an element in the middle', [6], [1], [1], [-2]],
  ['from beyond the end', [100], [-4], [1], [-1]],
  ['along one axis, forwards along another', [5, 1], [-7, 4], [1, 2], [-2, 2]],
  ['along two axes', [-2, -1], [0, -50], [-2, -1], [-1, -3]],
  ['from before the first', [-50], [-100], [1], [-2]],
  ['over nothing', [2], [5], [1], [-1]],
];

describe('forms for WebGPU', () => {
  it.each(slices)('a slice backwards %s', (_title, starts, ends, axes, steps) => {
    const x = input([N, 7, 5]);
    expectSameAfterLowering(graphOf([x], [new Builder().slice(x, starts, ends, axes, steps)]), 'webgpu');
  });

  it.each(['reflect', 'edge', 'wrap'])('a %s pad that crops the other end', (mode) => {
    const g = new Builder();
    const x = input([N, 7, 5]);
    const y = g.apply('Pad', [x, g.ints([0, 2, -1, 0, -3, 2])], { mode });
    expectSameAfterLowering(graphOf([x], [y]), 'webgpu');
  });

  it.each([
    ['...ij,...jk->...ik', [N, 2, 3], [N, 3, 4]],
    ['...ij,kj->...k', [N, 2, 3], [4, 3]],
    ['bij,bjk->bik', [2, 2, 3], [1, 3, 4]],
  ] as const)('Einsum %s over [%s] and [%s]', (equation, left, right) => {
    const [a, b] = [input(left, 'a'), input(right, 'b')];
    const y = new Builder().apply('Einsum', [a, b], { equation });
    expectSameAfterLowering(graphOf([a, b], [y]), 'webgpu');
  });

  it('LayerNormalization whose parameters are broadcast', () => {
    const g = new Builder();
    const [x, scale, bias] = [input([N, 2, 3]), input([2, 3], 'scale'), input([3], 'bias')];
    const y = g.apply('LayerNormalization', [x, scale, bias], { axis: 1 });
    expectSameAfterLowering(graphOf([x, scale, bias], [y]), 'webgpu');
  });
});
