/** @file Dense arrays on the host: what crosses every boundary. Plain data, so they survive structured clone. */
import { allocate, isFloat, type DataByType, type DType } from './dtype.ts';
import { bfloat16ToFloat32, halfToFloat32 } from './half.ts';

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  /** Lengths of the axes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Row-major (C order); length is the product of `shape`. */
  readonly data: DataByType[D];
}

export type FloatTensor = Tensor<'float32'>;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** A tensor over `data` itself (no copy). Throws a RangeError when shape and data disagree. */
export function makeTensor<D extends DType>(dtype: D, shape: readonly number[], data: DataByType[D]): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`tensor: shape [${shape}] needs ${sizeOf(shape)} elements, the data has ${data.length}.`);
  }
  return { dtype, shape, data };
}

export const float32 = (shape: readonly number[], values: ArrayLike<number>): FloatTensor =>
  makeTensor('float32', shape, values instanceof Float32Array ? values : Float32Array.from(values));

export const int64 = (shape: readonly number[], values: readonly (number | bigint)[]): Tensor<'int64'> =>
  makeTensor('int64', shape, BigInt64Array.from(values, BigInt));

export const zeros = <D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> => ({
  dtype,
  shape,
  data: allocate(dtype, sizeOf(shape)),
});

export const full = (shape: readonly number[], value: number): FloatTensor => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(sizeOf(shape)).fill(value),
});

export const zerosLike = (x: Tensor): FloatTensor => full(x.shape, 0);

/** The elements as JavaScript numbers; int64 beyond 2⁵³ loses its low bits. */
export function toNumbers(x: Tensor): number[] {
  if (x.dtype === 'float16') return Array.from(halfToFloat32(x.data as Uint16Array));
  if (x.dtype === 'bfloat16') return Array.from(bfloat16ToFloat32(x.data as Uint16Array));
  return Array.from(x.data as ArrayLike<number | bigint>, Number);
}

/** The same values as float32, sharing storage where they already are. */
export function toFloat32(x: Tensor): FloatTensor {
  if (x.dtype === 'float32') return x as FloatTensor;
  if (x.dtype === 'float16') return { dtype: 'float32', shape: x.shape, data: halfToFloat32(x.data as Uint16Array) };
  return { dtype: 'float32', shape: x.shape, data: Float32Array.from(toNumbers(x)) };
}

export function reshape<D extends DType>(x: Tensor<D>, shape: readonly number[]): Tensor<D> {
  return makeTensor(x.dtype, shape, x.data);
}

/** Distance in elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/** Example `index` of a batch, as a batch of one: a view, not a copy. */
export function example(x: FloatTensor, index: number): FloatTensor {
  return slice0(x, index, index + 1);
}

/** Rows `start`…`end` − 1 along the first axis: a view, not a copy. */
export function slice0(x: FloatTensor, start: number, end: number): FloatTensor {
  const row = sizeOf(x.shape.slice(1));
  return { dtype: 'float32', shape: [end - start, ...x.shape.slice(1)], data: x.data.subarray(start * row, end * row) };
}

/** Tensors of one trailing shape, joined along the first axis. */
export function concat0(parts: readonly FloatTensor[]): FloatTensor {
  const rows = parts.reduce((n, p) => n + p.shape[0], 0);
  const shape = [rows, ...parts[0].shape.slice(1)];
  const data = new Float32Array(sizeOf(shape));
  let offset = 0;
  for (const part of parts) {
    if (part.shape.slice(1).join() !== shape.slice(1).join()) {
      throw new RangeError(`concat0: trailing shapes differ: [${part.shape.slice(1)}] and [${shape.slice(1)}].`);
    }
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { dtype: 'float32', shape, data };
}

export function assertFloat(x: Tensor, where: string): asserts x is FloatTensor {
  if (x.dtype !== 'float32') {
    const hint = isFloat(x.dtype) ? ' Convert it with toFloat32.' : '';
    throw new TypeError(`${where}: needs float32 data, got ${x.dtype}.${hint}`);
  }
}
