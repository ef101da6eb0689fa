/** @file Shape arithmetic and constant parameters, computed at load. Weights are left alone: runtimes fold what they like. */
import { isBatch, type Dim } from '../../graph/dim.ts';
import { constantValue, dimsValue, type Value } from '../../graph/graph.ts';
import type { AnyOp, KnownVector } from '../../ops/define.ts';
import { allocate, isFloat, type DType } from '../../tensor/dtype.ts';
import { makeTensor, sizeOf, toNumbers, type Tensor } from '../../tensor/tensor.ts';
import { reshaped } from './tensors.ts';

/** Most elements of a float constant that takes part: anything larger is a weight. */
const MAX_FLOATS = 1024;
/** Most elements of a whole-number constant: relative positions of a window of 14 × 14 are some 40,000. */
const MAX_INTS = 65536;

/** Operators that read no more of their input than its shape. */
const SHAPE_ONLY: ReadonlySet<string> = new Set(['Shape', 'Size']);
/** Operators that keep every element where it is. */
const RESHAPES: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);

const INT64_MAX = 2n ** 63n - 1n;

/** What is known of values that no `Value` can say: scalars and floats that depend on the batch size. */
export class Folder {
  readonly #known = new Map<Value, KnownVector>();

  /** Whether more is known of a value than the value itself says. */
  knows(value: Value): boolean {
    return this.#known.has(value);
  }

  /** Content of a value as far as it is known before anything runs. */
  #vectorOf(value: Value | null): KnownVector | null {
    if (!value) return null;
    const known = this.#known.get(value);
    if (known) return known;
    const shape = value.shape as readonly number[];
    if (value.dims) return { shape, dims: value.dims };
    if (!value.constant || sizeOf(shape) > (isFloat(value.dtype) ? MAX_FLOATS : MAX_INTS)) return null;
    return { shape, dims: toNumbers(value.constant) };
  }

  /**
   * Output `index` of a node, computed: `outputs` are what shape inference made of them. Returns it unchanged where its
   * content is not known or it is too large.
   */
  fold(op: AnyOp, attrs: unknown, inputs: readonly (Value | null)[], outputs: readonly Value[], index = 0): Value {
    const typed = outputs[index];
    const [first] = inputs;
    if (first?.constant && RESHAPES.has(op.type) && !typed.shape.some(isBatch)) {
      return constantValue(reshaped(first.constant, typed.shape as readonly number[]), typed.name);
    }
    if (!op.fold || tooLarge(typed)) return typed;
    const known = inputs.map((v) => this.#vectorOf(v));
    if (!SHAPE_ONLY.has(op.type) && inputs.some((v, i) => v && !known[i])) return typed;
    const result = op.fold(known, attrs, inputs as readonly Value[], { index, shapes: outputs.map((v) => v.shape) });
    return result ? this.#valueOf(result, typed) : typed;
  }

  #valueOf(result: KnownVector, typed: Value): Value {
    if (!result.dims.some(isBatch))
      return constantValue(tensorOf(typed.dtype, result.shape, result.dims as readonly number[]), typed.name);
    if (typed.dtype === 'int64' && result.shape.length === 1) return dimsValue(result.dims);
    this.#known.set(typed, result);
    return typed;
  }
}

const tooLarge = (v: Value): boolean =>
  !v.shape.some(isBatch) && sizeOf(v.shape as readonly number[]) > (isFloat(v.dtype) ? MAX_FLOATS : MAX_INTS);

/** Numbers as a tensor: whole-number types cut towards zero, int64 saturates. */
function tensorOf(dtype: DType, shape: readonly number[], values: readonly Dim[]): Tensor {
  const data = allocate(dtype, values.length);
  values.forEach(
    (v, i) =>
      (data[i] = (
        data instanceof BigInt64Array || data instanceof BigUint64Array
          ? toBigInt(v as number)
          : dtype === 'bool'
            ? Number(v !== 0)
            : (v as number)
      ) as never),
  );
  return makeTensor(dtype, shape, data);
}

function toBigInt(v: number): bigint {
  if (Number.isNaN(v)) return 0n;
  if (Math.abs(v) >= 2 ** 63) return v > 0 ? INT64_MAX : -INT64_MAX - 1n;
  return BigInt(Math.trunc(v));
}
