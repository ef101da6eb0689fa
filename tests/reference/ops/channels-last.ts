/** @file Convolution and pooling on channels-last data, as ONNX's own between exchanges of axes, element by element. */
import { at, build, indices, num, ref, text, type Family, type ReferenceOp, type RefTensor } from '../tensor.ts';
import { convolution } from './convolution.ts';
import { pooling } from './pooling.ts';

/** Axis `i` of the result is axis `order[i]` of x. */
function reordered(x: RefTensor, order: readonly number[]): RefTensor {
  const shape = order.map((axis) => x.shape[axis]);
  return build(x.dtype, shape, (index) =>
    at(
      x,
      x.shape.map((_, axis) => index[order.indexOf(axis)]),
    ),
  );
}

const between = (rank: number, from: number): number[] => Array.from({ length: rank - 2 }, (_, i) => i + from);
const toFirst = (x: RefTensor): RefTensor => reordered(x, [0, x.shape.length - 1, ...between(x.shape.length, 1)]);
const toLast = (x: RefTensor): RefTensor => reordered(x, [0, ...between(x.shape.length, 2), 1]);

const conv: ReferenceOp = ([x, w, b], attrs, node) => {
  const rank = w.shape.length;
  const weights = reordered(w, [rank - 1, rank - 2, ...between(rank, 0)]);
  const [y] = convolution.Conv([toFirst(x), weights, b], { ...attrs, group: num(attrs, 'group', 1) }, node);
  const activation = text(attrs, 'activation', '');
  const most = activation === 'Relu6' ? 6 : Infinity;
  const rectified = activation === '' ? y.data : y.data.map((v) => Math.min(Math.max(v, 0), most));
  return [toLast({ ...y, data: rectified })];
};

const pooled =
  (op: string): ReferenceOp =>
  (x, attrs, node) => {
    const [y] = pooling[op](x.map(toFirst), attrs, node);
    return [toLast(y)];
  };

export const channelsLast: Family = {
  Conv: conv,
  MaxPool: pooled('MaxPool'),
  AveragePool: pooled('AveragePool'),
  MaxPoolGrad: pooled('MaxPoolGrad'),
  Step: ([x]) => [
    ref(
      x.dtype,
      x.shape,
      Array.from(indices(x.shape), (index) => (at(x, index) > 0 ? 1 : 0)),
    ),
  ],
};
