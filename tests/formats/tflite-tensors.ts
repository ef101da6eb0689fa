/** What cases of TensorFlow Lite's operators are given. */
import type * as tf from '@tensorflow/tfjs-core';
import { uniform } from '../reference/random.ts';
import type { GraphSpec, TensorSpec } from './tflite-file.ts';

export type T = tf.Tensor;

export interface Case {
  /** Those without data are fed. */
  readonly x: readonly TensorSpec[];
  readonly options?: Readonly<Record<string, unknown>>;
  /** Those that it calls, from number 1. */
  readonly graphs?: readonly GraphSpec[];
  readonly truth: (...x: T[]) => T | T[];
  /** Of the outputs, where it is not float32. */
  readonly type?: TensorSpec['type'];
}

export const numbersFor = (shape: readonly number[], seed: number): number[] => {
  const random = uniform(seed);
  return Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => Math.round(random() * 4096 - 2048) / 512);
};

export const fed = (...shape: number[]): TensorSpec => ({ shape });
export const weights = (...shape: number[]): TensorSpec => ({
  shape,
  data: numbersFor(shape, shape.length + shape[0]),
});
export const ints = (...data: number[]): TensorSpec => ({ shape: [data.length], data, type: 'int32' });
export const int = (value: number): TensorSpec => ({ shape: [], data: [value], type: 'int32' });
export const pairs = (...data: number[]): TensorSpec => ({ shape: [data.length / 2, 2], data, type: 'int32' });
export const image = fed(1, 6, 7, 4);
