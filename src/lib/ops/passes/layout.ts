/** @file Orders of axes: a value known as another one transposed, and the arithmetic of permutations. */
import type { Dim, Shape } from '../../graph/dim.ts';
import type { Value } from '../../graph/graph.ts';

/** The order of the axes: axis `i` of the result is axis `perm[i]`, as in ONNX's Transpose. */
export type Perm = readonly number[];

/** A value as `Transpose(base, perm)` that is not written out. */
export interface Layout {
  readonly base: Value;
  readonly perm: Perm;
}

export const identity = (rank: number): Perm => Array.from({ length: rank }, (_, i) => i);
export const isIdentity = (perm: Perm): boolean => perm.every((axis, i) => axis === i);
export const samePerm = (a: Perm, b: Perm): boolean => a.length === b.length && a.every((axis, i) => axis === b[i]);

export function inverse(perm: Perm): Perm {
  const result = new Array<number>(perm.length);
  perm.forEach((axis, i) => (result[axis] = i));
  return result;
}

/** Transpose(Transpose(x, first), then) = Transpose(x, composed). */
export const compose = (first: Perm, then: Perm): Perm => then.map((axis) => first[axis]);

export const permuted = <T>(items: readonly T[], perm: Perm): T[] => perm.map((axis) => items[axis]);

/** The shape of the base of a value of shape `shape` = permuted(base, perm). */
export const baseShape = (shape: Shape, perm: Perm): Dim[] => permuted(shape, inverse(perm));

/** Axes of length 1 alone change places: the elements stay in order, so a Reshape does the same. */
export function movesNothing(shape: Shape, perm: Perm): boolean {
  const long = perm.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || axis > long[i - 1]);
}

/**
 * What stays of `perm` when some axes of the result are dropped, from the base as well: the order of the others.
 * `kept`: axes of the result, in order.
 */
export function restOf(perm: Perm, kept: readonly number[]): Perm {
  const axes = kept.map((axis) => perm[axis]);
  const sorted = axes.toSorted((a, b) => a - b);
  return axes.map((axis) => sorted.indexOf(axis));
}
