/** @file What a TensorFlow Lite operator is here: its options, and how it is written with ONNX's operators. */
import { isBatch, type Dim } from '../../../graph/dim.ts';
import { knownInts, type Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Decoded, Fields } from '../wire.ts';

/** An operator of a file, its inputs as values of the graph. */
export interface Site<O> {
  readonly g: Builder;
  /** null where an optional input is left out. */
  readonly x: readonly (Value | null)[];
  readonly options: O;
  /** Of the first output: the layer's name. */
  readonly name: string;
  /** Shapes of the outputs as the file has them, for a batch of 1. */
  readonly shapes: readonly (readonly number[])[];
  /** Of the first output. */
  readonly type: 'float32' | 'int64' | 'bool';
  /** The outputs of another graph of the file. */
  readonly call: (graph: number, x: readonly Value[]) => readonly Value[];
}

/** The values that stand for the outputs. Throws a RangeError where the inputs do not fit. */
export type Convert<O> = (site: Site<O>) => Value | readonly Value[];

export interface Operator {
  readonly options: Fields;
  readonly convert: (site: Site<never>) => Value | readonly Value[];
}

export const define = <F extends Fields>(options: F, convert: Convert<Decoded<F>>): Operator => ({ options, convert });

const ORDINALS = ['first', 'second', 'third', 'fourth'];
const which = (i: number) => ORDINALS[i] ?? `${i + 1}th`;

/** Input `i`, which must be there. */
export function input({ x }: Site<unknown>, i: number): Value {
  const value = x[i];
  if (!value) throw new RangeError(`its ${which(i)} input is missing.`);
  return value;
}

export const inputs = (site: Site<unknown>): Value[] => site.x.map((_, i) => input(site, i));

/** Input `i`, whose numbers must stand in the file. */
export function constant(site: Site<unknown>, i: number): Tensor {
  const found = input(site, i).constant;
  if (!found)
    throw new RangeError(
      `its ${which(i)} input is computed while the model runs, which is not supported. Export the model with constant weights.`,
    );
  return found;
}

/** The whole numbers of input `i`. */
export function numbers(site: Site<unknown>, i: number): number[] {
  const found = knownInts(input(site, i));
  if (!found)
    throw new RangeError(`its ${which(i)} input is not known before the model runs. Export it for a fixed input size.`);
  const odd = found.find((v) => !Number.isSafeInteger(v));
  if (odd !== undefined) {
    const what = input(site, i).dtype === 'float32' ? 'is of float32' : `holds ${odd}`;
    throw new RangeError(`its ${which(i)} input ${what}; whole numbers are needed.`);
  }
  return found;
}

/** The one whole number of input `i`. */
export function number(site: Site<unknown>, i: number): number {
  const [found, ...others] = numbers(site, i);
  if (found === undefined || others.length > 0)
    throw new RangeError(`its ${which(i)} input has the shape [${input(site, i).shape}]; one number is needed.`);
  return found;
}

/** As `numbers`, with lengths that may be the batch's. */
export const lengths = (site: Site<unknown>, i: number): readonly Dim[] => input(site, i).dims ?? numbers(site, i);

/** An axis counted from the front. */
export function axisOf(axis: number | undefined, rank: number): number {
  const found = axis === undefined ? -1 : axis < 0 ? axis + rank : axis;
  if (found < 0 || found >= rank) throw new RangeError(`axis ${axis} is out of range for ${rank} axes.`);
  return found;
}

/** Where a length for one example is baked in, that of the batch. */
export const reopened = (target: Dim, own: Dim | undefined): Dim =>
  own !== undefined && isBatch(own) && target === own.times ? own : target;

/** ActivationFunctionType, after an operator's own result. */
export function activated(g: Builder, x: Value, activation: number): Value {
  if (activation === 0) return x;
  if (activation === 1) return g.relu(x);
  if (activation === 2) return clipped(g, x, -1, 1);
  if (activation === 3) return clipped(g, x, 0, 6);
  if (activation === 4) return g.tanh(x);
  throw new RangeError(`its activation (number ${activation}) is not supported. Export the model with another one.`);
}

export const clipped = (g: Builder, x: Value, low: number, high: number): Value =>
  g.apply('Clip', [x, g.scalar(low), g.scalar(high)]);
