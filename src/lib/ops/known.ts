/** @file Inputs that must be known before anything runs: axes, target shapes, pads. */
import { isBatch, type Dim, type Shape } from '../graph/dim.ts';
import { knownInts, type Value } from '../graph/graph.ts';
import { isFloat } from '../tensor/dtype.ts';

/** The whole numbers of an input, or a RangeError that says what was expected. */
export function requiredInts(value: Value | null | undefined, what: string): number[] {
  const known = knownInts(value);
  if (!known)
    throw new RangeError(
      `${what} must be constant, got ${value ? 'a value computed while the model runs' : 'nothing'}. Simplify the model's shapes before exporting.`,
    );
  if (value && isFloat(value.dtype))
    throw new RangeError(`${what} must be whole numbers, got ${value.dtype}[${value.shape}].`);
  return known;
}

/** The first element of an input that may be of any number type. */
export function requiredNumber(value: Value | null | undefined, what: string): number {
  const known = knownInts(value);
  if (known?.length !== 1)
    throw new RangeError(
      `${what} must be one constant number, got ${known ? `${known.length} numbers` : value ? 'a value computed while the model runs' : 'nothing'}. Simplify the model's shapes before exporting.`,
    );
  return known[0];
}

/** As `requiredInts`, with entries that may be the batch axis. */
export function requiredDims(value: Value | null | undefined, what: string): readonly Dim[] {
  return value?.dims ?? requiredInts(value, what);
}

/** Whether a shape names the batch axis. */
export const hasBatch = (shape: Shape): boolean => shape.some(isBatch);
