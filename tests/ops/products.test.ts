import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { deepliftComplete } from '../../src/lib/autodiff/rule-sets.ts';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';

const g = new Builder();
const value = (...shape: readonly (number | typeof N)[]) => new Value('float32', shape);
const einsum =
  (equation: string, ...x: Value[]) =>
  () =>
    g.apply('Einsum', x, { equation });

describe('products', () => {
  it('refuse to pair every example with every other', () => {
    const x = value(N, 3);
    expect(() => g.matmul(x, g.transpose(x))).toThrow('would pair every example with every other');
    expect(() => g.apply('Gemm', [x, x], { transB: 1 })).toThrow('would pair every example with every other');
    expect(einsum('ik,jk->ij', x, x)).toThrow('would pair every example with every other');
  });
  it('refuse to sum over the examples', () => {
    expect(() => g.matmul(value(2, N), value(N, 3))).toThrow('would mix examples');
    expect(einsum('nk->k', value(N, 3))).toThrow('would mix examples');
  });
  it('name the inner dimensions that differ', () => {
    expect(() => g.matmul(value(N, 3), value(4, 2))).toThrow('MatMul: inner dimensions differ: 3 and 4.');
    expect(() => g.apply('Gemm', [value(N, 3), value(3, 2)], { transB: 1 })).toThrow(
      'inner dimensions differ: 3 and 2.',
    );
  });
});

describe('Einsum', () => {
  it('names the axis on which operands disagree', () => {
    expect(einsum('bij,bjk->bik', value(N, 2, 3), value(N, 4, 2))).toThrow('axis "j" is 3 and 4 long');
  });
  it('refuses a diagonal', () => {
    expect(einsum('ii->i', value(3, 3))).toThrow('operand "ii" repeats an index');
  });
  it('refuses an operand of another rank', () => {
    expect(einsum('ij->i', value(N, 2, 3))).toThrow('operand 0 has shape [N,2,3], "ij" names 2 axes');
  });
  it('refuses an ellipsis that stands for different ranks', () => {
    expect(einsum('...j,...j->...', value(N, 2, 3), value(2, 3))).toThrow('the ellipsis stands for 2 and 1 axes');
  });
  it('has no DeepLIFT rule for three varying operands, and says so', () => {
    const [a, b, c] = [value(N, 2), value(N, 2), value(N, 2)];
    const y = g.apply('Einsum', [a, b, c], { equation: 'bi,bi,bi->b' });
    const reference = cloneBetween(new Map([a, b, c].map((v) => [v, value(N, 2)])), [y]);
    expect(() => backward(g, deepliftComplete, { y, seed: value(N), xs: [a, b, c], reference })).toThrow(
      'Split it into products of two',
    );
  });
});
