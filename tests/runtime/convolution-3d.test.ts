import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, type Attributes } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { unsupportedNodes } from '../../src/lib/runtime/unsupported.ts';
import { expectSameAfterLowering } from './agreement.ts';
import { coarse, graphOf, input } from './graphs.ts';

const rows: readonly { op: string; weights: readonly number[]; attrs: Attributes }[] = [
  { op: 'Conv', weights: [6, 2, 2, 3, 2], attrs: { group: 2, strides: [1, 2, 1], pads: [0, 1, 0, 1, 1, 0] } },
  { op: 'Conv', weights: [4, 1, 1, 2, 2], attrs: { group: 4 } },
  { op: 'ConvTranspose', weights: [4, 3, 2, 3, 2], attrs: {} },
  { op: 'ConvTranspose', weights: [4, 3, 3, 2, 3], attrs: { strides: [2, 3, 1], pads: [1, 0, 1, 0, 1, 1] } },
  {
    op: 'ConvTranspose',
    weights: [4, 1, 2, 3, 2],
    attrs: { group: 2, strides: [2, 2, 2], output_padding: [1, 0, 1], dilations: [1, 2, 1] },
  },
  { op: 'ConvTranspose', weights: [4, 2, 1, 1, 2], attrs: { pads: [0, 1, 0, 0, 1, 1] } },
];

describe('three-dimensional convolutions on WebGPU', () => {
  it.each(rows)('$op with weights $weights and $attrs become convolutions without groups', ({ op, weights, attrs }) => {
    const g = new Builder();
    const x = input([N, 4, 3, 4, 5]);
    const outChannels = op === 'Conv' ? weights[0] : weights[1] * ((attrs.group as number | undefined) ?? 1);
    const bias = g.constant(coarse([outChannels], 8));
    const y = g.apply(op, [x, g.constant(coarse(weights, 7)), bias], attrs);
    const lowered = expectSameAfterLowering(graphOf([x], [y]), 'webgpu');
    expect(unsupportedNodes(lowered, 'webgpu')).toEqual([]);
    expect(topologicalOrder(lowered.outputs).filter((node) => (node.attrs.group ?? 1) !== 1)).toEqual([]);
  });
});
