/** @file What an operator's `run` sees of TensorFlow.js, which is a parameter: nothing here loads it. */
import type * as tfjs from '@tensorflow/tfjs-core';
import type { Node } from '../graph/graph.ts';
import { isFloat, type DType } from '../tensor/dtype.ts';
import { sizeOf, stridesOf } from '../tensor/tensor.ts';

export type TensorFlow = typeof tfjs;
export type TfTensor = tfjs.Tensor;

/** The node that is run; the lengths of its axes are numbers. */
export interface RunSite<A> {
  readonly node: Node;
  readonly attrs: A;
}

/**
 * The operator by TensorFlow.js: its inputs (missing ones are undefined) to its outputs. Whole numbers of every width
 * are int32 there. What it makes on the way is disposed of by the caller.
 */
export type Run<A> = (tf: TensorFlow, x: readonly TfTensor[], site: RunSite<A>) => TfTensor[];

/** The element type that stands for ours. */
export const tfType = (dtype: DType): 'float32' | 'int32' | 'bool' =>
  isFloat(dtype) ? 'float32' : dtype === 'bool' ? 'bool' : 'int32';

/** The lengths of an output's axes. */
export const outputShape = ({ node }: RunSite<unknown>, index = 0): number[] => node.outputs[index].shape as number[];

/** The lengths of an input's axes. */
export const inputShape = ({ node }: RunSite<unknown>, index = 0): number[] => node.inputs[index]!.shape as number[];

/** The same elements in the output's shape. */
export const reshaped: Run<unknown> = (tf, [x], site) => [tf.reshape(x, outputShape(site))];

/**
 * x in a shape that it broadcasts to. As a product with ones, since TensorFlow.js's own way, copies of slices, takes a hundred times as
 * long on WASM.
 */
export function broadcasted(tf: TensorFlow, x: TfTensor, shape: readonly number[]): TfTensor {
  if (x.shape.join() === shape.join()) return x;
  return x.dtype === 'float32' ? tf.mul(tf.fill([...shape], 1), x) : tf.broadcastTo(x, [...shape]);
}

/** The smaller of two operands without leading axes of length 1: where there are any, cpu asks at every element which are broadcast. */
function bare(tf: TensorFlow, x: TfTensor, other: TfTensor): TfTensor {
  if (x.size >= other.size || x.rank > other.rank) return x;
  const ones = x.shape.findIndex((d) => d !== 1);
  return ones === 0 ? x : tf.reshape(x, ones === -1 ? [] : x.shape.slice(ones));
}

/** An operator on two tensors that broadcast against each other. */
export const onTwo =
  (f: (tf: TensorFlow, a: TfTensor, b: TfTensor) => TfTensor): Run<unknown> =>
  (tf, [a, b]) => [f(tf, bare(tf, a, b), bare(tf, b, a))];

/** Towards zero, as ONNX rounds. */
export const truncated = (tf: TensorFlow, x: TfTensor): TfTensor => tf.mul(tf.sign(x), tf.floor(tf.abs(x)));

/** a / b; between whole numbers rounded towards zero, which TensorFlow.js rounds down. */
export function quotient(tf: TensorFlow, a: TfTensor, b: TfTensor): TfTensor {
  if (a.dtype !== 'int32') return tf.div(a, b);
  return tf.cast(truncated(tf, tf.div(tf.cast(a, 'float32'), tf.cast(b, 'float32'))), 'int32');
}

/** Indices from the end made indices from the start; `length` is a number or a tensor that broadcasts. */
export const wrapped = (tf: TensorFlow, indices: TfTensor, length: number | TfTensor): TfTensor =>
  tf.where(
    tf.less(indices, 0),
    tf.add(indices, typeof length === 'number' ? tf.scalar(length, 'int32') : length),
    indices,
  );

/** For each element of `shape` the position that its index without `axis` has in a tensor of shape `within`, row-major. */
export function basePositions(
  tf: TensorFlow,
  shape: readonly number[],
  axis: number,
  within: readonly number[],
): TfTensor {
  const [own, other] = [stridesOf(shape), stridesOf(within)];
  const positions = Int32Array.from({ length: sizeOf(shape) }, (_, flat) =>
    shape.reduce((at, d, i) => (i === axis ? at : at + (Math.floor(flat / own[i]) % d) * other[i]), 0),
  );
  return tf.tensor1d(positions, 'int32');
}

/** The row that each tuple of the last axis of `indices` names in a tensor whose first axes are `lengths` long. */
export function rowNumbers(tf: TensorFlow, indices: TfTensor, lengths: readonly number[]): TfTensor {
  const list = tf.reshape(indices, [-1, lengths.length]);
  const whole = wrapped(tf, list, tf.tensor1d([...lengths], 'int32'));
  return tf.sum(tf.mul(whole, tf.tensor1d(stridesOf(lengths), 'int32')), 1);
}
