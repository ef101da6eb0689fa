/** @file Moving elements apart along an axis with operators that every device has: no scatter, no strided write. */
import type { Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';

/** The length of an axis in a graph whose batch size is bound. */
export const lengthOf = (x: Value, axis: number): number => x.shape[axis] as number;

/** One number an axis of x: `value` at `axis`, `other` elsewhere. */
export const replaceAxis = (x: Value, axis: number, value: number, other: number): number[] =>
  x.shape.map((_, i) => (i === axis ? value : other));

/** Zeros before and after x along one axis; negative counts crop. */
export const padAxis = (g: Builder, x: Value, axis: number, before: number, after: number): Value =>
  g.pad(x, [...replaceAxis(x, axis, before, 0), ...replaceAxis(x, axis, after, 0)]);

/**
 * Planes p₀ … pₛ₋₁ of equal shape dealt out along an axis: result[m·s + i] = pᵢ[m]. A plane that is null is zeros.
 * Each plane gets an axis of one after `axis`; joined along it they lie in memory as they should.
 */
export function interleave(g: Builder, planes: readonly (Value | null)[], axis: number): Value {
  const like = planes.find((p) => p !== null)!;
  if (planes.length === 1) return like;
  const shape = like.shape as readonly number[];
  const apart = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
  const columns = planes.map((p) => (p ? g.reshape(p, apart) : g.expand(g.scalar(0), apart)));
  return g.reshape(g.concat(columns, axis + 1), replaceAxisLength(shape, axis, shape[axis] * planes.length));
}

/** x with `stride` − 1 zeros after every element but the last, along one axis. */
export function spread(g: Builder, x: Value, axis: number, stride: number): Value {
  if (stride === 1) return x;
  const shape = x.shape as readonly number[];
  const apart = g.reshape(x, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const filled = padAxis(g, apart, axis + 1, 0, stride - 1);
  const joined = g.reshape(filled, replaceAxisLength(shape, axis, shape[axis] * stride));
  return padAxis(g, joined, axis, 0, 1 - stride);
}

const replaceAxisLength = (shape: readonly number[], axis: number, length: number): number[] =>
  shape.map((d, i) => (i === axis ? length : d));
