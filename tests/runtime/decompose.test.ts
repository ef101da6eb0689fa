import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, type Attributes, type Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { findOp } from '../../src/lib/ops/define.ts';
import { expectSameAfterLowering } from './agreement.ts';
import { graphOf, input } from './graphs.ts';

interface Row {
  readonly op: string;
  readonly shape?: readonly number[];
  readonly attrs?: Attributes;
  readonly operands?: number;
}

const onWebGpu: readonly Row[] = [
  { op: 'Sum', operands: 3 },
  { op: 'Mean', operands: 3 },
  { op: 'Sign' },
  { op: 'Softsign' },
  { op: 'Selu' },
  { op: 'Selu', attrs: { alpha: 0.5, gamma: 2 } },
  { op: 'Celu', attrs: { alpha: 0.7 } },
  { op: 'Round' },
  { op: 'LogSoftmax', attrs: { axis: 1 } },
  { op: 'LogSoftmax' },
  { op: 'SpaceToDepth', shape: [3, 4, 6], attrs: { blocksize: 2 } },
  { op: 'LRN', shape: [5, 2, 3], attrs: { size: 3, alpha: 0.5, beta: 0.6, bias: 2 } },
  { op: 'Swish', attrs: { alpha: 1.7 } },
  { op: 'Swish' },
];

function graph({ op, shape = [3, 4], attrs, operands = 1 }: Row) {
  const g = new Builder();
  const xs: Value[] = Array.from({ length: operands }, (_, i) => input([N, ...shape], `x${i}`));
  return graphOf(xs, [g.apply(op, xs, attrs)]);
}

// An operator that the project does not define cannot occur in a graph.
const defined = (row: Row) => findOp(row.op) !== undefined;

describe('operators that a device lacks', () => {
  it.each(onWebGpu.filter(defined))('$op $attrs is made of others on WebGPU', (row) => {
    const lowered = expectSameAfterLowering(graph(row), 'webgpu');
    expect(topologicalOrder(lowered.outputs).map((node) => node.op)).not.toContain(row.op);
  });

  it('Swish, younger than the written operator set, is made of others everywhere', () => {
    const lowered = expectSameAfterLowering(graph({ op: 'Swish', attrs: { alpha: 1.7 } }), 'wasm');
    expect(topologicalOrder(lowered.outputs).map((node) => node.op)).toEqual(['Mul', 'Sigmoid', 'Mul']);
  });
});
