/** @file TensorProto ↔ Tensor. Weights stay where they are in the dropped files until somebody reads their elements. */
import { ONNX_TYPE } from '../../ops/builder.ts';
import { allocate, bytesPerElement, viewBytes, type DType, type TensorData } from '../../tensor/dtype.ts';
import { float32ToHalf } from '../../tensor/half.ts';
import { makeTensor, toFloat32, type Tensor } from '../../tensor/tensor.ts';
import { FormatError } from '../error.ts';
import { fileAt } from '../files.ts';
import type { ExternalFile } from '../model.ts';
import { placeOf } from './external.ts';
import type { TensorProto } from './proto.ts';

export interface TensorContext {
  /** The model file's name, for errors. */
  readonly file: string;
  readonly external: readonly ExternalFile[];
}

const dtypeOf = new Map(Object.entries(ONNX_TYPE).map(([dtype, no]) => [no, dtype as DType]));

/** TensorProto.DataType values without a typed array of ours. */
const FOREIGN: Readonly<Record<number, string>> = {
  0: 'UNDEFINED',
  8: 'STRING',
  14: 'COMPLEX64',
  15: 'COMPLEX128',
  17: 'FLOAT8E4M3FN',
  18: 'FLOAT8E4M3FNUZ',
  19: 'FLOAT8E5M2',
  20: 'FLOAT8E5M2FNUZ',
  21: 'UINT4',
  22: 'INT4',
  23: 'FLOAT4E2M1',
  24: 'FLOAT8E8M0',
  25: 'UINT2',
  26: 'INT2',
};

/** The element type with ONNX's number, or a FormatError saying what `what` has instead. */
export function elementType(no: number, what: string, file: string): DType {
  const dtype = dtypeOf.get(no);
  if (dtype) return dtype;
  throw new FormatError(
    `${file}: ${what} has element type ${FOREIGN[no] ?? no}, which is not supported. Export the model in float32 or float16.`,
  );
}

/** Elements of the largest tensor that is accepted: onnxruntime's heap in a browser ends at 4 GiB. */
const MAX_BYTES = 2 ** 32;

/** The tensor in a file, element type as stored. Throws a FormatError naming it. */
export function decodeTensor(proto: TensorProto, context: TensorContext): Tensor {
  const what = `tensor "${proto.name}"`;
  const dtype = elementType(proto.dataType, what, context.file);
  const shape = proto.dims;
  const length = shape.reduce((n, d) => n * d, 1);
  if (shape.some((d) => d < 0) || length * bytesPerElement(dtype) > MAX_BYTES) {
    throw new FormatError(
      `${context.file}: ${what} has the impossible shape [${shape}]. The file is damaged: export it again.`,
    );
  }
  const raw = proto.dataLocation === 1 ? externalBytes(proto, what, context) : proto.rawData;
  if (!raw || (raw.length === 0 && length > 0)) return makeTyped(dtype, proto, length, what, context.file);
  const expected = length * bytesPerElement(dtype);
  if (raw.length !== expected) {
    throw new FormatError(
      `${context.file}: ${what} of ${dtype}[${shape}] needs ${expected} bytes, the file has ${raw.length}. Export or download it again.`,
    );
  }
  return overBytes(dtype, shape, raw);
}

const bytesBehind = new WeakMap<Tensor, Uint8Array>();

/** A tensor over a file's bytes: a view where they are aligned, else copied when its elements are first read. */
function overBytes(dtype: DType, shape: readonly number[], raw: Uint8Array): Tensor {
  const tensor =
    raw.byteOffset % bytesPerElement(dtype) === 0
      ? { dtype, shape, data: viewBytes(dtype, raw) }
      : lazy(dtype, shape, () => viewBytes(dtype, raw));
  bytesBehind.set(tensor, raw);
  return tensor;
}

/** A tensor whose elements are made when they are first read. */
function lazy(dtype: DType, shape: readonly number[], make: () => TensorData): Tensor {
  let data: TensorData | null = null;
  return {
    dtype,
    shape,
    get data() {
      return (data ??= make());
    },
  };
}

/** A tensor's little-endian bytes: where they lie in the dropped file if that is where they come from, else a view on its elements. */
export function bytesOf(tensor: Tensor): Uint8Array {
  return bytesBehind.get(tensor) ?? new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}

/** The same elements under another shape: nothing is read or copied. */
export function reshaped(tensor: Tensor, shape: readonly number[]): Tensor {
  const made = lazy(tensor.dtype, shape, () => tensor.data);
  const bytes = bytesBehind.get(tensor);
  if (bytes) bytesBehind.set(made, bytes);
  return made;
}

/** float16, bfloat16 and float64 as float32, converted when first read; other types as they are. */
export function asFloat32(tensor: Tensor): Tensor {
  if (tensor.dtype !== 'float16' && tensor.dtype !== 'bfloat16' && tensor.dtype !== 'float64') return tensor;
  return lazy('float32', tensor.shape, () => toFloat32(tensor).data);
}

function makeTyped(dtype: DType, proto: TensorProto, length: number, what: string, file: string): Tensor {
  const values = typedField(dtype, proto);
  if (values.length !== length) {
    throw new FormatError(
      `${file}: ${what} of ${dtype}[${proto.dims}] needs ${length} elements, the file has ${values.length}. Export or download it again.`,
    );
  }
  if (values instanceof Float32Array || values instanceof Float64Array) return makeTensor(dtype, proto.dims, values);
  const data = allocate(dtype, length);
  for (let i = 0; i < length; i++) data[i] = values[i] as never;
  return makeTensor(dtype, proto.dims, data);
}

/** Where onnx.proto puts the elements of each type that are not raw bytes. Half precision is stored as bits. */
function typedField(
  dtype: DType,
  proto: TensorProto,
): Float32Array | Float64Array | readonly number[] | readonly bigint[] {
  switch (dtype) {
    case 'float32':
      return proto.floatData;
    case 'float64':
      return proto.doubleData;
    case 'int64':
      return proto.int64Data;
    case 'uint64':
      return proto.uint64Data;
    case 'uint32':
      return proto.uint64Data.map(Number);
    default:
      return proto.int32Data;
  }
}

function externalBytes(proto: TensorProto, what: string, { file, external }: TensorContext): Uint8Array {
  const place = placeOf(proto);
  const found = fileAt(place.location, external);
  if (!found) {
    throw new FormatError(
      `${file}: its weights lie in the file "${place.location}", which is missing. Drop it together with the model.`,
    );
  }
  const { location, offset } = place;
  const length = place.length ?? found.data.length - offset;
  const fits =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= found.data.length;
  if (!fits) {
    throw new FormatError(
      `${file}: ${what} lies at bytes ${offset} … ${offset + length} of "${location}", which has ${found.data.length}. The files do not belong together, or one was cut short: download both again.`,
    );
  }
  return found.data.subarray(offset, offset + length);
}

/** float32 values in another element type, for inputs of models that compute in half precision. */
export function fromFloat32(x: Tensor<'float32'>, dtype: DType): Tensor {
  if (dtype === 'float32') return x;
  if (dtype === 'float16') return makeTensor('float16', x.shape, float32ToHalf(x.data));
  if (dtype === 'float64') return makeTensor('float64', x.shape, Float64Array.from(x.data));
  throw new TypeError(`fromFloat32: ${dtype} is not supported. Use float16 or float64.`);
}
