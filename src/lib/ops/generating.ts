/** @file Operators whose output depends on shapes and numbers rather than on the image, and masks by position. */
import { isBatch, normalizeAxis, product, type Dim } from '../graph/dim.ts';
import { knownInts, type Value } from '../graph/graph.ts';
import { isFloat } from '../tensor/dtype.ts';
import { int, tensor } from './attributes.ts';
import { dtypeOf } from './casting.ts';
import { nonDifferentiable, routing } from './combinators.ts';
import { defineOp } from './define.ts';
import { foldBuild } from './fold.ts';
import { requiredDims, requiredNumber } from './known.ts';
import { outputShape, tfType, wrapped } from './tensorflow.ts';

interface Ends {
  readonly start: number;
  readonly end: number | null;
}

const shapePart = (x: Value, { start, end }: Ends): readonly Dim[] => x.shape.slice(start, end ?? undefined);

export const Shape = defineOp('Shape', {
  doc: 'The lengths of the axes from start to end',
  run: (tf, _x, { node, attrs }) => [tf.tensor1d(shapePart(node.inputs[0]!, attrs) as number[], 'int32')],
  attrs: { start: int(0), end: int(null) },
  infer: ({ x: [x], attrs }) => [{ dtype: 'int64', shape: [shapePart(x, attrs).length] }],
  ...nonDifferentiable,
  fold: (_known, attrs, [x]) => {
    const dims = shapePart(x, attrs);
    return { shape: [dims.length], dims };
  },
});

export const Size = defineOp('Size', {
  doc: 'The number of elements',
  run: (tf, [x]) => [tf.scalar(x.size, 'int32')],
  infer: () => [{ dtype: 'int64', shape: [] }],
  ...nonDifferentiable,
  fold: (_known, _attrs, [x]) => ({ shape: [], dims: [product(x.shape)] }),
});

export const ConstantOfShape = defineOp('ConstantOfShape', {
  doc: 'A tensor of one value, 0 by default',
  run: (tf, _x, site) => [
    tf.fill(outputShape(site), Number(site.attrs.value?.data[0] ?? 0), tfType(site.node.outputs[0].dtype)),
  ],
  attrs: { value: tensor() },
  infer: ({ x: [shape], attrs }) => [
    { dtype: attrs.value?.dtype ?? 'float32', shape: requiredDims(shape, 'the shape') },
  ],
  ...nonDifferentiable,
  fold: ([shape], attrs) => {
    if (!shape || shape.dims.some(isBatch)) return null;
    return foldBuild(shape.dims as readonly number[], () => Number(attrs.value?.data[0] ?? 0));
  },
});

const rangeLength = (start: number, limit: number, delta: number): number =>
  Math.max(0, Math.ceil((limit - start) / delta));

export const Range = defineOp('Range', {
  doc: 'start, start + delta, … before limit',
  run: (tf, _x, { node }) => {
    const [start, , delta] = node.inputs.map((v) => requiredNumber(v, 'each of start, limit and delta'));
    return [
      tf.tensor1d(
        Array.from({ length: node.outputs[0].shape[0] as number }, (_, i) => start + i * delta),
        tfType(node.outputs[0].dtype),
      ),
    ];
  },
  infer: ({ x }) => {
    const [start, limit, delta] = x.map((v) => requiredNumber(v, 'each of start, limit and delta'));
    return [{ dtype: x[0].dtype, shape: [rangeLength(start, limit, delta)] }];
  },
  ...nonDifferentiable,
  fold: (x) => {
    const [start, limit, delta] = x.map((v) => (v && !isBatch(v.dims[0]) ? v.dims[0] : null));
    if (start === null || limit === null || delta === null) return null;
    return foldBuild([rangeLength(start, limit, delta)], ([i]) => start + i * delta);
  },
});

export const EyeLike = defineOp('EyeLike', {
  doc: 'Ones on a diagonal of a matrix of the shape of x',
  run: (tf, [x], { node, attrs }) => {
    const [rows, columns] = x.shape;
    return [
      tf.tensor2d(
        Array.from({ length: rows * columns }, (_, i) => Number((i % columns) - Math.floor(i / columns) === attrs.k)),
        [rows, columns],
        tfType(node.outputs[0].dtype),
      ),
    ];
  },
  attrs: { dtype: int(null), k: int(0) },
  infer: ({ x: [x], attrs, where }) => [
    { dtype: attrs.dtype === null ? x.dtype : dtypeOf(attrs.dtype, where), shape: x.shape },
  ],
  ...nonDifferentiable,
});

export const OneHot = defineOp('OneHot', {
  doc: 'A vector for each index: the second of two values at the index, the first elsewhere',
  run: (tf, [indices, , values], { node, attrs }) => {
    const depth = requiredNumber(node.inputs[1], 'depth');
    const axis = normalizeAxis(attrs.axis, indices.rank + 1, 'OneHot');
    const places = tf.reshape(
      tf.range(0, depth, 1, 'int32'),
      node.outputs[0].shape.map((_, i) => (i === axis ? depth : 1)),
    );
    const hit = tf.equal(tf.expandDims(wrapped(tf, tf.cast(indices, 'int32'), depth), axis), places);
    return [tf.where(hit, tf.slice(values, [1], [1]), tf.slice(values, [0], [1]))];
  },
  attrs: { axis: int(-1) },
  infer: ({ x: [indices, depth, values], attrs, where }) => {
    const axis = normalizeAxis(attrs.axis, indices.shape.length + 1, where);
    return [{ dtype: values.dtype, shape: indices.shape.toSpliced(axis, 0, requiredNumber(depth, 'depth')) }];
  },
  ...nonDifferentiable,
});

/** Which elements are kept does not depend on x: linear. */
export const Trilu = defineOp('Trilu', {
  doc: 'The upper or lower triangle of matrices, 0 elsewhere',
  run: (tf, [x], { node, attrs }) => {
    const [rows, columns] = x.shape.slice(-2);
    const k = node.inputs[1] ? requiredNumber(node.inputs[1], 'k') : 0;
    const kept = (i: number) => {
      const past = (i % columns) - Math.floor(i / columns);
      return attrs.upper === 1 ? past >= k : past <= k;
    };
    const mask = tf.tensor2d(
      Uint8Array.from({ length: rows * columns }, (_, i) => Number(kept(i))),
      [rows, columns],
      'bool',
    );
    return [tf.where(mask, x, tf.zerosLike(x))];
  },
  attrs: { upper: int(1) },
  infer: ({ x: [x] }) => [{ dtype: x.dtype, shape: x.shape }],
  ...routing<{ upper: number }>((g, { x: [x, k], dy: [dy], attrs }) => [
    isFloat(x.dtype) ? g.apply('Trilu', k ? [dy, k] : [dy], { upper: attrs.upper }) : null,
  ]),
  fold: ([x], attrs, [, k]) => {
    if (!x) return null;
    const diagonal = k ? (knownInts(k)?.[0] ?? null) : 0;
    if (diagonal === null) return null;
    return foldBuild(x.shape, (index) => {
      const [row, column] = index.slice(-2);
      const kept = attrs.upper === 1 ? column - row >= diagonal : column - row <= diagonal;
      return kept ? x.dims[index.reduce((flat, i, axis) => flat * x.shape[axis] + i, 0)] : 0;
    });
  },
});
