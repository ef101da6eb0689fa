/** @file What the builder of a layer sees. */
import type { Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import type { Arguments } from './arguments.ts';
import type { Config } from './config.ts';
import type { Weights } from './weights.ts';

/** Where TF.js, Keras 2 and Keras 3 compute differently from the same config. */
export type Dialect = 'tfjs' | 'keras-2' | 'keras-3';

export interface LayerSite {
  readonly g: Builder;
  readonly x: readonly Value[];
  /** Which steps of each input count, [N, steps]; null where all do. */
  readonly masks: readonly (Value | null)[];
  readonly config: Config;
  /** What this call is given, tensors and the rest. Throws a RangeError for an argument that is not known. */
  readonly args: Arguments;
  readonly weights: Weights;
  /** With the names of the models around it: "encoder/conv_1". */
  readonly name: string;
  readonly dialect: Dialect;
  /** A sentence for the person. */
  note(text: string): void;
  /** Builds a layer that stands in this one's config. */
  inner(raw: unknown, x: readonly Value[]): readonly Value[];
}

/** One layer's class. A list where it has several outputs. */
export type LayerBuilder = (site: LayerSite) => Value | readonly Value[];

export const isChannelsFirst = ({ config }: LayerSite): boolean =>
  config.word('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_first';

/** Throws a RangeError where the layer is given a tensor of another rank. */
export function rankOf({ x: [x] }: LayerSite, wanted: number): void {
  if (x.shape.length !== wanted)
    throw new RangeError(
      `is given the shape [${x.shape}], it needs ${wanted} axes. The file is damaged: save the model again.`,
    );
}

/** A length that is known; the batch axis is not. */
export function lengthOf(x: Value, axis: number): number {
  const length = x.shape.at(axis);
  if (typeof length !== 'number') throw new RangeError(`needs a known length along axis ${axis} of [${x.shape}].`);
  return length;
}

/** An axis counted from 0. Throws a RangeError where x has no such axis or it is the batch. */
export function axisOf(axis: number, { shape }: Value): number {
  const normal = axis < 0 ? axis + shape.length : axis;
  if (normal < 1 || normal >= shape.length)
    throw new RangeError(`works along axis ${axis} of [${shape}], which it has not. Save the model again.`);
  return normal;
}
