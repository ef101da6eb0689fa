/** @file Every activation of a model that a person may look into, and where its channels and positions are. */
import { imagesBehind, layoutAmong } from '../attribution/inputs.ts';
import type { ModelGraph } from '../attribution/types.ts';
import { isBatch } from '../graph/dim.ts';
import { dependents, topologicalOrder, type Value } from '../graph/graph.ts';
import { axesOf, siteSize, type Site } from '../synthesis/objective.ts';
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
    if (known || !onPath.has(value) || (isRearranging(node.op) && value !== logits) || !isShown(value, input)) continue;
    const layout = layoutAmong(behind(value), value);
    found.set(value.name, { value, layout, info: infoOf({ value, layout }, node.op) });
  }
  return [...found.values()];
}

const isShown = ({ dtype, shape }: Value, input: Value): boolean =>
  isFloat(dtype) &&
  shape[0] === input.shape[0] &&
  shape.length >= 2 &&
  shape.length <= 4 &&
  !shape.slice(1).some(isBatch);

function infoOf(site: Site, op: string): ActivationInfo {
  const { value, layout } = site;
  const { channels, positions } = siteSize(site);
  const axes = axesOf(site).positions;
  const [height, width] = layout
    ? [layout.height, layout.width]
    : axes.length === 2
      ? axes.map((axis) => value.shape[axis] as number)
      : [1, positions];
  return {
    id: value.name,
    op,
    shape: value.shape.slice(1) as number[],
    channels,
    height,
    width,
    prefix: layout?.prefix ?? 0,
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
