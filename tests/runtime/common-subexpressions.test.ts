import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { shareCommonSubexpressions } from '../../src/lib/runtime/lower/common-subexpressions.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { graphOf, input } from './graphs.ts';

const nodesAfter = (build: (g: Builder, x: ReturnType<typeof input>) => Parameters<typeof graphOf>[1]) => {
  const x = input([N, 4]);
  const shared = shareCommonSubexpressions(graphOf([x], build(new Builder(), x)));
  return topologicalOrder(shared.outputs).map((node) => node.op);
};

describe('common subexpressions', () => {
  it('are computed once, whole chains of them', () => {
    expect(nodesAfter((g, x) => [g.add(g.exp(g.neg(x)), g.exp(g.neg(x)))])).toEqual(['Neg', 'Exp', 'Add']);
  });

  it('may read equal small constants', () => {
    const scale = (g: Builder) => g.constant(float32([4], [1, 2, 3, 4]));
    expect(nodesAfter((g, x) => [g.mul(x, scale(g)), g.mul(x, scale(g))])).toEqual(['Mul']);
  });

  it('are not nodes that differ in an attribute, a constant, its shape or the order of inputs', () => {
    expect(nodesAfter((g, x) => [g.softmax(x, 1), g.softmax(x, -1)])).toHaveLength(2);
    expect(nodesAfter((g, x) => [g.mul(x, 2), g.mul(x, 3)])).toHaveLength(2);
    expect(nodesAfter((g, x) => [g.mul(x, 0), g.mul(x, -0)])).toHaveLength(2);
    expect(nodesAfter((g, x) => [g.mul(x, 2), g.mul(x, g.constant(float32([1], [2])))])).toHaveLength(2);
    expect(nodesAfter((g, x) => [g.sub(x, 1), g.sub(1, x)])).toHaveLength(2);
  });

  it('are not large constants that happen to be equal: comparing them would cost more', () => {
    const weight = (g: Builder) => g.constant(float32([80, 1, 1], Array(80).fill(1)));
    expect(nodesAfter((g, x) => [g.mul(x, weight(g)), g.mul(x, weight(g))])).toEqual(['Mul', 'Mul']);
  });
});
