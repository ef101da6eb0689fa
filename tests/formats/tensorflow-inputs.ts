/** @file What the operators of TensorFlow are given in tests: fed tensors of seeded random numbers, and constants. */
import { sizeOf, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { uniform } from '../reference/random.ts';
import type { RefTensor } from '../reference/tensor.ts';
import { tensor, type Short } from './tensorflow-file.ts';

export interface Input {
  readonly tensor: Tensor;
  readonly fed: boolean;
}

export interface Case {
  readonly inputs: readonly Input[];
  readonly attrs?: Readonly<Record<string, Short>>;
  /** How many outputs are compared. Default 1. */
  readonly outputs?: number;
  /** Computed from the inputs where TF.js has no such operator, or is wrong about it. */
  readonly truth?: (x: readonly RefTensor[]) => RefTensor[];
  /** The first axis cannot be the batch. */
  readonly whole?: boolean;
}

let seed = 1;
/** Fed: uniform between low and high. */
export const x = (shape: readonly number[], low = -2, high = 2): Input => {
  const random = uniform(seed++);
  return {
    fed: true,
    tensor: tensor(
      'float32',
      shape,
      Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random()),
    ),
  };
};
export const xs = (shape: readonly number[], values: readonly number[]): Input => ({
  fed: true,
  tensor: tensor('float32', shape, values),
});
export const fedInts = (shape: readonly number[], values: readonly number[]): Input => ({
  fed: true,
  tensor: tensor('int32', shape, values),
});
export const fedBools = (shape: readonly number[], values: readonly number[]): Input => ({
  fed: true,
  tensor: tensor('bool', shape, values),
});
export const w = (shape: readonly number[], low = -1, high = 1): Input => ({ ...x(shape, low, high), fed: false });
export const c = (value: number): Input => ({ fed: false, tensor: tensor('float32', [], [value]) });
export const i = (value: number): Input => ({ fed: false, tensor: tensor('int32', [], [value]) });
export const is = (...values: number[]): Input => ({ fed: false, tensor: tensor('int32', [values.length], values) });
export const matrix = (...rows: number[][]): Input => ({
  fed: false,
  tensor: tensor('int32', [rows.length, rows[0].length], rows.flat()),
});
