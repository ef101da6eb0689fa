/** @file Which activations a person may pick as "the layer", and which one to begin with. */
import { dependents, topologicalOrder, type Node, type Value } from '../graph/graph.ts';
import { isBatch } from '../graph/dim.ts';
import type { LayerInfo } from './types.ts';

export interface Layer {
  readonly info: LayerInfo;
  readonly value: Value;
}

/** Operators that only rearrange or pad what another computed: not layers in anyone's words. */
const rearranging = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Pad', 'Slice', 'Split', 'Identity', 'Cast', 'Expand', 'Gather']);

/**
 * The float activations between `input` and `output`, in forward order, that have a name in the file, a batch axis in
 * front and positions behind it: feature maps [N, C, H, W] with more than one position, or tokens [N, T, D].
 */
export function layersOf(input: Value, output: Value): Layer[] {
  const onPath = dependents([input], [output]);
  const seen = new Set<string>();
  const layers: Layer[] = [];
  for (const node of topologicalOrder([output])) {
    const value = node.outputs[0];
    if (!onPath.has(value) || value === output || !value.name || seen.has(value.name) || rearranging.has(node.op)) continue;
    if (value.dtype !== 'float32' || !value.shape.slice(1).every((d) => !isBatch(d))) continue;
    const shape = value.shape.slice(1) as number[];
    if (shape.some((d) => d === 0)) continue;
    seen.add(value.name);
    layers.push({ value, info: { id: value.name, op: node.op, shape, spatial: isSpatial(value, input) } });
  }
  return layers.filter((layer) => layer.info.spatial);
}

function isSpatial(value: Value, input: Value): boolean {
  if (value.shape[0] !== input.shape[0]) return false;
  const [, ...shape] = value.shape as number[];
  if (shape.length === 3) return shape[1] * shape[2] > 1;
  return shape.length === 2 && tokenGrid(shape[0]) !== null;
}

/** Side of the square grid behind T tokens and how many tokens before it are not on it (class token, registers). */
export function tokenGrid(tokens: number): { side: number; extra: number } | null {
  for (const extra of [0, 1, 2, 4, 5]) {
    const side = Math.round(Math.sqrt(tokens - extra));
    if (side > 1 && side * side + extra === tokens) return { side, extra };
  }
  return null;
}

/**
 * Where Grad-CAM looks first: the last feature map before the positions are pooled away; for a transformer the input
 * of its last attention, since behind it only the class token still reaches the output.
 */
export function defaultLayer(layers: readonly Layer[], output: Value): Layer | null {
  const maps = layers.filter((l) => l.info.shape.length === 3);
  const tokens = layers.filter((l) => l.info.shape.length === 2);
  if (tokens.length > maps.length || maps.length === 0) return lastBeforeAttention(tokens, output) ?? tokens.at(-1) ?? null;
  return maps.at(-1) ?? null;
}

function lastBeforeAttention(tokens: readonly Layer[], output: Value): Layer | null {
  const attention = topologicalOrder([output]).findLast((node) => node.op === 'Softmax' && node.outputs[0] !== output && contracts(node));
  if (!attention) return null;
  const behind = new Set(topologicalOrder(attention.outputs).flatMap((node) => node.outputs));
  return tokens.findLast((l) => behind.has(l.value) && l.info.op === 'LayerNormalization') ?? tokens.findLast((l) => behind.has(l.value)) ?? null;
}

/** An attention softmax runs over a last axis as long as the one before it. */
function contracts(node: Node): boolean {
  const shape = node.outputs[0].shape;
  return shape.length >= 3 && shape.at(-1) === shape.at(-2);
}

