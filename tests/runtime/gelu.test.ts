import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, type Graph } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { expectSameAfterLowering, operatorCounts } from './agreement.ts';
import { graphOf, input } from './graphs.ts';

function gelu(approximate: string, withSlope: boolean): Graph {
  const g = new Builder();
  const x = input([N, 40]);
  const y = g.apply('Gelu', [x], { approximate });
  if (!withSlope) return graphOf([x], [y]);
  const seed = input(y.shape, 'seed');
  return graphOf([x, seed], [y, ...backward(g, gradient, { y, seed, xs: [x] })]);
}

const counts = (graph: Graph) => operatorCounts(topologicalOrder(expectSameAfterLowering(graph, 'wasm').outputs));

describe('Gelu on WASM', () => {
  it('shares the error function with its slope', () => {
    const found = counts(gelu('none', true));
    expect(found).toMatchObject({ Erf: 1 });
    expect(found).not.toHaveProperty('Gelu');
  });

  it('stays whole without its slope', () => {
    expect(counts(gelu('none', false))).toEqual({ Gelu: 1 });
  });

  it('stays whole where it is the approximation', () => {
    expect(counts(gelu('tanh', true))).toMatchObject({ Gelu: 1 });
  });
});
