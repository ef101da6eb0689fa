/** @file Test cases of operators as data: an operator, its inputs and its attributes. Each family has a file in cases/. */
import { bindShape, isBatch, type Dim, type Shape } from '../../src/lib/graph/dim.ts';
import { constantValue, dimsValue, Value, type Attributes } from '../../src/lib/graph/graph.ts';
import type { DType } from '../../src/lib/tensor/dtype.ts';
import { float32, int64, makeTensor, sizeOf } from '../../src/lib/tensor/tensor.ts';
import { uniform } from '../reference/random.ts';

interface Range {
  readonly low?: number;
  readonly high?: number;
  /** Points where the operator has no derivative: random elements keep 0.05 away from them. */
  readonly avoid?: readonly number[];
}

/** An input that depends on the image. A shape may name the batch axis N. */
export interface Variable extends Range {
  readonly kind: 'variable';
  readonly dtype: DType;
  readonly shape: Shape;
  /** Exact elements instead of random ones. */
  readonly values?: readonly number[];
}

export type CaseInput = Variable | Value | null;

export interface Case {
  /** What distinguishes it from the operator's other cases. */
  readonly title?: string;
  readonly domain?: string;
  readonly inputs: readonly CaseInput[];
  readonly attrs?: Attributes;
  /** Number of outputs; 1 when absent. */
  readonly outputs?: number;
  /** false: DeepLIFT's sum is not exact here, for the reason that the operator's doc gives. */
  readonly additive?: boolean;
  /** true: its gradient is a convention and not the derivative, as its doc says; `conventions.test.ts` has it. */
  readonly conventional?: boolean;
}

export type Cases = Readonly<Record<string, readonly Case[]>>;

/** A float input that depends on the image; elements in [−2, 2] unless told. */
export const x = (shape: Shape, range: Range = {}): Variable => ({
  kind: 'variable',
  dtype: 'float32',
  shape,
  ...range,
});

/** A float input that depends on the image, with these elements. */
export const exactly = (shape: Shape, values: readonly number[]): Variable => ({
  kind: 'variable',
  dtype: 'float32',
  shape,
  values,
});

/** Whole numbers that depend on the image, in [low, high]. */
export const integers = (shape: Shape, low: number, high: number, dtype: DType = 'int64'): Variable => ({
  kind: 'variable',
  dtype,
  shape,
  low,
  high,
});

export const bools = (shape: Shape): Variable => ({ kind: 'variable', dtype: 'bool', shape, low: 0, high: 1 });

/** A weight with seeded elements in [low, high]. */
export function weight(shape: readonly number[], { low = -2, high = 2 }: Range = {}): Value {
  const random = uniform(sizeOf(shape) + shape.length);
  return constantValue(
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random()),
    ),
  );
}

/** A float constant with these elements. */
export const floats = (shape: readonly number[], values: readonly number[]): Value =>
  constantValue(float32(shape, values));

/** A vector of whole numbers such as axes; symbolic where it names the batch axis. */
export const ints = (values: readonly Dim[]): Value =>
  values.some(isBatch) ? dimsValue(values) : constantValue(int64([values.length], values as number[]));

/** An int64 constant of any shape. */
export const intTensor = (shape: readonly number[], values: readonly number[]): Value =>
  constantValue(int64(shape, values));

export const boolTensor = (shape: readonly number[], values: readonly number[]): Value =>
  constantValue(makeTensor('bool', shape, Uint8Array.from(values)));

/** A case with its batch axis bound to a number, for comparison with the symbolic one. */
export function bindCase(c: Case, batch: number): Case {
  const bind = (input: CaseInput): CaseInput => {
    if (input === null) return null;
    if (!(input instanceof Value)) return { ...input, shape: bindShape(input.shape, batch) };
    return input.dims ? ints(bindShape(input.dims, batch)) : input;
  };
  return { ...c, inputs: c.inputs.map(bind) };
}
