import type { Graph, Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { float32, stridesOf, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { imageAxes } from './layout.ts';
import { defineMethod } from './method.ts';
import { integer, schema } from './options.ts';
import { batchFor, chunkOf, inChunks, modelOn, numberPerExample, oneLike, readAll, values } from './program.ts';
import { headOf, outputOf, seedOf, valuesOf } from './target.ts';
import type { Explanation, ModelGraph, Question, Target } from './types.ts';

/**
 * Occlusion (Zeiler & Fergus 2014, arXiv:1311.2901): a window slides over the input and is filled with the baseline.
 *
 *     scoreᵢ = mean over the windows W that cover i of F(x) − F(x with W from x′)
 *
 * It needs forward passes only and so works for every model.
 */
export const occlusion = defineMethod({
  id: 'occlusion',
  title: 'Occlusion',
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
  explain: (question, { window, stride }) => {
    const shape = question.x.shape.slice(1);
    const rows = imageAxes(question.x) ?? shape.map((_, axis) => axis + 1);
    const over = (length: number) => shape.map((d, axis) => (rows.includes(axis + 1) ? Math.min(length, d) : d));
    return occlude(question, { window: over(window), strides: over(stride) });
  },
});

export interface Windows {
  /** Length of the window along each axis after the batch. */
  readonly window: readonly number[];
  readonly strides: readonly number[];
}

/** Occlusion with a window of any shape. Windows start at multiples of the strides; the last along an axis is cut off at the edge. */
export async function occlude(question: Question, { window, strides }: Windows): Promise<Explanation> {
  const { model, engine, target, x } = question;
  const baseline = question.baseline!;
  const starts = windowStarts(x.shape.slice(1), window, strides);
  const batch = batchFor(question, starts.length);
  const program = await engine.program(`occlusion/${headOf(target)}`, () => occludedGraph(model, target), { batch });
  const seed = seedOf(question);
  const [value] = await values(question, [x]);

  const drops = new Float64Array(x.data.length);
  const covers = new Uint32Array(x.data.length);
  await inChunks(question, starts.length, batch, async (first) => {
    const corners = window.map((_, axis) =>
      chunkOf(
        starts.map((s) => s[axis]),
        first,
        batch,
        x.shape.length,
      ),
    );
    const ends = corners.map((corner, axis) =>
      float32(
        corner.shape,
        corner.data.map((v) => v + window[axis]),
      ),
    );
    const [y] = await readAll(await program.run([x, baseline, ...corners, ...ends]));
    valuesOf(y, seed)
      .slice(0, starts.length - first)
      .forEach((occluded, i) =>
        cover(x, starts[first + i], window, (at) => {
          drops[at] += value - occluded;
          covers[at]++;
        }),
      );
  });
  const scores = zeros('float32', x.shape);
  for (let i = 0; i < drops.length; i++) scores.data[i] = covers[i] > 0 ? drops[i] / covers[i] : 0;
  return { scores, value, passes: starts.length + 1 };
}

/** Where windows begin, row-major: as many along each axis as it takes to reach the end of it. */
function windowStarts(shape: readonly number[], window: readonly number[], strides: readonly number[]): number[][] {
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

/** The model on x with a box from x′; corners are fed, so that one program serves every window. */
function occludedGraph(model: ModelGraph, target: Target): Graph {
  const g = new Builder();
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(model.input, name));
  const axes = model.input.shape.slice(1).map((_, i) => i + 1);
  const firsts = axes.map((axis) => numberPerExample(model.input, `first on axis ${axis}`));
  const ends = axes.map((axis) => numberPerExample(model.input, `end on axis ${axis}`));
  const inside = axes.map((axis, i) => {
    const place = placesOn(g, model.input, axis);
    return g.and(g.not(g.less(place, firsts[i])), g.less(place, ends[i]));
  });
  const covered = inside.reduce(g.and);
  const point = g.where(covered, baseline, x);
  const y = modelOn(model, point)(outputOf(model, target));
  return { name: 'occlusion', inputs: [x, baseline, ...firsts, ...ends], outputs: [y] };
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
