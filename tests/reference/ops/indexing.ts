/** @file Operators that read or write by index, from the ONNX specification at opset 20. */
import {
  add,
  at,
  atBroadcast,
  build,
  clone,
  indices,
  num,
  offsetOf,
  replaceAt,
  text,
  wrapAxis,
  type Family,
  type ReferenceOp,
  type RefTensor,
} from '../tensor.ts';

const gather: ReferenceOp = ([x, where], attrs) => {
  const axis = wrapAxis(num(attrs, 'axis', 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...where.shape, ...x.shape.slice(axis + 1)];
  return [
    build(x.dtype, shape, (index) => {
      const picked = at(where, index.slice(axis, axis + where.shape.length));
      const rest = index.slice(axis + where.shape.length);
      return at(x, [...index.slice(0, axis), wrapAxis(picked, x.shape[axis]), ...rest]);
    }),
  ];
};

const gatherElements: ReferenceOp = ([x, where], attrs) => {
  const axis = wrapAxis(num(attrs, 'axis', 0), x.shape.length);
  return [
    build(x.dtype, where.shape, (index) => at(x, replaceAt(index, axis, wrapAxis(at(where, index), x.shape[axis])))),
  ];
};

/** The index tuple stored along the last axis of `where` at `outer`. */
const tupleAt = (where: RefTensor, outer: readonly number[], lengths: readonly number[]): number[] =>
  Array.from({ length: where.shape[where.shape.length - 1] }, (_, i) => wrapAxis(at(where, [...outer, i]), lengths[i]));

const gatherND: ReferenceOp = ([x, where], attrs) => {
  const batchDims = num(attrs, 'batch_dims', 0);
  const depth = where.shape[where.shape.length - 1];
  const outerRank = where.shape.length - 1;
  return [
    build(x.dtype, [...where.shape.slice(0, -1), ...x.shape.slice(batchDims + depth)], (index) => {
      const tuple = tupleAt(where, index.slice(0, outerRank), x.shape.slice(batchDims));
      return at(x, [...index.slice(0, batchDims), ...tuple, ...index.slice(outerRank)]);
    }),
  ];
};

function combine(y: RefTensor, index: readonly number[], value: number, reduction: string): void {
  const offset = offsetOf(y.shape, index);
  const old = y.data[offset];
  const results: Record<string, number> = {
    none: value,
    mul: old * value,
    max: Math.max(old, value),
    min: Math.min(old, value),
  };
  if (reduction === 'add') add(y, index, value);
  else y.data[offset] = results[reduction];
}

const scatterElements: ReferenceOp = ([x, where, updates], attrs) => {
  const axis = wrapAxis(num(attrs, 'axis', 0), x.shape.length);
  const y = clone(x);
  for (const index of indices(where.shape)) {
    const target = replaceAt(index, axis, wrapAxis(at(where, index), x.shape[axis]));
    combine(y, target, at(updates, index), text(attrs, 'reduction', 'none'));
  }
  return [y];
};

const scatterND: ReferenceOp = ([x, where, updates], attrs) => {
  const y = clone(x);
  const outerRank = where.shape.length - 1;
  for (const index of indices(updates.shape)) {
    const tuple = tupleAt(where, index.slice(0, outerRank), x.shape);
    combine(y, [...tuple, ...index.slice(outerRank)], at(updates, index), text(attrs, 'reduction', 'none'));
  }
  return [y];
};

const oneHot: ReferenceOp = ([where, depthInput, values], attrs) => {
  const depth = depthInput.data[0];
  const axis = wrapAxis(num(attrs, 'axis', -1), where.shape.length + 1);
  return [
    build(values.dtype, where.shape.toSpliced(axis, 0, depth), (index) => {
      const hot = wrapAxis(atBroadcast(where, index.toSpliced(axis, 1)), depth);
      return values.data[hot === index[axis] ? 1 : 0];
    }),
  ];
};

export const indexing: Family = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
};
