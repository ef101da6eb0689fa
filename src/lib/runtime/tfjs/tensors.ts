/** @file Tensors of the host and of TensorFlow.js, which knows float32, int32 and bool. */
import { tfType, type TensorFlow, type TfTensor } from '../../ops/tensorflow.ts';
import { allocate, type DType, type TensorData } from '../../tensor/dtype.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { DeviceTensor } from '../runtime.ts';
import type { Enqueue } from '../queue.ts';

/** Element types with a place in TensorFlow.js: wider whole numbers are narrowed, other floats would lose digits. */
const KNOWN: ReadonlySet<DType> = new Set(['float32', 'bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'int64']);

export const hasPlace = (dtype: DType): boolean => KNOWN.has(dtype);

const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];

function upload(data: TensorData, dtype: DType): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'float32') return (data as Float32Array).slice();
  if (dtype === 'bool') return (data as Uint8Array).slice();
  const numbers = Int32Array.from({ length: data.length });
  // ONNX writes "to the end" as the largest int64.
  for (let i = 0; i < data.length; i++) numbers[i] = Math.min(Math.max(Number(data[i]), LEAST), MOST);
  return numbers;
}

/** A copy on the current backend. */
export const toDevice = (tf: TensorFlow, { dtype, shape, data }: Tensor): TfTensor =>
  tf.tensor(upload(data, dtype), [...shape], tfType(dtype));

function download(data: ArrayLike<number>, dtype: DType, shape: readonly number[]): TensorData {
  if (dtype === 'float32' && data instanceof Float32Array) return data;
  const result = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < result.length; i++) result[i] = (dtype === 'int64' ? BigInt(data[i]) : data[i]) as never;
  return result;
}

/** A result of a run, where the backend has it. */
export class TfjsDeviceTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly #tensor: TfTensor;
  readonly #enqueue: Enqueue;
  readonly #check: () => void;

  /** `check` throws where the numbers that were read cannot be trusted. */
  constructor(tensor: TfTensor, dtype: DType, enqueue: Enqueue, check: () => void = () => undefined) {
    this.dtype = dtype;
    this.shape = tensor.shape;
    this.#tensor = tensor;
    this.#enqueue = enqueue;
    this.#check = check;
  }

  value(where: string): TfTensor {
    if (this.#tensor.isDisposed) throw new Error(`${where}: the tensor has been disposed of.`);
    return this.#tensor;
  }

  read(): Promise<Tensor> {
    const tensor = this.value('read');
    return this.#enqueue(async () => {
      const data = await tensor.data();
      this.#check();
      return { dtype: this.dtype, shape: this.shape, data: download(data, this.dtype, this.shape) };
    });
  }

  dispose(): void {
    if (!this.#tensor.isDisposed) void this.#enqueue(async () => this.#tensor.dispose());
  }
}
