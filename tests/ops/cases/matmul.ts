import { N } from '../../../src/lib/graph/dim.ts';
import { weight, x, type Cases } from '../case.ts';

const einsum = (equation: string) => ({ attrs: { equation } });

export const matmul: Cases = {
  MatMul: [
    { title: 'matrix by weights', inputs: [x([N, 3]), weight([3, 4])] },
    { title: 'weights by matrix', inputs: [weight([2, 3]), x([3, N])] },
    { title: 'tokens by weights', inputs: [x([N, 2, 3]), weight([3, 4])] },
    { title: 'both vary', inputs: [x([N, 2, 3]), x([N, 3, 2])] },
    { title: 'heads', inputs: [x([N, 2, 2, 3]), x([N, 2, 3, 2])] },
    { title: 'broadcast on the left', inputs: [x([2, 3]), x([3, 2, 3, 2])] },
    { title: 'broadcast on the right', inputs: [x([N, 3, 2, 2]), x([N, 1, 2, 3])] },
    { title: 'vector by vector', inputs: [x([4]), x([4])] },
    { title: 'matrix by vector', inputs: [x([2, 3]), x([3])] },
    { title: 'vector by matrix', inputs: [x([3]), x([3, 2])] },
    { title: 'stack by vector', inputs: [x([2, 2, 3]), x([3])] },
    { title: 'vector by stack', inputs: [x([3]), x([2, 3, 2])] },
  ],
  Gemm: [
    { title: 'plain', inputs: [x([N, 3]), weight([3, 4]), weight([4])] },
    { title: 'transB', inputs: [x([N, 3]), weight([4, 3]), weight([4])], attrs: { transB: 1 } },
    { title: 'scaled', inputs: [x([4, 3]), x([3, 2]), x([2])], attrs: { alpha: 0.5, beta: 2 } },
    { title: 'transA', inputs: [x([3, 4]), x([3, 2])], attrs: { transA: 1, alpha: 3 } },
    { title: 'both transposed', inputs: [x([3, 4]), x([2, 3]), x([4, 1])], attrs: { transA: 1, transB: 1, beta: -1 } },
    { title: 'transA by weights', inputs: [x([3, N]), weight([3, 2])], attrs: { transA: 1, alpha: 0.5 } },
    { title: 'weights by transA', inputs: [weight([3, 4]), x([N, 3])], attrs: { transA: 1, transB: 1 } },
    { title: 'transB, both vary', inputs: [x([4, 3]), x([2, 3])], attrs: { transB: 1 } },
  ],
  Einsum: [
    { title: 'matrix product', inputs: [x([N, 2, 3]), x([N, 3, 2])], ...einsum('bij,bjk->bik') },
    { title: 'attention scores', inputs: [x([N, 2, 2, 3]), x([N, 3, 2, 3])], ...einsum('bihd, bjhd -> bhij') },
    { title: 'without an arrow', inputs: [x([2, 3]), x([3, 4])], ...einsum('ij,jk') },
    { title: 'ellipsis', inputs: [x([N, 2, 2, 3]), weight([3, 2])], ...einsum('...ij,jk->...ik') },
    { title: 'ellipses that broadcast', inputs: [x([3, 2, 3]), x([1, 2, 3, 2])], ...einsum('...j,...jk->...k') },
    { title: 'ellipsis alone', inputs: [x([N, 2, 3]), x([N, 2, 3])], ...einsum('...j,...j->...') },
    { title: 'outer product', inputs: [x([N, 2]), x([N, 3])], ...einsum('bi,bj->bij') },
    { title: 'sum over an axis of one operand', inputs: [x([N, 3]), x([N, 2])], ...einsum('bi,bj->bj') },
    { title: 'transpose', inputs: [x([N, 2, 3])], ...einsum('bij->bji') },
    { title: 'sum', inputs: [x([N, 2, 3])], ...einsum('bij->b') },
    { title: 'three operands, one constant', inputs: [x([N, 2]), weight([2, 3]), x([N, 3])], ...einsum('bi,ij,bj->b') },
  ],
};
