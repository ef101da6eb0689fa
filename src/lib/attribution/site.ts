/**
 * @file Where the graph of a method is built. What a program of the page takes one example at a time, a file takes for all
 * examples of a batch: the same nodes, on other inputs.
 */
import type { Builder } from '../ops/builder.ts';
import type { Value } from '../graph/graph.ts';
import { concat0, float32, sizeOf, type FloatTensor } from '../tensor/tensor.ts';
import { graphInput } from './program.ts';
import { exampleShape, outputOf } from './target.ts';
import type { FoundNeuron, ModelGraph, Question, Target } from './types.ts';

export interface Site {
  readonly model: ModelGraph;
  readonly target: Target;
  /** What the model is computed on, in the shape of its input: the input itself, or a point that depends on it. */
  readonly x: Value;
  /** The weights of F, which the output's shape broadcasts with. */
  readonly seed: Value;
  /** The layer that is looked at or explained, a value of `model`. */
  readonly layer?: Value | undefined;
}

/** A site of a file: everything that a whole explanation reads. */
export interface WholeSite extends Site {
  /** x′, in the shape of x. */
  readonly baseline: Value;
  /** The neuron through which F is followed back, for methods that need one. */
  readonly through?: FoundNeuron | undefined;
  /** Seeds every random draw; what is drawn lies in the file. */
  readonly randomSeed: number;
  /** The k-th draw from a distribution of baselines, [1, …]; missing where there is but the one. */
  readonly baselines?: ((k: number) => FloatTensor) | undefined;
  /** How many of `baselines` there are, where they are no endless draws. */
  readonly baselineCount?: number | undefined;
  /** The lowest and the highest input that an image can give, [1, …] each; missing where it is no image. */
  readonly bounds?: (() => readonly [FloatTensor, FloatTensor]) | undefined;
  /**
   * An input of the file that need not be fed, because it has a content: what was drawn. `name` is its name there, `doc` what
   * it is, for people; its first axis is that of the draws.
   */
  table(name: string, doc: string, content: FloatTensor): Value;
}

/** Where a walk ends: at the layer, or at the model's input. */
export const endOf = ({ layer, model }: Site): Value => layer ?? model.input;

/** Numbers as rows of a repetition, each broadcast against tensors of `rank` axes: [count, 1, 1, …]. */
export const column = (g: Builder, numbers: readonly number[], rank: number): Value =>
  g.constant(float32([numbers.length, ...Array<number>(rank).fill(1)], numbers));

/** What is drawn lies in the file once for each sample. */
const MOST_DRAWN = 2 ** 29;

/** Throws a RangeError where `count` draws in the shape of an input are more than a file should hold. Nothing is drawn yet. */
export function refuseDraws({ input }: ModelGraph, count: number): void {
  const bytes = 4 * count * sizeOf(exampleShape(input));
  if (bytes > MOST_DRAWN)
    throw new RangeError(
      `Samples: ${count} draws of the shape [${exampleShape(input)}] take ${Math.round(bytes / 2 ** 20)} MB in the file, at most ${MOST_DRAWN / 2 ** 20} MB fit. Take fewer samples.`,
    );
}

/** [1, …] each → [count, 1, …] */
export function rowsOf(draws: readonly FloatTensor[]): FloatTensor {
  const { shape, data } = concat0(draws);
  return float32([shape[0], 1, ...shape.slice(1)], data);
}

/** A walk of a program: its input is the model's own, its seed is fed. */
export const siteOf = ({ model, target, layer }: Pick<Question, 'model' | 'target' | 'layer'>): Site => ({
  model,
  target,
  x: model.input,
  seed: graphInput('seed', outputOf(model, target).shape),
  layer,
});
