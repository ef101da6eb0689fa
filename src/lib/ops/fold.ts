/**
 * @file Folding: exporters' shape arithmetic computed at load on small vectors whose entries may be the batch axis. An
 * answer that would depend on the batch size, such as N + 1 or N == 4, is not known (null).
 */
import { BatchError, addDim, divDim, isBatch, mulDim, type Dim } from '../graph/dim.ts';
import { isFloat } from '../tensor/dtype.ts';
import { sizeOf, stridesOf } from '../tensor/tensor.ts';
import type { KnownVector, Op } from './define.ts';

type Fold = NonNullable<Op<unknown>['fold']>;
type MaybeDim = Dim | null;

/** Above this many elements a vector is data, not shape arithmetic. */
const LARGEST = 65536;

/** A known tensor from a function of the index, or null where any element is not known. */
export function foldBuild(
  shape: readonly number[],
  element: (index: readonly number[]) => MaybeDim | undefined,
): KnownVector | null {
  const total = sizeOf(shape);
  if (total > LARGEST) return null;
  const strides = stridesOf(shape);
  const dims: Dim[] = [];
  for (let flat = 0; flat < total; flat++) {
    const dim = element(shape.map((length, axis) => Math.floor(flat / strides[axis]) % length));
    if (dim === null || dim === undefined) return null;
    dims.push(dim);
  }
  return { shape, dims };
}

export const elementAt = (x: KnownVector, index: readonly number[]): Dim =>
  x.dims[index.reduce((flat, i, axis) => flat * x.shape[axis] + i, 0)];

/** The element that broadcasting puts at `index`. */
const broadcastElementAt = (x: KnownVector, index: readonly number[]): Dim =>
  elementAt(
    x,
    x.shape.map((length, axis) => (length === 1 ? 0 : index[index.length - x.shape.length + axis])),
  );

function broadcastLengths(x: readonly KnownVector[]): number[] {
  const rank = Math.max(...x.map((v) => v.shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = x.map((v) => v.shape[axis - rank + v.shape.length] ?? 1);
    return lengths.find((d) => d !== 1) ?? 1;
  });
}

export const allKnown = (x: readonly (KnownVector | null)[]): x is readonly KnownVector[] => x.every((v) => v !== null);

/** Elementwise with broadcasting. `f` returns null, or throws a BatchError, where the result is not known. */
export const foldElementwise =
  (f: (values: readonly Dim[], isInteger: boolean) => MaybeDim): Fold =>
  (x, _attrs, inputs) => {
    if (!allKnown(x)) return null;
    const isInteger = !isFloat(inputs[inputs.length - 1].dtype);
    return ifKnown(() =>
      foldBuild(broadcastLengths(x), (index) =>
        f(
          x.map((v) => broadcastElementAt(v, index)),
          isInteger,
        ),
      ),
    );
  };

/** What `f` returns, or null where the result would depend on the batch size. */
export function ifKnown<T>(f: () => T | null): T | null {
  try {
    return f();
  } catch (error) {
    if (error instanceof BatchError) return null;
    throw error;
  }
}

export const subDim = (a: Dim, b: Dim): Dim => addDim(a, mulDim(-1, b));

/** ONNX's division: towards zero for whole numbers. */
export function quotient(a: Dim, b: Dim, isInteger: boolean): MaybeDim {
  if (isBatch(a) || isBatch(b)) return divDim(a, b);
  return isInteger ? Math.trunc(a / b) : a / b;
}

/** a mod b with the sign of the divisor; known for k·N only where b divides k. */
export function remainder(a: Dim, b: Dim): MaybeDim {
  if (!isBatch(a) && !isBatch(b)) return a - b * Math.floor(a / b);
  const q = divDim(a, b);
  return q !== null && (!isBatch(q) || Number.isInteger(q.times)) ? 0 : null;
}

/** A function of a number; k·N passes unchanged where k is whole (rounding changes nothing). */
export const rounding =
  (round: (x: number) => number) =>
  ([x]: readonly Dim[]): MaybeDim => {
    if (!isBatch(x)) return round(x);
    return Number.isInteger(x.times) ? x : null;
  };

/** A function that is known for numbers only. */
export const numeric =
  (f: (...x: number[]) => number) =>
  (x: readonly Dim[]): MaybeDim =>
    x.some(isBatch) ? null : f(...(x as readonly number[]));

/** Whether a > b for every batch size N ≥ 1; null where that depends on N. */
export function exceeds(a: Dim, b: Dim): boolean | null {
  const [p, q] = [isBatch(a) ? a.times : a, isBatch(b) ? b.times : b];
  if (isBatch(a) === isBatch(b)) return p > q;
  if (isBatch(a)) return p > 0 && p > q ? true : null;
  return q > 0 && p <= q ? false : null;
}

export function equalDims(a: Dim, b: Dim): boolean | null {
  if (isBatch(a) === isBatch(b)) return a === b;
  return exceeds(a, b) === true || exceeds(b, a) === true ? false : null;
}

export function maxDim(a: Dim, b: Dim): MaybeDim {
  const [above, below] = [exceeds(a, b), exceeds(b, a)];
  if (above === true || below === false) return a;
  return above === false || below === true ? b : null;
}

export function minDim(a: Dim, b: Dim): MaybeDim {
  const most = maxDim(a, b);
  if (most === null) return null;
  return most === a ? b : a;
}

export const truth = (known: boolean | null): MaybeDim => (known === null ? null : Number(known));
export const negate = (known: boolean | null): boolean | null => (known === null ? null : !known);
