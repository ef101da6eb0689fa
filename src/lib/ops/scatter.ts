/** @file Writing by index. Where several updates hit one element without a reduction, ONNX leaves the winner open. */
import { concrete, normalizeAxis, sameShape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { int, string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { linear } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { alignedBatch, flatPositions } from './indexing.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { rowNumbers, type TensorFlow, type TfTensor } from './tensorflow.ts';

interface Reduction {
  readonly reduction: string;
}

/**
 * x keeps its flow but where it was overwritten; an update receives the flow of the element that it went to. Products
 * and extremes have no rule.
 */
const scatterGradient =
  <A extends Reduction>(
    write: (g: Builder, into: Value, indices: Value, updates: Value, attrs: A) => Value,
    read: (g: Builder, from: Value, indices: Value, attrs: A) => Value,
  ): BackwardRule<A> =>
  (g, { x: [, indices, updates], dy: [dy], attrs, wants }) => {
    if (attrs.reduction !== 'none' && attrs.reduction !== 'add') return [];
    const kept = attrs.reduction === 'add' || !wants(0) ? dy : write(g, dy, indices, g.zerosLike(updates), attrs);
    return [kept, null, wants(2) ? read(g, dy, indices, attrs) : null];
  };

/** Products and extremes are written by no kernel. */
function refuseReduction(reduction: string): void {
  if (reduction !== 'none' && reduction !== 'add')
    throw new RangeError(`reduction "${reduction}" has no kernel in TensorFlow.js.`);
}

/** Rows of x overwritten by `updates`, or added to. */
function scatterRows(tf: TensorFlow, x: TfTensor, rows: TfTensor, updates: TfTensor, reduction: string): TfTensor {
  refuseReduction(reduction);
  const where = tf.expandDims(rows, 1);
  if (reduction === 'add') return tf.add(x, tf.scatterND(where, updates, [...x.shape] as [number]));
  // On its cpu backend the kernel writes into x itself: a sum is new memory.
  return tf.tensorScatterUpdate(tf.add(x, tf.zerosLike(x)), where, updates);
}

const scatterElements = (tf: TensorFlow, x: TfTensor, at: TfTensor, updates: TfTensor, reduction: string): TfTensor =>
  tf.reshape(scatterRows(tf, tf.reshape(x, [-1]), at, tf.reshape(updates, [-1]), reduction), x.shape);

export const ScatterElements = defineOp('ScatterElements', {
  doc: 'x with updates written (or added) at one index an element, along an axis',
  run: (tf, [x, indices, updates], { attrs }) => [
    scatterElements(tf, x, flatPositions(tf, x, indices, attrs.axis), updates, attrs.reduction),
  ],
  attrs: { axis: int(0), reduction: string('none') },
  infer: ({ x: [x, indices, updates], attrs, where }) => {
    alignedBatch(x.shape, indices.shape, normalizeAxis(attrs.axis, x.shape.length, where), where);
    if (!sameShape(indices.shape, updates.shape)) {
      throw new RangeError(`${where}: indices [${indices.shape}] and updates [${updates.shape}] differ.`);
    }
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  ...linear(
    scatterGradient<{ axis: number; reduction: string }>(
      (g, into, indices, updates, { axis }) => g.apply('ScatterElements', [into, indices, updates], { axis }),
      (g, from, indices, { axis }) => g.apply('GatherElements', [from, indices], { axis }),
    ),
  ),
});

export const ScatterND = defineOp('ScatterND', {
  doc: 'x with updates written (or added) at index tuples',
  run: (tf, [x, indices, updates], { attrs }) => {
    const depth = indices.shape[indices.rank - 1];
    const rows = rowNumbers(tf, indices, x.shape.slice(0, depth));
    const rest = x.shape.slice(depth);
    return [
      tf.reshape(
        scatterRows(
          tf,
          tf.reshape(x, [sizeOf(x.shape.slice(0, depth)), ...rest]),
          rows,
          tf.reshape(updates, [rows.size, ...rest]),
          attrs.reduction,
        ),
        x.shape,
      ),
    ];
  },
  attrs: { reduction: string('none') },
  infer: ({ x: [x, indices, updates], where }) => {
    const depth = concrete(indices.shape[indices.shape.length - 1], where);
    x.shape.slice(0, depth).forEach((d) => concrete(d, where));
    const expected = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
    if (!sameShape(updates.shape, expected))
      throw new RangeError(`${where}: updates are [${updates.shape}], not [${expected}].`);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  ...linear(
    scatterGradient<Reduction>(
      (g, into, indices, updates) => g.apply('ScatterND', [into, indices, updates]),
      (g, from, indices) => g.apply('GatherND', [from, indices]),
    ),
  ),
});
