/** @file Element types, by ONNX's names, and the typed arrays that hold them. */

export interface DataByType {
  float32: Float32Array;
  float64: Float64Array;
  /** IEEE half precision as raw bits; see `half.ts`. */
  float16: Uint16Array;
  /** The upper half of a float32 as raw bits; see `half.ts`. */
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  /** One byte an element, 0 or 1. */
  bool: Uint8Array;
}

export type DType = keyof DataByType;
export type TensorData = DataByType[DType];

const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

export const dtypes = Object.keys(arrayTypes) as DType[];

export const isFloat = (dtype: DType): boolean =>
  dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';

export const bytesPerElement = (dtype: DType): number => arrayTypes[dtype].BYTES_PER_ELEMENT;

/** A zero-filled array of `length` elements. */
export function allocate<D extends DType>(dtype: D, length: number): DataByType[D] {
  return new arrayTypes[dtype](length) as DataByType[D];
}

/**
 * The elements stored in `bytes`, little-endian, as a view where the platform and the alignment allow it and as a
 * copy where `byteOffset` is not a multiple of the element size.
 */
export function viewBytes<D extends DType>(dtype: D, bytes: Uint8Array): DataByType[D] {
  const size = bytesPerElement(dtype);
  if (bytes.byteLength % size !== 0) {
    throw new RangeError(
      `tensor: ${bytes.byteLength} bytes do not hold a whole number of ${dtype} elements (${size} bytes each).`,
    );
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const View = arrayTypes[dtype];
  return new View(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size) as DataByType[D];
}
