import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, type Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { expectSameAfterLowering } from './agreement.ts';
import { graphOf, input } from './graphs.ts';

type Build = (g: Builder, x: Value) => Value;

const lowered = (build: Build): string[] => {
  const x = input([N, 3, 4]);
  const graph = expectSameAfterLowering(graphOf([x], [build(new Builder(), x)]), 'wasm');
  return topologicalOrder(graph.outputs).map((node) => node.op);
};

const cases: readonly [string, Build, string[]][] = [
  ['x + 0', (g, x) => g.neg(g.add(x, 0)), ['Neg']],
  ['x + zeros of its shape', (g, x) => g.neg(g.add(g.zerosLike(x), x)), ['Neg']],
  ['x − 0', (g, x) => g.neg(g.sub(x, 0)), ['Neg']],
  ['0 − x is not x', (g, x) => g.sub(0, x), ['Sub']],
  ['x · 1', (g, x) => g.neg(g.mul(1, x)), ['Neg']],
  ['x / 1', (g, x) => g.neg(g.div(x, 1)), ['Neg']],
  ['1 / x is not x', (g, x) => g.div(1, g.exp(x)), ['Exp', 'Div']],
  [
    'a neutral element that broadcasts stays',
    (g, x) => g.mul(g.reduceSum(x, [1]), g.expand(g.scalar(1), x.shape)),
    ['ReduceSum', 'Expand', 'Mul'],
  ],
  ['Reshape of Reshape', (g, x) => g.apply('Reshape', [g.reshape(x, [N, 12]), g.ints([N, 2, 6])]), ['Reshape']],
  ['Reshape and back', (g, x) => g.neg(g.reshape(g.reshape(x, [N, 12]), x.shape)), ['Neg']],
  ['Transpose of Transpose', (g, x) => g.transpose(g.transpose(x, [0, 2, 1]), [2, 0, 1]), ['Transpose']],
  ['Transpose and back', (g, x) => g.neg(g.transpose(g.transpose(x, [0, 2, 1]), [0, 2, 1])), ['Neg']],
  [
    'Expand of an operand that is broadcast anyway',
    (g, x) => g.mul(x, g.expand(g.reduceSum(x, [1]), x.shape)),
    ['ReduceSum', 'Mul'],
  ],
  [
    'Expand of Expand',
    (g, x) => g.expand(g.expand(g.reduceSum(x, [1, 2]), [N, 3, 1]), x.shape),
    ['ReduceSum', 'Expand'],
  ],
  ['a sum over an axis of length 1', (g, x) => g.neg(g.reduceSum(g.reduceSum(x, [1]), [1])), ['ReduceSum', 'Neg']],
  [
    'both operands expanded: one stays',
    (g, x) => {
      const s = g.reduceSum(x, [1, 2]);
      return g.add(g.expand(s, x.shape), g.expand(g.neg(s), x.shape));
    },
    ['ReduceSum', 'Neg', 'Expand', 'Add'],
  ],
];

describe('simplification', () => {
  it.each(cases)('%s', (_name, build, expected) => {
    expect(lowered(build).toSorted()).toEqual(expected.toSorted());
  });
});
