/**
 * @file Models with several images. A tuple of images is one vector that holds them one after another, so every method
 * that knows nothing of positions explains all of them at once, and its sums run over all of them. Methods that know
 * positions (windows, layers) look at the images themselves. With one image nothing is packed: the vector is the image.
 */
import type { Dim } from '../graph/dim.ts';
import { dependents, Value } from '../graph/graph.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import { Builder } from '../ops/builder.ts';
import { float32, sizeOf, type FloatTensor } from '../tensor/tensor.ts';
import { layoutOf, type Layout } from './layout.ts';
import { exampleShape } from './target.ts';
import type { ModelGraph } from './types.ts';

const lengthOf = (image: Value): number => sizeOf(exampleShape(image));

/** Where each image begins in the vector, and where the last one ends. */
const offsetsOf = (images: readonly Value[]): number[] =>
  images.reduce((offsets, image) => [...offsets, offsets.at(-1)! + lengthOf(image)], [0]);

export interface Packed {
  /** [N or 1, elements of all images]; the image itself where there is one. */
  readonly input: Value;
  /** The images as parts of `input`. */
  readonly images: readonly Value[];
  /** Each value computed from `input`. */
  readonly on: (value: Value) => Value;
}

/** The graph between `images`, its inputs, and `outputs`, on one vector. Batch axes must be alike. */
export function pack(images: readonly Value[], outputs: readonly Value[]): Packed {
  if (images.length === 1) return { input: images[0], images, on: (value) => value };
  const g = new Builder();
  const batch: Dim = images[0].shape[0];
  const name = images.map((image) => image.name).join(', ');
  const input = new Value('float32', [batch, offsetsOf(images).at(-1)!], { name });
  const parts = images.map((_, i) => partOf(g, images, input, i));
  const on = cloneBetween(new Map(images.map((image, i) => [image, parts[i]])), outputs);
  return { input, images: parts, on };
}

/** Image `i` cut out of `vector`, [1 or N, elements of all `images`], under its name. */
export function partOf(g: Builder, images: readonly Value[], vector: Value, i: number): Value {
  if (images.length === 1) return vector;
  const [start, end] = offsetsOf(images).slice(i);
  const shape = g.ints([vector.shape[0], ...images[i].shape.slice(1)]);
  return g.apply('Reshape', [g.slice(vector, [start], [end], [1]), shape], {}, { outputs: [images[i].name] });
}

/** The vector that holds `images` one after another, as a graph; the image itself where there is one. */
export function joinGraph(g: Builder, images: readonly Value[]): Value {
  if (images.length === 1) return images[0];
  return g.concat(
    images.map((image) => g.reshape(image, [image.shape[0], lengthOf(image)])),
    1,
  );
}

/** The images in `vector`, [1, …] each. They share its memory. */
export function split({ images }: Pick<ModelGraph, 'images'>, vector: FloatTensor): FloatTensor[] {
  if (images.length === 1) return [vector];
  const offsets = offsetsOf(images);
  return images.map((image, i) => float32(exampleShape(image), vector.data.subarray(offsets[i], offsets[i + 1])));
}

/** The vector that holds `parts` one after another: the opposite of `split`. */
export function join(parts: readonly FloatTensor[]): FloatTensor {
  if (parts.length === 1) return parts[0];
  const data = new Float32Array(parts.reduce((n, part) => n + part.data.length, 0));
  parts.reduce((at, part) => {
    data.set(part.data, at);
    return at + part.data.length;
  }, 0);
  return float32([1, data.length], data);
}

/** Of each value on the way from `images` to `output`, the images that it depends on. */
export function imagesBehind(images: readonly Value[], output: Value): (value: Value) => Value[] {
  const seen = images.map((image) => dependents([image], [output]));
  return (value) => images.filter((_, i) => seen[i].has(value));
}

/** Where the positions of `layer` are, by the first of `images` whose shape they fit; null where they are nowhere. */
export function layoutAmong(images: readonly Value[], layer: Value): Layout | null {
  for (const image of images) {
    const layout = layoutOf(layer, image);
    if (layout) return layout;
  }
  return null;
}

/** Every activation between the images and the logits that has positions, in forward order. */
export function spatialLayers({ images, input, logits }: ModelGraph): Value[] {
  const ends = new Set([input, logits, ...images]);
  const behind = imagesBehind(images, logits);
  const between = dependents(images, [logits]);
  return [...between].filter((v) => !ends.has(v) && layoutAmong(behind(v), v) !== null);
}
