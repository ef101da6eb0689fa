/** @file The vocabulary in which rules, methods and passes write graphs. */
import {
  Node,
  constantValue,
  dimsValue,
  nodeLabel,
  type Attributes,
  type OutputType,
  type Value,
} from '../graph/graph.ts';
import { isBatch, sameShape, type Dim, type Shape } from '../graph/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import { float32, int64, makeTensor, type Tensor } from '../tensor/tensor.ts';
import { attributesOf, getOp } from './define.ts';

type Operand = Value | number;

/** ONNX's numbers for element types (TensorProto.DataType). */
export const ONNX_TYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

export interface ApplyOptions {
  /** The node's name in errors and in the written file. */
  name?: string;
  domain?: string;
  /** Names of the outputs; their number is the number of outputs. */
  outputs?: readonly string[];
}

/**
 * Adds nodes. Stateless but for sharing equal scalar constants: what is built and not used is never reached from an
 * output and so does not exist.
 */
export class Builder {
  readonly #scalars = new Map<string, Value>();
  #origin = '';

  /** What `build` adds is marked as a part of the composite operator `origin`. */
  within<T>(origin: string, build: () => T): T {
    const before = this.#origin;
    this.#origin = origin;
    try {
      return build();
    } finally {
      this.#origin = before;
    }
  }

  /** One node of any operator, its outputs typed by shape inference. */
  applyAll(
    type: string,
    inputs: readonly (Value | null)[],
    attrs: Attributes = {},
    options: ApplyOptions = {},
  ): readonly Value[] {
    const { name = '', domain = '', outputs = [''] } = options;
    const op = getOp(type, domain);
    const draft = new Node(type, inputs, attrs, [], { name, domain });
    const where = nodeLabel(new Node(type, [], attrs, [], { name: name || outputs[0] }));
    let types: readonly OutputType[];
    try {
      types = op.infer({
        x: inputs as readonly Value[],
        attrs: attributesOf(op, draft),
        where,
        outputCount: outputs.length,
      });
    } catch (error) {
      throw located(error, where);
    }
    return new Node(
      type,
      inputs,
      attrs,
      types.map((t, i) => ({ ...t, name: outputs[i] ?? '' })),
      { name, domain, origin: this.#origin },
    ).outputs;
  }

  apply(type: string, inputs: readonly (Value | null)[], attrs: Attributes = {}, options: ApplyOptions = {}): Value {
    return this.applyAll(type, inputs, attrs, options)[0];
  }

  constant(tensor: Tensor, name = ''): Value {
    return constantValue(tensor, name);
  }

  /** A number as a scalar of the given element type. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    let shared = this.#scalars.get(key);
    if (!shared) this.#scalars.set(key, (shared = constantValue(scalarTensor(value, dtype))));
    return shared;
  }

  /** A whole-number vector such as axes, pads or a shape; symbolic where it names the batch axis. */
  ints(values: readonly Dim[]): Value {
    return values.some(isBatch)
      ? dimsValue(values)
      : constantValue(int64([values.length], values as readonly number[]));
  }

  #pair(a: Operand, b: Operand): [Value, Value] {
    const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
    const lift = (v: Operand) => (typeof v === 'number' ? this.scalar(v, dtype) : v);
    return [lift(a), lift(b)];
  }

  add = (a: Operand, b: Operand): Value => this.apply('Add', this.#pair(a, b));
  sub = (a: Operand, b: Operand): Value => this.apply('Sub', this.#pair(a, b));
  mul = (a: Operand, b: Operand): Value => this.apply('Mul', this.#pair(a, b));
  div = (a: Operand, b: Operand): Value => this.apply('Div', this.#pair(a, b));
  pow = (a: Operand, b: Operand): Value => this.apply('Pow', this.#pair(a, b));
  max = (a: Operand, b: Operand): Value => this.apply('Max', this.#pair(a, b));
  min = (a: Operand, b: Operand): Value => this.apply('Min', this.#pair(a, b));
  less = (a: Operand, b: Operand): Value => this.apply('Less', this.#pair(a, b));
  greater = (a: Operand, b: Operand): Value => this.apply('Greater', this.#pair(a, b));
  greaterOrEqual = (a: Operand, b: Operand): Value => this.apply('GreaterOrEqual', this.#pair(a, b));
  equal = (a: Operand, b: Operand): Value => this.apply('Equal', this.#pair(a, b));
  and = (a: Value, b: Value): Value => this.apply('And', [a, b]);
  not = (a: Value): Value => this.apply('Not', [a]);
  neg = (x: Value): Value => this.apply('Neg', [x]);
  abs = (x: Value): Value => this.apply('Abs', [x]);
  exp = (x: Value): Value => this.apply('Exp', [x]);
  log = (x: Value): Value => this.apply('Log', [x]);
  sqrt = (x: Value): Value => this.apply('Sqrt', [x]);
  reciprocal = (x: Value): Value => this.apply('Reciprocal', [x]);
  sigmoid = (x: Value): Value => this.apply('Sigmoid', [x]);
  tanh = (x: Value): Value => this.apply('Tanh', [x]);
  erf = (x: Value): Value => this.apply('Erf', [x]);
  relu = (x: Value): Value => this.apply('Relu', [x]);
  square = (x: Value): Value => this.mul(x, x);

  /** condition ? a : b, elementwise. */
  where(condition: Value, a: Operand, b: Operand): Value {
    return this.apply('Where', [condition, ...this.#pair(a, b)]);
  }

  cast = (x: Value, dtype: DType): Value => (x.dtype === dtype ? x : this.apply('Cast', [x], { to: ONNX_TYPE[dtype] }));

  matmul = (a: Value, b: Value): Value => this.apply('MatMul', [a, b]);

  /** Axes in the given order; by default the last two swapped. */
  transpose(x: Value, perm?: readonly number[]): Value {
    const rank = x.shape.length;
    const order = perm ?? [...Array(rank - 2).keys(), rank - 1, rank - 2];
    return order.every((axis, i) => axis === i) ? x : this.apply('Transpose', [x], { perm: order });
  }

  reshape = (x: Value, shape: Shape): Value =>
    sameShape(x.shape, shape) ? x : this.apply('Reshape', [x, this.ints(shape)]);

  expand = (x: Value, shape: Shape): Value =>
    sameShape(x.shape, shape) ? x : this.apply('Expand', [x, this.ints(shape)]);

  #reduce(type: string, x: Value, axes: readonly number[], keepdims: boolean): Value {
    return axes.length === 0 ? x : this.apply(type, [x, this.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  }
  reduceSum = (x: Value, axes: readonly number[], keepdims = true): Value =>
    this.#reduce('ReduceSum', x, axes, keepdims);
  reduceMean = (x: Value, axes: readonly number[], keepdims = true): Value =>
    this.#reduce('ReduceMean', x, axes, keepdims);
  reduceMax = (x: Value, axes: readonly number[], keepdims = true): Value =>
    this.#reduce('ReduceMax', x, axes, keepdims);

  concat = (parts: readonly Value[], axis: number): Value => this.apply('Concat', parts, { axis });

  /** x[start : end : step] along each named axis. */
  slice(
    x: Value,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps?: readonly number[],
  ): Value {
    return this.apply('Slice', [
      x,
      this.ints(starts),
      this.ints(ends),
      this.ints(axes),
      steps ? this.ints(steps) : null,
    ]);
  }

  /** Zeros around x: first all begins, then all ends, one a dimension; negative pads crop. */
  pad(x: Value, pads: readonly number[]): Value {
    return pads.every((p) => p === 0) ? x : this.apply('Pad', [x, this.ints(pads)]);
  }

  softmax = (x: Value, axis: number): Value => this.apply('Softmax', [x], { axis });

  zerosLike = (x: Value): Value => this.expand(this.scalar(0, x.dtype), x.shape);

  /** Sums over the axes along which `shape` was broadcast to reach x's shape. The inverse of broadcasting in the chain rule. */
  sumTo(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x;
    const extra = x.shape.length - shape.length;
    const axes = x.shape.flatMap((d, i) => (i < extra || (shape[i - extra] === 1 && d !== 1) ? [i] : []));
    return this.reshape(this.reduceSum(x, axes), shape);
  }
}

function scalarTensor(value: number, dtype: DType): Tensor {
  if (dtype === 'float32') return float32([], [value]);
  if (dtype === 'int64') return int64([], [value]);
  if (dtype === 'int32') return makeTensor('int32', [], Int32Array.of(value));
  if (dtype === 'bool') return makeTensor('bool', [], Uint8Array.of(value ? 1 : 0));
  throw new TypeError(`internal: no ${dtype} scalars are needed in built graphs.`);
}

/** Shape inference writes its errors without naming the node; this puts the name in front once. */
function located(error: unknown, where: string): unknown {
  if (error instanceof Error && !error.message.startsWith(where)) error.message = `${where}: ${error.message}`;
  return error;
}
