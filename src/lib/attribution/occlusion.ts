import type { Graph, Value } from '../graph/graph.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import { Builder } from '../ops/builder.ts';
import { float32, stridesOf, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { join, partOf, split } from './inputs.ts';
import { imageAxes } from './layout.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { integer, schema } from './options.ts';
import { batchFor, chunkOf, inChunks, numberPerExample, oneLike, readAll, values } from './program.ts';
import { exampleShape, headOf, outputOf, seedOf, valuesOf } from './target.ts';
import type { Explanation, ModelGraph, Progress, Question, Target } from './types.ts';

/**
 * Occlusion (Zeiler & Fergus 2014, arXiv:1311.2901): a window slides over the input and is filled with the baseline.
 *
 *     scoreᵢ = mean over the windows W that cover i of F(x) − F(x with W from x′)
 *
 * It needs forward passes only and so works for every model. Of several images each is covered in turn.
 */
export const occlusion = defineMethod({
  id: 'occlusion',
  title: 'Occlusion',
  family: 'perturbation',
  description:
    'How far the score drops when a window of the image is covered. Needs no gradient: works for every model.',
  citation: {
    authors: 'Zeiler, Fergus',
    year: 2014,
    title: 'Visualizing and Understanding Convolutional Networks',
    url: 'https://arxiv.org/abs/1311.2901',
  },
  options: schema({
    window: integer(
      { title: 'Window', description: 'Side of the window, in pixels of the input.' },
      { minimum: 1, maximum: 1024, default: 16 },
    ),
    stride: integer(
      { title: 'Stride', description: 'Pixels from one window to the next: smaller is slower and finer.' },
      { minimum: 1, maximum: 1024, default: 8 },
    ),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  explain: (question, { window, stride }) => {
    const windows = question.model.images.map((image) => {
      const shape = exampleShape(image).slice(1);
      const axes = imageAxes(image) ?? shape.map((_, axis) => axis + 1);
      const over = (length: number) => shape.map((d, axis) => (axes.includes(axis + 1) ? Math.min(length, d) : d));
      return { window: over(window), strides: over(stride) };
    });
    return occlude(question, windows);
  },
});

export interface Windows {
  /** Length of the window along each axis after the batch. */
  readonly window: readonly number[];
  readonly strides: readonly number[];
}

/**
 * Occlusion with windows of any shape, those of each image in turn while the others stay whole. Windows start at multiples
 * of the strides; the last along an axis is cut off at the edge.
 */
export async function occlude(question: Question, windows: readonly Windows[]): Promise<Explanation> {
  const { model, x, onProgress } = question;
  const images = split(model, x);
  const starts = images.map((image, i) => windowStarts(image.shape.slice(1), windows[i]));
  const total = starts.reduce((n, { length }) => n + length, 0);
  const [value] = await values(question, [x]);

  const scores: FloatTensor[] = [];
  let before = 0;
  for (const [i, image] of images.entries()) {
    const part = {
      ...question,
      onProgress: (p: Progress) => onProgress?.({ done: before + p.done, total }),
    };
    scores.push(await meanDrops(part, { i, image, starts: starts[i], window: windows[i].window, value }));
    before += starts[i].length;
  }
  return { scores: join(scores), value, passes: total + 1 };
}

interface Covering {
  /** Which image of the model is covered. */
  readonly i: number;
  readonly image: FloatTensor;
  readonly starts: readonly (readonly number[])[];
  readonly window: readonly number[];
  /** F(x). */
  readonly value: number;
}

async function meanDrops(question: Question, { i, image, starts, window, value }: Covering): Promise<FloatTensor> {
  const { model, engine, target, x } = question;
  const batch = await batchFor(question, starts.length);
  const key = `occlusion/${headOf(target)}/${i}`;
  const program = await engine.program(key, () => occludedGraph(model, target, i), { batch });
  const seed = seedOf(question);
  const drops = new Float64Array(image.data.length);
  const covers = new Uint32Array(image.data.length);
  await inChunks(question, starts.length, batch, async (first) => {
    const corners = window.map((_, axis) =>
      chunkOf(
        starts.map((s) => s[axis]),
        first,
        batch,
        image.shape.length,
      ),
    );
    const ends = corners.map((corner, axis) =>
      float32(
        corner.shape,
        corner.data.map((v) => v + window[axis]),
      ),
    );
    const [y] = await readAll(await program.run([x, question.baseline!, ...corners, ...ends]));
    valuesOf(y, seed)
      .slice(0, starts.length - first)
      .forEach((occluded, k) =>
        cover(image, starts[first + k], window, (at) => {
          drops[at] += value - occluded;
          covers[at]++;
        }),
      );
  });
  const scores = zeros('float32', image.shape);
  drops.forEach((drop, at) => (scores.data[at] = covers[at] > 0 ? drop / covers[at] : 0));
  return scores;
}

/** Where windows begin, row-major: as many along each axis as it takes to reach the end of it. */
function windowStarts(shape: readonly number[], { window, strides }: Windows): number[][] {
  return shape.reduce<number[][]>(
    (found, length, axis) => {
      const count = Math.ceil(Math.max(0, length - window[axis]) / strides[axis]) + 1;
      return found.flatMap((start) => Array.from({ length: count }, (_, k) => [...start, k * strides[axis]]));
    },
    [[]],
  );
}

/** Calls `visit` with the place of every element of x in the window at `start`. */
function cover(x: FloatTensor, start: readonly number[], window: readonly number[], visit: (at: number) => void): void {
  const shape = x.shape.slice(1);
  const strides = stridesOf(shape);
  const along = (axis: number, offset: number): void => {
    if (axis === shape.length) return visit(offset);
    const end = Math.min(shape[axis], start[axis] + window[axis]);
    for (let i = start[axis]; i < end; i++) along(axis + 1, offset + i * strides[axis]);
  };
  along(0, 0);
}

/** The model on x with a box of image `i` from x′; corners are fed, so that one program serves every window. */
function occludedGraph(model: ModelGraph, target: Target, i: number): Graph {
  const g = new Builder();
  const { input, images } = model;
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(input, name));
  const axes = images[i].shape.slice(1).map((_, axis) => axis + 1);
  const firsts = axes.map((axis) => numberPerExample(images[i], `first on axis ${axis}`));
  const ends = axes.map((axis) => numberPerExample(images[i], `end on axis ${axis}`));
  const inside = axes.map((axis, k) => {
    const place = placesOn(g, images[i], axis);
    return g.and(g.not(g.less(place, firsts[k])), g.less(place, ends[k]));
  });
  const covered = inside.reduce(g.and);
  const point = g.where(covered, partOf(g, images, baseline, i), partOf(g, images, x, i));
  const whole = g.expand(x, input.shape);
  const y = outputOf(model, target);
  // Where there is one image it is the input itself, and the later entry stands.
  const on = cloneBetween(
    new Map([
      [input, whole],
      [images[i], point],
    ]),
    [y],
  );
  return { name: 'occlusion', inputs: [x, baseline, ...firsts, ...ends], outputs: [on(y)] };
}

/** 0, 1, 2, … along one axis: [1, …, length, …, 1]. */
function placesOn(g: Builder, like: Value, axis: number): Value {
  const length = like.shape[axis] as number;
  const shape = like.shape.map((_, i) => (i === axis ? length : 1));
  return g.constant(
    float32(
      shape,
      Array.from({ length }, (_, i) => i),
    ),
  );
}
