/**
 * @file Tensors of the reference interpreter: every element is a float64, whatever its type is called, and every
 * access goes through an index vector. Nothing here is shared with src/lib/ops, so that the two can check each other.
 */
import type { Attributes, Node } from '../../src/lib/graph/graph.ts';
import type { DType } from '../../src/lib/tensor/dtype.ts';

export interface RefTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major; booleans are 0 and 1. */
  readonly data: Float64Array;
}

/**
 * One operator, written from the ONNX specification. `x[i]` is undefined where an optional input is left out; `attrs`
 * are ONNX's own, undecoded, so that defaults are written twice and compared.
 */
export type ReferenceOp = (x: readonly RefTensor[], attrs: Attributes, node: Node) => readonly RefTensor[];
export type Family = Readonly<Record<string, ReferenceOp>>;

export const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** The place of `index` in the row-major data of `shape`. */
export function offsetOf(shape: readonly number[], index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) offset = offset * shape[axis] + index[axis];
  return offset;
}

/** Every index vector of `shape`, in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let left = count(shape); left > 0; left--) {
    yield index.slice();
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}

export const at = (x: RefTensor, index: readonly number[]): number => x.data[offsetOf(x.shape, index)];

/** The element that broadcasting puts at `index` of a larger shape. */
export const atBroadcast = (x: RefTensor, index: readonly number[]): number =>
  at(
    x,
    x.shape.map((length, axis) => (length === 1 ? 0 : index[index.length - x.shape.length + axis])),
  );

/** The tensor whose element at each index is f(index). */
export function build(dtype: DType, shape: readonly number[], f: (index: number[]) => number): RefTensor {
  return { dtype, shape, data: Float64Array.from(indices(shape), f) };
}

export const ref = (dtype: DType, shape: readonly number[], values: ArrayLike<number>): RefTensor => ({
  dtype,
  shape,
  data: Float64Array.from(values),
});

/** A copy that may be written to. */
export const clone = (x: RefTensor): RefTensor => ({ ...x, data: x.data.slice() });

export function add(x: RefTensor, index: readonly number[], value: number): void {
  x.data[offsetOf(x.shape, index)] += value;
}

/** NumPy's rule: align at the end; lengths are equal or one of them is 1. */
export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((s) => s[axis - rank + s.length] ?? 1);
    const length = lengths.find((d) => d !== 1) ?? 1;
    if (lengths.some((d) => d !== 1 && d !== length))
      throw new Error(`reference: [${shapes.join('] [')}] do not broadcast`);
    return length;
  });
}

/** An attribute that is a number, or its ONNX default. */
export const num = (attrs: Attributes, name: string, fallback: number): number =>
  (attrs[name] as number | undefined) ?? fallback;
/** An attribute that is a list of numbers, or its ONNX default. */
export const list = (attrs: Attributes, name: string, fallback: readonly number[]): readonly number[] =>
  (attrs[name] as readonly number[] | undefined) ?? fallback;
export const text = (attrs: Attributes, name: string, fallback: string): string =>
  (attrs[name] as string | undefined) ?? fallback;

/** Negative axes count from the end. */
export const wrapAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** `index` with the entry at `axis` replaced. */
export const replaceAt = (index: readonly number[], axis: number, value: number): number[] => index.with(axis, value);
