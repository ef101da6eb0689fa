/**
 * @file Features: groups of input elements that are kept or replaced together. What black-box methods ask is F of the image
 * with some features from the baseline; a feature's score is shared among its elements, so that sums keep their meaning.
 */
import type { Graph } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { float32, int64, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { split } from './inputs.ts';
import { placesIn } from './layout.ts';
import { integer } from './options.ts';
import { batchFor, graphInput, inChunks, modelOn, oneLike, readAll } from './program.ts';
import { headOf, outputOf, seedOf, valuesOf } from './target.ts';
import type { ModelGraph, Question, Target } from './types.ts';

export interface Features {
  readonly count: number;
  /** Of each element of x: the number of its feature, 0 … count − 1. */
  readonly of: Int32Array;
}

/** A 1 for each feature that is the image's, a 0 for each that is the baseline's. */
export type Coalition = Uint8Array;

export const cellsOption = (range: { maximum: number; default: number }) =>
  integer(
    { title: 'Cells a side', description: 'The image is cut into so many rows and columns of squares.' },
    { minimum: 1, ...range },
  );

/** Squares of each image, all channels of a place together; each element by itself where the input is no image. */
export function cellsOf({ model, x }: Pick<Question, 'model' | 'x'>, cells: number): Features {
  const of = new Int32Array(x.data.length);
  let [at, count] = [0, 0];
  for (const image of split(model, x)) {
    const places = placesIn(image);
    if (!places) {
      for (let i = 0; i < image.data.length; i++) of[at++] = count++;
      continue;
    }
    const { height, width } = places;
    const [rows, columns] = [Math.min(cells, height), Math.min(cells, width)];
    for (let i = 0; i < image.data.length; i++) {
      const place = places.of(i);
      const row = Math.floor((Math.floor(place / width) * rows) / height);
      const column = Math.floor(((place % width) * columns) / width);
      of[at++] = count + row * columns + column;
    }
    count += rows * columns;
  }
  return { count, of };
}

/** Each feature's score, in equal shares on its elements. */
export function spread({ count, of }: Features, scores: ArrayLike<number>, like: FloatTensor): FloatTensor {
  const sizes = new Uint32Array(count);
  of.forEach((feature) => sizes[feature]++);
  const out = zeros('float32', like.shape);
  of.forEach((feature, i) => (out.data[i] = scores[feature] / sizes[feature]));
  return out;
}

/** F of the image with the features of each coalition, and of the baseline with the rest; asked for by number, in order. */
export async function valuesWith(
  question: Question,
  features: Features,
  total: number,
  coalition: (k: number) => Coalition,
): Promise<number[]> {
  const { model, engine, target, x } = question;
  const batch = await batchFor(question, total);
  const key = `features/${headOf(target)}/${features.count}`;
  const program = await engine.program(key, () => mixedGraph(model, target, features.count), { batch });
  const seed = seedOf(question);
  const index = int64([features.of.length], Array.from(features.of));
  const found: number[] = [];
  await inChunks(question, total, batch, async (first) => {
    const keep = new Float32Array(batch * features.count);
    for (let i = 0; i < batch && first + i < total; i++) keep.set(coalition(first + i), i * features.count);
    const [y] = await readAll(
      await program.run([x, question.baseline!, float32([batch, features.count], keep), index]),
    );
    found.push(...valuesOf(y, seed).slice(0, total - first));
  });
  return found;
}

/** The model on x where a feature is kept and on x′ where it is not. */
function mixedGraph(model: ModelGraph, target: Target, count: number): Graph {
  const g = new Builder();
  const { input } = model;
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(input, name));
  const keep = graphInput('keep', [input.shape[0], count]);
  const size = input.shape.slice(1).reduce<number>((n, d) => n * (d as number), 1);
  const index = graphInput('feature of each element', [size], 'int64');
  const mask = g.reshape(g.apply('Gather', [keep, index], { axis: 1 }), input.shape);
  const on = modelOn(model, g.where(g.greater(mask, 0.5), x, baseline));
  return { name: 'features', inputs: [x, baseline, keep, index], outputs: [on(outputOf(model, target))] };
}
