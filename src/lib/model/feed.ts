/** @file From images to what the model is fed, and from a method's scores back to a map over each image. */
import { imagesBehind, join, layoutAmong, split } from '../attribution/inputs.ts';
import type { Layout } from '../attribution/layout.ts';
import { exampleShape } from '../attribution/target.ts';
import type { ModelGraph } from '../attribution/types.ts';
import { sameShape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { map } from '../tensor/arithmetic.ts';
import { full, makeTensor, sizeOf, zeros, zerosLike, type FloatTensor } from '../tensor/tensor.ts';
import { baselineTensor, cropOf, modelView, normalize } from '../vision/preprocess.ts';
import type { Pixels, Preprocessing, Rect } from '../vision/types.ts';
import type { BaselineChoice, ImageId, InputChoice, ModelInfo } from './types.ts';

export interface OpenImage {
  readonly pixels: Pixels;
  readonly sha256: string;
}

/** One image input and what it is fed. */
export interface Feed {
  readonly image: OpenImage;
  readonly preprocessing: Preprocessing;
  /** [1, …] in the input's layout. */
  readonly x: FloatTensor;
  /** The part of the image that the model sees, in image pixels. */
  readonly crop: Rect;
}

interface Choices extends InputChoice {
  readonly others?: readonly InputChoice[];
}

/** What each input is to be fed, in the model's order. */
export const choicesOf = ({ image, preprocessing, others = [] }: Choices): InputChoice[] => [
  { image, preprocessing },
  ...others,
];

/** In the model's order. */
export const inputNames = ({ input, others = [] }: Pick<ModelInfo, 'input' | 'others'>): string[] =>
  [input, ...others].map(({ name }) => name);

/** Looks up an image. Throws an Error when it is not open. */
export type FindImage = (id: ImageId) => OpenImage;

export const feedsOf = (choices: readonly InputChoice[], find: FindImage): Feed[] =>
  choices.map(({ image: id, preprocessing }) => {
    const image = find(id);
    const crop = cropOf(image.pixels, preprocessing);
    return { image, preprocessing, x: tensorOf(image.pixels, preprocessing), crop };
  });

const tensorOf = (pixels: Pixels, p: Preprocessing): FloatTensor => normalize(modelView(pixels, p), p);

/** x: what the model's one vector holds. */
export const inputOf = (feeds: readonly Feed[]): FloatTensor => join(feeds.map(({ x }) => x));

/**
 * x′: for each input made from its own image. Each draws noise of its own. Of several images it is the first that is not explained;
 * throws a RangeError where there is none.
 */
export const baselineOf = (
  feeds: readonly Feed[],
  choice: BaselineChoice,
  seed: number,
  find: FindImage,
): FloatTensor =>
  join(
    feeds.map(({ image, preprocessing, x }, i) => {
      if (choice.kind === 'image') return tensorOf(find(choice.image).pixels, preprocessing);
      if (choice.kind === 'images') return tensorOf(othersAmong(feeds, choice.images, find)[0].pixels, preprocessing);
      if (choice.kind === 'value') return full(x.shape, choice.value);
      return baselineTensor(choice.kind, modelView(image.pixels, preprocessing), preprocessing, seed + i);
    }),
  );

/** Those of `images` that no input is fed, by their content. Throws a RangeError where there is none. */
export function othersAmong(feeds: readonly Feed[], images: readonly ImageId[], find: FindImage): OpenImage[] {
  const fed = new Set(feeds.map(({ image }) => image.sha256));
  const others = images.map(find).filter(({ sha256 }) => !fed.has(sha256));
  if (others.length === 0)
    throw new RangeError(
      'Baseline: no image is open beside the one that is explained. Open more images, or choose another baseline.',
    );
  return others;
}

/** How each of several images is fed, one after the other and then anew: a distribution of baselines. */
export function drawsFrom(feeds: readonly Feed[], others: readonly OpenImage[]): (k: number) => FloatTensor {
  const made = new Map<number, FloatTensor>();
  return (k) => {
    const at = k % others.length;
    const known = made.get(at) ?? join(feeds.map(({ preprocessing }) => tensorOf(others[at].pixels, preprocessing)));
    made.set(at, known);
    return known;
  };
}

/** The lowest and the highest that each element of x can be: black and white, whichever preprocessing makes the lower one. */
export function boundsOf(feeds: readonly Feed[], find: FindImage): [FloatTensor, FloatTensor] {
  const [black, white] = (['black', 'white'] as const).map((kind) => baselineOf(feeds, { kind }, 0, find));
  return spanOf(black, white);
}

/** The lower and the higher of two tensors of one shape, element by element. */
export function spanOf(a: FloatTensor, b: FloatTensor): [FloatTensor, FloatTensor] {
  const either = (choose: (...ends: number[]) => number) => map(a, (v, i) => choose(v, b.data[i]));
  return [either(Math.min), either(Math.max)];
}

export interface InputScores {
  /** [channels, height, width]; of a layer at its own size, [1, height, width] of class activation maps. */
  readonly scores: FloatTensor;
  /** `scores` summed over channels. */
  readonly map: FloatTensor;
}

/**
 * A method's scores for each input. The map of a layer belongs to each input that the layer depends on; for the others it
 * is zero.
 */
export function scoresOfInputs(
  model: ModelGraph,
  feeds: readonly Pick<Feed, 'preprocessing' | 'x'>[],
  scores: FloatTensor,
  layer: Value | undefined,
): InputScores[] {
  if (!layer || sameShape(scores.shape, exampleShape(model.input))) {
    return split(model, scores).map((part, i) => {
      const own = channelsFirst(part, feeds[i].preprocessing, feeds[i].x);
      return { scores: own, map: sumChannels(own) };
    });
  }
  const seen = imagesBehind(model.images, layer)(layer);
  const own = onGrid(scores, layer, layoutAmong(seen, layer));
  return model.images.map((image) => {
    const part = seen.includes(image) ? own : zerosLike(own);
    return { scores: part, map: sumChannels(part) };
  });
}

/** Σ of the scores of tokens that have no place in the picture, such as a class token's; null where a layer has none. */
export function scoreOfPlaceless(model: ModelGraph, scores: FloatTensor, layer: Value | undefined): number | null {
  if (!layer || !sameShape(scores.shape, exampleShape(layer))) return null;
  const layout = layoutAmong(imagesBehind(model.images, layer)(layer), layer);
  if (!layout || layout.prefix === 0) return null;
  return scores.data.subarray(0, layout.prefix * scores.shape[2]).reduce((total, v) => total + v, 0);
}

/** [channels, height, width] of a layer's scores: as they are, or one for each position. Tokens without a place are left out. */
function onGrid(scores: FloatTensor, layer: Value, layout: Layout | null): FloatTensor {
  if (!layout || !sameShape(scores.shape, exampleShape(layer)))
    return makeTensor('float32', scores.shape.slice(1), scores.data);
  const { height, width, prefix } = layout;
  const channels = scores.shape[layout.channels];
  if (layout.channels === 1) return makeTensor('float32', [channels, height, width], scores.data);
  return channelsToFront(scores.data.subarray(prefix * channels), [height, width, channels]);
}

/** [channels, height, width] from a method's scores, whatever the model's own layout; a layer's map has one channel. */
function channelsFirst(scores: FloatTensor, p: Preprocessing, x: FloatTensor): FloatTensor {
  const shape = scores.shape[0] === 1 && scores.shape.length > 3 ? scores.shape.slice(1) : scores.shape;
  if (shape.length === 2) return makeTensor('float32', [1, ...shape], scores.data);
  if (p.layout === 'NCHW' || sizeOf(shape) !== sizeOf(x.shape)) return makeTensor('float32', shape, scores.data);
  return channelsToFront(scores.data, shape);
}

function channelsToFront(data: Float32Array, [height, width, channels]: readonly number[]): FloatTensor {
  const out = zeros('float32', [channels, height, width]);
  for (let i = 0; i < height * width; i++)
    for (let c = 0; c < channels; c++) out.data[c * height * width + i] = data[i * channels + c];
  return out;
}

function sumChannels(scores: FloatTensor): FloatTensor {
  const [channels, height, width] = scores.shape;
  if (channels === 1) return scores;
  const map = zeros('float32', [1, height, width]);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < map.data.length; i++) map.data[i] += scores.data[c * map.data.length + i];
  return map;
}
