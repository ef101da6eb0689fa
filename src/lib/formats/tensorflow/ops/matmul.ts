/** @file Matrix products. */
import type { Value } from '../../../graph/graph.ts';
import { refuseRank, takes, type Row, type Site } from '../site.ts';
import { fused } from './fused.ts';

/** a · b of matrices, either of them transposed. */
function product({ g, x: [a, b], attrs }: Site): Value {
  const [transA, transB] = [Number(attrs.bool('transpose_a')), Number(attrs.bool('transpose_b'))];
  return transA || transB ? g.apply('Gemm', [a, b], { transA, transB }) : g.matmul(a, b);
}

/** Stacks of matrices, the last two axes of either swapped. */
function stacked({ g, x: [a, b], attrs }: Site): Value {
  [a, b].forEach((v) => refuseRank(v, 2));
  const left = attrs.bool('adj_x') ? g.transpose(a) : a;
  return g.matmul(left, attrs.bool('adj_y') ? g.transpose(b) : b);
}

export const matmul = {
  MatMul: takes(2, product),
  _FusedMatMul: takes(2, (site) => {
    const { bias, finish } = fused(site);
    const linear = product(site);
    return finish(bias ? site.g.add(linear, bias) : linear);
  }),
  BatchMatMul: takes(2, stacked),
  BatchMatMulV2: takes(2, stacked),
  BatchMatMulV3: takes(2, stacked),
  Einsum: takes(1, ({ g, x, attrs }) => g.apply('Einsum', x, { equation: attrs.string('equation') })),
} satisfies Record<string, Row>;
