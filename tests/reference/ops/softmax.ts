/** @file Softmax and its kin, row by row. */
import { at, build, num, replaceAt, wrapAxis, type Family, type ReferenceOp, type RefTensor } from '../tensor.ts';

/** Each element from its place in its row and the row. */
const byRow =
  (f: (row: readonly number[], place: number) => number): ReferenceOp =>
  ([x], attrs) => {
    const axis = wrapAxis(num(attrs, 'axis', -1), x.shape.length);
    const rowOf = (t: RefTensor, index: readonly number[]) =>
      Array.from({ length: t.shape[axis] }, (_, i) => at(t, replaceAt(index, axis, i)));
    return [build(x.dtype, x.shape, (index) => f(rowOf(x, index), index[axis]))];
  };

/** log Σ exp, from the largest down. */
function logSumExp(row: readonly number[]): number {
  const top = Math.max(...row);
  return top + Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

export const softmax: Family = {
  Softmax: byRow((row, i) => Math.exp(row[i] - logSumExp(row))),
  LogSoftmax: byRow((row, i) => row[i] - logSumExp(row)),
  Hardmax: byRow((row, i) => (row.indexOf(Math.max(...row)) === i ? 1 : 0)),
};
