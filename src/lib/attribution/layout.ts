/** @file Where positions are in a tensor: rows and columns of an image, of a feature map, of a sequence of tokens. */
import { isBatch, sameShape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { isFloat } from '../tensor/dtype.ts';

/** A layer's activation with positions. Axis 0 is the batch. */
export interface Layout {
  /** Axis of the features. */
  readonly channels: number;
  /** The other axes after the batch. */
  readonly positions: readonly number[];
  /** Tokens before those that lie on the grid: class and register tokens. 0 for feature maps. */
  readonly prefix: number;
  readonly height: number;
  readonly width: number;
}

/** More class and register tokens than any model has that we know of. */
const MOST_PREFIX_TOKENS = 8;

/** Axes of an image tensor's rows and columns: the channel axis is the one that is short. null where it is no image. */
export function imageAxes({ shape }: { readonly shape: readonly unknown[] }): readonly [number, number] | null {
  if (shape.length !== 4) return null;
  const [, second, , last] = shape as readonly number[];
  return last <= 4 && second > 4 ? [1, 2] : [2, 3];
}

/** The pixels of an image tensor, row by row, whichever axis its channels have. */
export interface Places {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The place of element i. */
  readonly of: (i: number) => number;
}

/** The places of an image [1, channels, height, width] or [1, height, width, channels]; null where it is none. */
export function placesIn({ shape }: { readonly shape: readonly number[] }): Places | null {
  const axes = imageAxes({ shape });
  if (!axes) return null;
  const [height, width] = axes.map((axis) => shape[axis]);
  const last = axes[0] === 1;
  const channels = shape[last ? 3 : 1];
  return { height, width, channels, of: (i) => (last ? Math.floor(i / channels) : i % (height * width)) };
}

/**
 * Where the positions of `layer` are, given the input image whose aspect ratio a grid must have; null where it has none,
 * or a single one.
 * [N, C, h, w], [N, h, w, C] (told apart by the aspect ratio) and [N, tokens, D] (class tokens first) are known.
 */
export function layoutOf(layer: Value, input: Value): Layout | null {
  const axes = imageAxes(input);
  if (!axes || !isFloat(layer.dtype) || layer.shape.slice(1).some(isBatch)) return null;
  const aspect = (input.shape[axes[0]] as number) / (input.shape[axes[1]] as number);
  const [, a, b, c] = layer.shape as readonly number[];
  if (layer.shape.length === 4) {
    const layout = mapLayout(a, b, c, aspect);
    return layout?.channels === 1 && isAttention(layer, sameAspect(b, c, aspect)) ? null : layout;
  }
  if (layer.shape.length === 3) return tokenLayout(a, aspect);
  return null;
}

function mapLayout(a: number, b: number, c: number, aspect: number): Layout | null {
  const channelsLast = !sameAspect(b, c, aspect) && a * b > 1 && sameAspect(a, b, aspect);
  if (channelsLast) return { channels: 3, positions: [1, 2], prefix: 0, height: a, width: b };
  return b * c > 1 ? { channels: 1, positions: [2, 3], prefix: 0, height: b, width: c } : null;
}

const SLIDING = ['Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'LpPool'];

/**
 * The places of a row of features, [N, C, length], where what made it slides along the last axis; null of other activations.
 * No image lies behind such a row.
 */
export function rowLayout(layer: Value): Layout | null {
  const [, , length] = layer.shape;
  if (layer.shape.length !== 3 || !isFloat(layer.dtype) || isBatch(length) || length < 2) return null;
  return slides(layer) ? { channels: 1, positions: [2], prefix: 0, height: 1, width: length } : null;
}

/** Whether a value comes from a window that slides, with nothing but functions of single elements behind it. */
function slides({ producer, shape }: Value): boolean {
  if (!producer || SLIDING.includes(producer.op)) return producer !== null;
  if ([...PRODUCTS, ...REARRANGING].includes(producer.op)) return false;
  return producer.inputs.some((v) => v !== null && sameShape(v.shape, shape) && slides(v));
}

const PRODUCTS = ['MatMul', 'Gemm', 'Einsum'];
const ELEMENTWISE = ['Softmax', 'Mul', 'Div', 'Add', 'Sub', 'Where', 'Cast', 'Identity'];
const REARRANGING = ['Transpose', 'Reshape', 'Split', 'Slice', 'Gather', 'Squeeze', 'Unsqueeze'];

/**
 * Whether a value read as [N, C, h, w] is in truth [N, heads, …] within an attention: a matrix product that has only been
 * scaled, masked or normalised since. A product puts features last, so where they do not seem to be last (`square`) it
 * is no feature map unless it was rearranged into one.
 */
function isAttention(value: Value, square: boolean): boolean {
  const node = value.producer;
  if (!node) return false;
  if (PRODUCTS.includes(node.op)) return true;
  if (!ELEMENTWISE.includes(node.op) && (square || !REARRANGING.includes(node.op))) return false;
  const rank = value.shape.length;
  return node.inputs.some((v) => v !== null && (!square || v.shape.length === rank) && isAttention(v, square));
}

/** Rounding in strided layers moves each length by less than one. */
const sameAspect = (h: number, w: number, aspect: number) => Math.abs(h - w * aspect) < Math.max(1, aspect);

/** The grid that leaves the fewest tokens over. */
function tokenLayout(tokens: number, aspect: number): Layout | null {
  for (let prefix = 0; prefix <= Math.min(MOST_PREFIX_TOKENS, tokens - 2); prefix++) {
    const width = Math.round(Math.sqrt((tokens - prefix) / aspect));
    const height = (tokens - prefix) / width;
    if (Number.isInteger(height) && sameAspect(height, width, aspect)) {
      return { channels: 2, positions: [1], prefix, height, width };
    }
  }
  return null;
}
