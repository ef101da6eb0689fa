/** @file Every activation of a model that a person may look into, and where its channels and positions are. */
import { imagesBehind, layoutAmong } from '../attribution/inputs.ts';
import type { ModelGraph } from '../attribution/types.ts';
import type { Layout } from '../attribution/layout.ts';
import { isBatch, type Shape } from '../graph/dim.ts';
import { dependents, topologicalOrder, Value } from '../graph/graph.ts';
import { axesOf, gridOf, shapeOf, siteSize, type Site } from '../synthesis/objective.ts';
import { isFloat } from '../tensor/dtype.ts';
import { isRearranging } from './layers.ts';

export interface ActivationInfo {
  /** Name of the activation: the tensor's name in the model file. */
  readonly id: string;
  readonly op: string;
  /** Without the batch axis, as in the file. */
  readonly shape: readonly number[];
  readonly channels: number;
  /** Of a map or of a grid of tokens; 1×n for a row of tokens without a grid, 1×1 for a vector. */
  readonly height: number;
  readonly width: number;
  /** Class and register tokens before those on the grid. */
  readonly prefix: number;
  /** Probabilities of an attention: a channel is a head, a row a token that looks, a column one that is looked at. */
  readonly attention?: true;
}

export interface Activation extends Site {
  readonly info: ActivationInfo;
}

/** The named activations between the images and the logits, the logits among them, in forward order. */
export function activationsOf({ images, input, logits }: ModelGraph): Activation[] {
  const onPath = dependents([input], [logits]);
  const behind = imagesBehind(images, logits);
  const found = new Map<string, Activation>();
  for (const node of topologicalOrder([logits])) {
    const [value] = node.outputs;
    const known = value.name === '' || images.includes(value) || found.has(value.name);
    if (known || !onPath.has(value) || (isRearranging(node.op) && value !== logits)) continue;
    const site = siteOf(value, input, behind(value));
    if (site) found.set(value.name, { ...site, info: infoOf(site, node.op, value === logits) });
  }
  return [...found.values()];
}

/** The activation of that name. Throws a RangeError where `model`, called `name`, has none. */
export function activationNamed(model: ModelGraph, name: string, id: string): Activation {
  return among(activationsOf(model), name, id);
}

/** As `activationNamed`, where they are listed already. */
export function among(activations: readonly Activation[], name: string, id: string): Activation {
  const found = activations.find(({ info }) => info.id === id);
  if (!found)
    throw new RangeError(
      `${name}: has no layer "${id}" among its ${activations.length} activations. Pick one from the list.`,
    );
  return found;
}

/** null where it cannot be shown. */
function siteOf(value: Value, input: Value, images: readonly Value[]): Site | null {
  const { dtype, shape } = value;
  if (!isFloat(dtype)) return null;
  const folded = shape[0] !== input.shape[0];
  const site: Site = folded ? { value, layout: null, folded } : { value, layout: null };
  const whole = shapeOf(site);
  // In one tensor with a batch the examples cannot be told apart, unless they lie one after another.
  if (whole[0] !== input.shape[0] || whole.length < 2 || whole.length > 4 || whole.slice(1).some(isBatch)) return null;
  return { ...site, layout: folded ? foldedLayout(value, whole, images) : layoutAmong(images, value) };
}

/** Of [tokens, D] and [tokens, 1, D], tokens first, as sequence models of PyTorch have them. Heads have no layout. */
function foldedLayout({ dtype }: Value, whole: Shape, images: readonly Value[]): Layout | null {
  const tokensFirst = whole.length === 4 && whole[2] === 1;
  if (whole.length !== 3 && !tokensFirst) return null;
  const tokens = layoutAmong(images, new Value(dtype, [whole[0], whole[1], whole.at(-1)!]));
  return tokens && tokensFirst ? { ...tokens, channels: 3, positions: [1, 2] } : tokens;
}

function infoOf(site: Site, op: string, last: boolean): ActivationInfo {
  const { value, layout } = site;
  const { height, width } = gridOf(site);
  const shape = shapeOf(site).slice(1) as number[];
  return {
    id: value.name,
    op,
    shape,
    channels: siteSize(site).channels,
    height,
    width,
    prefix: layout?.prefix ?? 0,
    ...(op === 'Softmax' && !last && shape.length === 3 && shape[1] === shape[2] ? { attention: true } : {}),
  };
}

/** [channels, prefix + height · width] of one example, from a tensor in the layer's own layout. */
export function channelsFirst(site: Site, data: Float32Array): Float32Array {
  const { channels, positions } = siteSize(site);
  if (axesOf(site).channels === 1) return data.slice();
  const out = new Float32Array(data.length);
  for (let p = 0; p < positions; p++)
    for (let c = 0; c < channels; c++) out[c * positions + p] = data[p * channels + c];
  return out;
}
