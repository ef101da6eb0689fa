/** @file What the builder of an operator sees of its node. */
import { knownDims, knownInts, type Value } from '../../graph/graph.ts';
import { isBatch, type Dim } from '../../graph/dim.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { toNumbers, type Tensor } from '../../tensor/tensor.ts';
import type { Attributes } from './attributes.ts';
import type { Maker } from './maker.ts';

export interface Site {
  readonly g: Maker;
  /** The node's name in the file. */
  readonly name: string;
  /** Floats are float32, whole numbers int64. */
  readonly x: readonly Value[];
  /** Inputs in the element type that they are fed in. */
  readonly fed: readonly Value[];
  readonly attrs: Attributes;
  /** Tells the person something once. */
  note(sentence: string): void;
}

export type Build = (site: Site) => Value | readonly Value[];

export interface Row {
  /** Inputs that the operator cannot do without. */
  readonly least: number;
  readonly build: Build;
}

/** A row of the table for operators with at least `least` inputs. */
export const takes = (least: number, build: Build): Row => ({ least, build });

const notConstant = (what: string): RangeError =>
  new RangeError(
    `${what} must be constant, got a value computed while the model runs. Freeze the model with its shapes before exporting.`,
  );

/** The whole numbers of a constant input. */
export function ints(value: Value, what: string): number[] {
  const known = isFloat(value.dtype) ? null : knownInts(value);
  if (!known) throw notConstant(what);
  return known;
}

/** One whole number of a constant input. */
export function int(value: Value, what: string): number {
  const known = ints(value, what);
  if (known.length !== 1) throw new RangeError(`${what} must be one number, got ${known.length}.`);
  return known[0];
}

/** As `ints`, with entries that may be the batch axis. */
export function dims(value: Value, what: string): readonly Dim[] {
  const known = isFloat(value.dtype) ? null : knownDims(value);
  if (!known) throw notConstant(what);
  return known;
}

/** The elements of a constant input. */
export function constant(value: Value, what: string): Tensor {
  if (!value.constant) throw notConstant(what);
  return value.constant;
}

/** One number of a constant input of any type; null where it is not known. */
export function scalar(value: Value | undefined): number | null {
  const known = value?.constant ? toNumbers(value.constant) : null;
  return known?.length === 1 ? known[0] : null;
}

/** Axis from 0. Throws a RangeError where there is no such axis. */
export function axisOf(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank)
    throw new RangeError(`axis ${axis} is out of range for rank ${rank}.`);
  return normal;
}

/** A length that must not be the batch axis. */
export function length(dim: Dim | undefined): number {
  if (dim === undefined || isBatch(dim)) throw new RangeError(`works along the batch axis, which would mix examples.`);
  return dim;
}

/** Throws a RangeError for an input with fewer axes. */
export function refuseRank(x: Value, least: number): void {
  if (x.shape.length < least)
    throw new RangeError(`its input has the shape [${x.shape}]; it needs at least ${least} axes.`);
}
