/** @file TensorFlow's TensorProto → Tensor. Elements stay where they are in the file where it has them as bytes. */
import { LARGEST_VALUE, MOST_AXES } from '../../graph/budget.ts';
import { allocate, bytesPerElement, isFloat, viewBytes, type DType } from '../../tensor/dtype.ts';
import { makeTensor, sizeOf, toFloat32, toNumbers, type Tensor } from '../../tensor/tensor.ts';
import type { TensorProto } from './proto.ts';
import { elementType } from './types.ts';

/** The tensor, element type as stored. Throws a RangeError or TypeError saying what is wrong with it. */
export function decodeTensor(proto: TensorProto): Tensor {
  const dtype = elementType(proto.dtype, 'its value');
  const shape = (proto.tensorShape?.dim ?? []).map(({ size }) => size);
  const impossible = proto.tensorShape?.unknownRank || shape.length > MOST_AXES || shape.some((d) => d < 0);
  if (impossible || !(sizeOf(shape) <= LARGEST_VALUE))
    throw new RangeError(
      `its value has the impossible shape [${shape.slice(0, MOST_AXES)}]. The file is damaged: export it again.`,
    );
  const { tensorContent: content } = proto;
  if (!content || (content.length === 0 && sizeOf(shape) > 0)) return fromList(dtype, shape, proto);
  const expected = sizeOf(shape) * bytesPerElement(dtype);
  if (content.length !== expected)
    throw new RangeError(
      `its value ${dtype}[${shape}] needs ${expected} bytes, the file has ${content.length}. Export or download it again.`,
    );
  return { dtype, shape, data: viewBytes(dtype, content) } as Tensor;
}

/** Most elements that a shorter list may be filled up to: a hundred bytes could ask for gigabytes. */
const MOST_FILLED = 2 ** 24;

/** A list may be shorter than the tensor: its last element then fills the rest. */
function fromList(dtype: DType, shape: readonly number[], proto: TensorProto): Tensor {
  const values = listOf(dtype, proto);
  const length = sizeOf(shape);
  if (values.length > length || (values.length === 0 && length > 0) || length - values.length > MOST_FILLED)
    throw new RangeError(
      `its value ${dtype}[${shape}] needs ${length} elements, the file has ${values.length}. Export or download it again.`,
    );
  const data = allocate(dtype, length);
  const filled = data as { [i: number]: number | bigint };
  for (let i = 0; i < length; i++) filled[i] = values[Math.min(i, values.length - 1)];
  return makeTensor(dtype, shape, data);
}

function listOf(dtype: DType, proto: TensorProto): ArrayLike<number | bigint> {
  switch (dtype) {
    case 'float32':
      return proto.floatVal;
    case 'float64':
      return proto.doubleVal;
    case 'float16':
    case 'bfloat16':
      return proto.halfVal;
    case 'int64':
      return proto.int64Val;
    case 'uint64':
      return proto.uint64Val;
    case 'uint32':
      return proto.uint32Val;
    case 'bool':
      return proto.boolVal.map((v) => Number(v !== 0));
    default:
      return proto.intVal;
  }
}

/** Element type in a graph: float32 for every float, int64 for every whole number, so that shape arithmetic is of one type. */
export const inGraph = (dtype: DType): DType => (isFloat(dtype) ? 'float32' : dtype === 'bool' ? 'bool' : 'int64');

/** The tensor in the element type that graphs compute in. */
export function computed(tensor: Tensor): Tensor {
  const dtype = inGraph(tensor.dtype);
  if (dtype === tensor.dtype) return tensor;
  if (dtype === 'float32') return toFloat32(tensor);
  return makeTensor('int64', tensor.shape, BigInt64Array.from(toNumbers(tensor), BigInt));
}
