/**
 * @file Axis lengths. Every axis is a number but the batch axis, which is k·N for a batch size N that is chosen only
 * when a graph is compiled. Arithmetic that leaves this form (N·N, N + 1) throws: such a graph mixes examples or
 * depends on the batch size, and its caller falls back to one example at a time.
 */

/** k·N. Interned: two equal batch axes are the same object. */
export class BatchDim {
  readonly times: number;
  constructor(times: number) {
    this.times = times;
  }
  toString(): string {
    return this.times === 1 ? 'N' : `${this.times}N`;
  }
}

export type Dim = number | BatchDim;
export type Shape = readonly Dim[];

const interned = new Map<number, BatchDim>();

/** The symbolic axis length k·N. */
export function batch(times = 1): BatchDim {
  let dim = interned.get(times);
  if (!dim) interned.set(times, (dim = new BatchDim(times)));
  return dim;
}

export const N = batch(1);

export const isBatch = (dim: Dim): dim is BatchDim => typeof dim !== 'number';

/** Thrown where a graph would need to know the batch size or would mix examples. */
export class BatchError extends RangeError {
  override name = 'BatchError';
}

export function mulDim(a: Dim, b: Dim): Dim {
  if (!isBatch(a)) return isBatch(b) ? (a === 0 ? 0 : batch(a * b.times)) : a * b;
  if (!isBatch(b)) return mulDim(b, a);
  throw new BatchError(`shape: ${a} · ${b} is not linear in the batch size.`);
}

export function addDim(a: Dim, b: Dim): Dim {
  if (!isBatch(a) && !isBatch(b)) return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  if (isBatch(a) && isBatch(b)) return a.times + b.times === 0 ? 0 : batch(a.times + b.times);
  throw new BatchError(`shape: ${a} + ${b} is not a multiple of the batch size.`);
}

/** a / b where it is a whole number of elements or of examples; null otherwise. */
export function divDim(a: Dim, b: Dim): Dim | null {
  const quotient = (isBatch(a) ? a.times : a) / (isBatch(b) ? b.times : b);
  if (isBatch(b)) return isBatch(a) && Number.isInteger(quotient) ? quotient : null;
  if (!Number.isInteger(quotient)) return null;
  return isBatch(a) ? batch(quotient) : quotient;
}

export const product = (dims: Shape): Dim => dims.reduce(mulDim, 1 as Dim);

/** The length of an axis that must not be the batch axis. `undefined`, which a scalar gives, throws a RangeError. */
export function concrete(dim: Dim | undefined, where: string): number {
  if (dim === undefined)
    throw new RangeError(`${where}: works along an axis, but the tensor that it is given has too few.`);
  if (isBatch(dim)) throw new BatchError(`${where}: works along the batch axis (${dim}), which would mix examples.`);
  return dim;
}

export const concreteShape = (shape: Shape, where: string): number[] => shape.map((d) => concrete(d, where));

/** The shape for a batch of `n` examples. */
export const bindShape = (shape: Shape, n: number): number[] => shape.map((d) => (isBatch(d) ? d.times * n : d));

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** NumPy's broadcasting rule for any number of shapes. Throws a RangeError naming both shapes. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  return shapes.reduce((a, b) => {
    const rank = Math.max(a.length, b.length);
    return Array.from({ length: rank }, (_, i) => {
      const [p, q] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
      if (p === q || q === 1) return p;
      if (p === 1) return q;
      throw new RangeError(`shapes [${a}] and [${b}] do not broadcast (axis ${i}: ${p} against ${q}).`);
    });
  });
}

/** ONNX axis: negative counts from the end. Throws a RangeError when out of range. */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= Math.max(rank, 1)) {
    throw new RangeError(`${where}: axis ${axis} is out of range for rank ${rank}.`);
  }
  return normal;
}
