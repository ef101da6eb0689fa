/** @file Elementwise arithmetic and statistics on host float32 tensors of equal shape. */
import type { FloatTensor } from './tensor.ts';

const zipWith =
  (name: string, f: (a: number, b: number) => number) =>
  (a: FloatTensor, b: FloatTensor): FloatTensor => {
    if (a.shape.join() !== b.shape.join())
      throw new RangeError(`${name}: shapes differ: [${a.shape}] and [${b.shape}].`);
    const data = new Float32Array(a.data.length);
    for (let i = 0; i < data.length; i++) data[i] = f(a.data[i], b.data[i]);
    return { dtype: 'float32', shape: a.shape, data };
  };

export const add = zipWith('add', (a, b) => a + b);
export const sub = zipWith('sub', (a, b) => a - b);
export const mul = zipWith('mul', (a, b) => a * b);

export function map(x: FloatTensor, f: (v: number, index: number) => number): FloatTensor {
  const data = new Float32Array(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i], i);
  return { dtype: 'float32', shape: x.shape, data };
}

export const scale = (x: FloatTensor, factor: number): FloatTensor => map(x, (v) => v * factor);

/** (1 − t)·a + t·b */
export const lerp = (a: FloatTensor, b: FloatTensor, t: number): FloatTensor =>
  zipWith('lerp', (p, q) => p + t * (q - p))(a, b);

/** acc += factor · x, in place. */
export function addScaled(acc: FloatTensor, factor: number, x: FloatTensor): void {
  for (let i = 0; i < x.data.length; i++) acc.data[i] += factor * x.data[i];
}

export function sum(x: FloatTensor): number {
  let total = 0;
  for (let i = 0; i < x.data.length; i++) total += x.data[i];
  return total;
}

export function maxAbs(x: FloatTensor): number {
  let most = 0;
  for (let i = 0; i < x.data.length; i++) most = Math.max(most, Math.abs(x.data[i]));
  return most;
}

export interface Summary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** How many elements are NaN or infinite; the other numbers leave them out. */
  readonly nonFinite: number;
}

export function summary(x: FloatTensor): Summary {
  let [min, max, total, finite] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < x.data.length; i++) {
    const v = x.data[i];
    if (!Number.isFinite(v)) continue;
    if (v < min) min = v;
    if (v > max) max = v;
    total += v;
    finite++;
  }
  return { min, max, mean: total / finite, nonFinite: x.data.length - finite };
}

/** max|a − b| / max|b|: how far `a` is from the truth `b`. 0/0 is 0. */
export function relativeError(a: FloatTensor, b: FloatTensor): number {
  const [gap, size] = [maxAbs(sub(a, b)), maxAbs(b)];
  return gap === 0 ? 0 : gap / size;
}

/** ‖a − b‖₂ / ‖b‖₂, the yardstick for gradients of deep ReLU networks, where one flipped kink moves the maximum. */
export function relativeL2(a: FloatTensor, b: FloatTensor): number {
  let [gap, size] = [0, 0];
  for (let i = 0; i < b.data.length; i++) {
    gap += (a.data[i] - b.data[i]) ** 2;
    size += b.data[i] ** 2;
  }
  return gap === 0 ? 0 : Math.sqrt(gap / size);
}
