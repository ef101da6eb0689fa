/** @file Reductions along axes, from the ONNX specification at opset 20. */
import type { Attributes } from '../../../src/lib/graph/graph.ts';
import {
  at,
  build,
  clone,
  indices,
  num,
  offsetOf,
  replaceAt,
  wrapAxis,
  type Family,
  type RefTensor,
  type ReferenceOp,
} from '../tensor.ts';

/** The axes to reduce: none given means all of them, unless noop_with_empty_axes says none. */
function axesOf(x: RefTensor, axes: RefTensor | undefined, attrs: Attributes): number[] {
  if (axes && axes.data.length > 0) return Array.from(axes.data, (axis) => wrapAxis(axis, x.shape.length));
  return num(attrs, 'noop_with_empty_axes', 0) === 1 ? [] : x.shape.map((_, axis) => axis);
}

const reduce =
  (f: (values: number[]) => number): ReferenceOp =>
  ([x, axesInput], attrs) => {
    const axes = axesOf(x, axesInput, attrs);
    if (axes.length === 0) return [x];
    const kept = x.shape.map((d, axis) => (axes.includes(axis) ? 1 : d));
    const groups = Array.from({ length: kept.reduce((n, d) => n * d, 1) }, (): number[] => []);
    for (const index of indices(x.shape)) {
      groups[
        offsetOf(
          kept,
          index.map((i, axis) => (axes.includes(axis) ? 0 : i)),
        )
      ].push(at(x, index));
    }
    const shape = num(attrs, 'keepdims', 1) === 1 ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    return [{ dtype: x.dtype, shape, data: Float64Array.from(groups, f) }];
  };

const total = (values: number[]) => values.reduce((a, b) => a + b, 0);

function logSumExp(values: number[]): number {
  const most = Math.max(...values);
  return Number.isFinite(most) ? most + Math.log(total(values.map((v) => Math.exp(v - most)))) : most;
}

const argExtreme =
  (better: (a: number, b: number) => boolean): ReferenceOp =>
  ([x], attrs) => {
    const axis = wrapAxis(num(attrs, 'axis', 0), x.shape.length);
    const last = num(attrs, 'select_last_index', 0) === 1;
    const kept = replaceAt(x.shape, axis, 1);
    const result = build('int64', kept, (index) => {
      let best = 0;
      for (let i = 1; i < x.shape[axis]; i++) {
        const [candidate, champion] = [at(x, replaceAt(index, axis, i)), at(x, replaceAt(index, axis, best))];
        if (better(candidate, champion) || (last && candidate === champion)) best = i;
      }
      return best;
    });
    return [num(attrs, 'keepdims', 1) === 1 ? result : { ...result, shape: x.shape.filter((_, i) => i !== axis) }];
  };

const cumSum: ReferenceOp = ([x, axisInput], attrs) => {
  const axis = wrapAxis(axisInput.data[0], x.shape.length);
  const [exclusive, reverse] = [num(attrs, 'exclusive', 0) === 1, num(attrs, 'reverse', 0) === 1];
  return [
    build(x.dtype, x.shape, (index) => {
      let sum = 0;
      for (let i = 0; i < x.shape[axis]; i++) {
        const distance = reverse ? i - index[axis] : index[axis] - i;
        if (distance > 0 || (distance === 0 && !exclusive)) sum += at(x, replaceAt(index, axis, i));
      }
      return sum;
    }),
  ];
};

/** The k largest (or smallest) along an axis, in order; equal values by the lower index first. */
const topK: ReferenceOp = ([x, k], attrs) => {
  const axis = wrapAxis(num(attrs, 'axis', -1), x.shape.length);
  const sign = num(attrs, 'largest', 1) === 1 ? -1 : 1;
  const values = clone({
    ...x,
    shape: replaceAt(x.shape, axis, k.data[0]),
    data: new Float64Array((x.data.length / x.shape[axis]) * k.data[0]),
  });
  const places = { ...values, dtype: 'int64' as const, data: values.data.slice() };
  for (const index of indices(replaceAt(x.shape, axis, 1))) {
    const lane = Array.from({ length: x.shape[axis] }, (_, i) => ({ i, v: at(x, replaceAt(index, axis, i)) }));
    lane.sort((a, b) => sign * (a.v - b.v) || a.i - b.i);
    for (let rank = 0; rank < k.data[0]; rank++) {
      const offset = offsetOf(values.shape, replaceAt(index, axis, rank));
      values.data[offset] = lane[rank].v;
      places.data[offset] = lane[rank].i;
    }
  }
  return [values, places];
};

export const reduction: Family = {
  ReduceSum: reduce(total),
  ReduceMean: reduce((v) => total(v) / v.length),
  ReduceMax: reduce((v) => Math.max(...v)),
  ReduceMin: reduce((v) => Math.min(...v)),
  ReduceProd: reduce((v) => v.reduce((a, b) => a * b, 1)),
  ReduceL1: reduce((v) => total(v.map(Math.abs))),
  ReduceL2: reduce((v) => Math.sqrt(total(v.map((x) => x * x)))),
  ReduceLogSum: reduce((v) => Math.log(total(v))),
  ReduceLogSumExp: reduce(logSumExp),
  ReduceSumSquare: reduce((v) => total(v.map((x) => x * x))),
  ArgMax: argExtreme((a, b) => a > b),
  ArgMin: argExtreme((a, b) => a < b),
  CumSum: cumSum,
  TopK: topK,
};
