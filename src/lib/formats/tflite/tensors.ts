/**
 * @file Tensors of a file: real numbers. Quantised ones stand for scale · (q − zero point); graphs compute with these. Whole numbers
 * become int64, which is what ONNX's operators take as axes, shapes and positions.
 */
import { LARGEST_VALUE, MOST_AXES } from '../../graph/budget.ts';
import { bytesPerElement, viewBytes, type DType } from '../../tensor/dtype.ts';
import {
  makeTensor,
  sizeOf,
  stridesOf,
  toFloat32,
  toNumbers,
  int64,
  type FloatTensor,
  type Tensor,
} from '../../tensor/tensor.ts';
import { TENSOR_TYPES, typeName, type QuantizationTable, type TensorTable } from './schema.ts';

const REAL: ReadonlySet<DType> = new Set(['float32', 'float16', 'float64', 'int8', 'uint8', 'int16']);

/** Whether numbers of the tensor stand for others. */
export const isQuantized = ({ quantization }: TensorTable): boolean => (quantization?.scale.length ?? 0) > 0;

/** The element type of a value of the graph. Throws a RangeError where graphs have no such numbers. */
export function graphType(tensor: TensorTable): 'float32' | 'int64' | 'bool' {
  const type = fileType(tensor);
  if (type === 'bool') return 'bool';
  return REAL.has(type) || isQuantized(tensor) ? 'float32' : 'int64';
}

export function fileType({ type, name }: TensorTable): DType {
  const found = TENSOR_TYPES[type];
  if (!found)
    throw new RangeError(
      `tensor "${name}" has elements of ${typeName(type)}, which are not supported. Export the model in float32.`,
    );
  return found;
}

/** The least and the largest number that a quantised tensor can hold; null where it is not quantised, or by channels. */
export function rangeOf(tensor: TensorTable): { low: number; high: number; startsAtZero: boolean } | null {
  const { quantization } = tensor;
  const limits = { int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767] }[fileType(tensor) as string];
  if (!limits || quantization?.scale.length !== 1) return null;
  const [scale, zero] = [quantization.scale[0], quantization.zeroPoint[0] ?? 0];
  return { low: scale * (limits[0] - zero), high: scale * (limits[1] - zero), startsAtZero: zero === limits[0] };
}

/** A constant of the file in the graph's numbers. Throws a RangeError where its data do not fit its shape. */
export function constantOf(tensor: TensorTable, data: Uint8Array): Tensor {
  const { shape, name, sparsity } = tensor;
  if (sparsity !== 0)
    throw new RangeError(
      `tensor "${name}" leaves zeros out (sparsity), which is not supported. Export the model with dense weights.`,
    );
  const dtype = fileType(tensor);
  const elements = checkedSize(shape, name);
  const expected = elements * bytesPerElement(dtype);
  if (data.length < expected || (elements > 0 && data.length > expected))
    throw new RangeError(
      `tensor "${name}" of the shape [${shape}] needs ${expected} bytes, its buffer has ${data.length}. The file is damaged: export the model again.`,
    );
  const stored = makeTensor(dtype, shape, viewBytes(dtype, data.subarray(0, expected)));
  if (isQuantized(tensor)) return dequantized(stored, tensor.quantization!, name);
  const type = graphType(tensor);
  if (type === 'float32') return toFloat32(stored);
  return type === 'int64' && dtype !== 'int64' ? int64(shape, toNumbers(stored)) : stored;
}

function checkedSize(shape: readonly number[], name: string): number {
  const elements = shape.reduce((n, d) => n * Math.max(d, 1), 1);
  if (shape.some((d) => d < 0) || shape.length > MOST_AXES || elements > LARGEST_VALUE)
    throw new RangeError(
      `tensor "${name}" has the shape [${shape}]; lengths are whole numbers from 0, at most ${LARGEST_VALUE} elements together. The file is damaged: export the model again.`,
    );
  return sizeOf(shape);
}

/** scale · (q − zero point), the two for the whole tensor or for each place along an axis. */
function dequantized(x: Tensor, q: QuantizationTable, name: string): FloatTensor {
  // Converters of 2019 gave the bias of a layer the axis of its weights.
  const axis = q.scale.length === 1 || x.shape.length === 1 ? 0 : q.quantizedDimension;
  const channels = q.scale.length === 1 ? 1 : x.shape[axis];
  const zeros = q.zeroPoint.length;
  if (q.scale.length !== channels || (zeros > 1 && zeros !== channels))
    throw new RangeError(
      `tensor "${name}" of the shape [${x.shape}] has ${q.scale.length} scales and ${zeros} zero points for axis ${axis}. The file is damaged: export the model again.`,
    );
  const inner = channels === 1 ? 1 : stridesOf(x.shape)[axis];
  const data = new Float32Array(sizeOf(x.shape));
  for (let i = 0; i < data.length; i++) {
    const channel = channels === 1 ? 0 : Math.floor(i / inner) % channels;
    const zero = q.zeroPoint[zeros > 1 ? channel : 0] ?? 0;
    data[i] = q.scale[channel] * (Number(x.data[i]) - zero);
  }
  return makeTensor('float32', x.shape, data);
}
