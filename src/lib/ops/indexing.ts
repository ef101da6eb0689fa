/** @file Reading by index. Indices are taken as given, even where they depend on the image. */
import type { Tensor1D } from '@tensorflow/tfjs-core';
import { BatchError, concrete, isBatch, normalizeAxis, product, type Shape } from '../graph/dim.ts';
import { knownInts, type Value } from '../graph/graph.ts';
import { sizeOf, stridesOf } from '../tensor/tensor.ts';
import { scatterAlong, scatterAtIndices } from './along-axis.ts';
import { int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { routing } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { elementAt, foldBuild } from './fold.ts';
import { hasBatch } from './known.ts';
import { basePositions, outputShape, rowNumbers, wrapped, type TensorFlow, type TfTensor } from './tensorflow.ts';

interface Axis {
  readonly axis: number;
}

/** A shape with the batch axis at most once: twice would pair every example with every other. */
export function oneBatchAxis(shape: Shape, where: string): Shape {
  if (shape.filter(isBatch).length > 1)
    throw new BatchError(`${where}: [${shape}] pairs each example with every other.`);
  return shape;
}

const wrap = (index: number, length: number): number => (index < 0 ? index + length : index);

/** The flow with the axes that the indices made folded into one, at `axis`. */
function mergeIndexAxes(g: Builder, x: Value, indices: Value, dy: Value, axis: number): Value {
  return g.reshape(dy, [...x.shape.slice(0, axis), product(indices.shape), ...x.shape.slice(axis + 1)]);
}

const gatherGradient: BackwardRule<Axis> = (g, { x: [x, indices], dy: [dy], attrs, wants }) => {
  if (!wants(0)) return [null, null];
  const axis = normalizeAxis(attrs.axis, x.shape.length, 'Gather');
  const length = concrete(x.shape[axis], 'Gather');
  if (hasBatch(indices.shape)) return [undefined, null];
  const rows = mergeIndexAxes(g, x, indices, dy, axis);
  const known = knownInts(indices);
  if (known)
    return [
      scatterAlong(
        g,
        rows,
        axis,
        known.map((i) => wrap(i, length)),
        length,
      ),
      null,
    ];
  const column = g.reshape(indices, [product(indices.shape), 1]);
  return [scatterAtIndices(g, rows, axis, column, length), null];
};

/** x[…, indices, …]: rows of an embedding, a class token, a permutation of channels. */
export const Gather = defineOp('Gather', {
  doc: 'x at indices along an axis',
  run: (tf, [x, indices], site) => {
    const axis = normalizeAxis(site.attrs.axis, x.rank, 'Gather');
    const list = tf.reshape(wrapped(tf, indices, x.shape[axis]), [-1]);
    return [tf.reshape(tf.gather(x, list as Tensor1D, axis), outputShape(site))];
  },
  attrs: { axis: int(0) },
  infer: ({ x: [x, indices], attrs, where }) => {
    const axis = normalizeAxis(attrs.axis, x.shape.length, where);
    concrete(x.shape[axis], where);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return [{ dtype: x.dtype, shape: oneBatchAxis(shape, where) }];
  },
  ...routing(gatherGradient),
  fold: ([x, indices], attrs) => {
    if (!x || !indices || indices.dims.some(isBatch)) return null;
    const axis = normalizeAxis(attrs.axis, x.shape.length, 'Gather');
    const rank = indices.shape.length;
    return foldBuild([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], (index) => {
      const picked = elementAt(indices, index.slice(axis, axis + rank)) as number;
      return elementAt(x, [...index.slice(0, axis), wrap(picked, x.shape[axis]), ...index.slice(axis + rank)]);
    });
  },
});

/** Along every axis but the one indexed, x and indices must have the batch in the same place. */
export function alignedBatch(x: Shape, indices: Shape, axis: number, where: string): void {
  concrete(x[axis], where);
  const odd = x.findIndex((d, i) => i !== axis && d !== indices[i] && (isBatch(d) || isBatch(indices[i])));
  if (x.length !== indices.length || odd !== -1) {
    throw new BatchError(`${where}: indices [${indices}] do not go with [${x}] example by example.`);
  }
}

/** Where the elements that `indices` name along an axis lie in x as one long vector. */
export function flatPositions(tf: TensorFlow, x: TfTensor, indices: TfTensor, given: number): TfTensor {
  const axis = normalizeAxis(given, x.rank, 'GatherElements');
  const along = tf.reshape(wrapped(tf, indices, x.shape[axis]), [-1]);
  return tf.add(
    basePositions(tf, indices.shape, axis, x.shape),
    tf.mul(along, tf.scalar(stridesOf(x.shape)[axis], 'int32')),
  );
}

export const GatherElements = defineOp('GatherElements', {
  doc: 'x at one index an element, along an axis',
  run: (tf, [x, indices], { attrs }) => [
    tf.reshape(tf.gather(tf.reshape(x, [-1]), flatPositions(tf, x, indices, attrs.axis) as Tensor1D), indices.shape),
  ],
  attrs: { axis: int(0) },
  infer: ({ x: [x, indices], attrs, where }) => {
    alignedBatch(x.shape, indices.shape, normalizeAxis(attrs.axis, x.shape.length, where), where);
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
  ...routing<Axis>((g, { x: [x, indices], dy: [dy], attrs, wants }) => [
    wants(0) ? g.apply('ScatterElements', [g.zerosLike(x), indices, dy], { axis: attrs.axis, reduction: 'add' }) : null,
    null,
  ]),
});

/** x at tuples of its axes after the first `batchDims`, as rows. */
function gatherTuples(tf: TensorFlow, x: TfTensor, indices: TfTensor, batchDims: number): TfTensor {
  const depth = indices.shape[indices.rank - 1];
  const [batch, lengths] = [sizeOf(x.shape.slice(0, batchDims)), x.shape.slice(batchDims, batchDims + depth)];
  const rows = tf.reshape(rowNumbers(tf, indices, lengths), [batch, -1]);
  const first = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(sizeOf(lengths), 'int32'));
  const flat = tf.reshape(tf.add(rows, tf.expandDims(first, 1)), [-1]);
  return tf.gather(tf.reshape(x, [batch * sizeOf(lengths), ...x.shape.slice(batchDims + depth)]), flat as Tensor1D);
}

/** The gradient exists for batch_dims = 0, where it is one ScatterND. */
export const GatherND = defineOp('GatherND', {
  doc: 'x at index tuples',
  run: (tf, [x, indices], site) => [tf.reshape(gatherTuples(tf, x, indices, site.attrs.batchDims), outputShape(site))],
  attrs: { batch_dims: int(0) },
  infer: ({ x: [x, indices], attrs, where }) => {
    const depth = concrete(indices.shape[indices.shape.length - 1], where);
    const first = attrs.batchDims;
    x.shape.slice(first, first + depth).forEach((d) => concrete(d, where));
    if (x.shape.slice(0, first).some((d, i) => d !== indices.shape[i])) {
      throw new RangeError(`${where}: the first ${first} axes of [${x.shape}] and [${indices.shape}] differ.`);
    }
    const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(first + depth)];
    return [{ dtype: x.dtype, shape: oneBatchAxis(shape, where) }];
  },
  ...routing<{ batchDims: number }>((g, { x: [x, indices], dy: [dy], attrs, wants }) => {
    if (!wants(0)) return [null, null];
    if (attrs.batchDims > 0) return [undefined, null];
    return [g.apply('ScatterND', [g.zerosLike(x), indices, dy], { reduction: 'add' }), null];
  }),
});
