/** @file Which activations a person may pick as "the layer", and which one to begin with. */
import { imagesBehind, layoutAmong } from '../attribution/inputs.ts';
import { dependents, topologicalOrder, type Node, type Value } from '../graph/graph.ts';
import type { LayerInfo } from './types.ts';

export interface Layer {
  readonly info: LayerInfo;
  readonly value: Value;
}

/** Operators that only rearrange or pad what another computed: not layers in anyone's words. */
const REARRANGING = new Set([
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Pad',
  'Slice',
  'Split',
  'Identity',
  'Cast',
  'Expand',
  'Gather',
]);

export const isRearranging = (op: string): boolean => REARRANGING.has(op);

/** The activations between `images` and `output`, in forward order, that have a name in the file and positions. */
export function layersOf(images: readonly Value[], output: Value): Layer[] {
  const onPath = dependents(images, [output]);
  const behind = imagesBehind(images, output);
  const layers = new Map<string, Layer>();
  for (const node of topologicalOrder([output])) {
    const value = node.outputs[0];
    const candidate =
      onPath.has(value) &&
      !images.includes(value) &&
      value !== output &&
      value.name !== '' &&
      !isRearranging(node.op) &&
      !layers.has(value.name);
    if (!candidate || value.shape[0] !== images[0].shape[0]) continue;
    const seen = behind(value);
    if (!layoutAmong(seen, value)) continue;
    const info = { id: value.name, op: node.op, shape: value.shape.slice(1) as number[] };
    layers.set(value.name, {
      value,
      info: seen.length < images.length ? { ...info, inputs: seen.map(({ name }) => name) } : info,
    });
  }
  return [...layers.values()];
}

/**
 * Where Grad-CAM looks first: the last feature map before the positions are pooled away; for a transformer the input
 * of its last attention, since behind it only the class token still reaches the output.
 */
export function defaultLayer(layers: readonly Layer[], output: Value): Layer | null {
  const maps = layers.filter((l) => l.info.shape.length === 3);
  const tokens = layers.filter((l) => l.info.shape.length === 2);
  if (tokens.length > maps.length || maps.length === 0)
    return lastBeforeAttention(tokens, output) ?? tokens.at(-1) ?? null;
  // Behind the pooling a map is a single position.
  return maps.findLast((l) => l.info.shape.filter((n) => n > 1).length > 1) ?? maps.at(-1) ?? null;
}

function lastBeforeAttention(tokens: readonly Layer[], output: Value): Layer | null {
  const attention = topologicalOrder([output]).findLast(
    (node) => node.op === 'Softmax' && node.outputs[0] !== output && contracts(node),
  );
  if (!attention) return null;
  const behind = new Set(topologicalOrder(attention.outputs).flatMap((node) => node.outputs));
  return (
    tokens.findLast((l) => behind.has(l.value) && l.info.op === 'LayerNormalization') ??
    tokens.findLast((l) => behind.has(l.value)) ??
    null
  );
}

/** An attention softmax runs over a last axis as long as the one before it. */
function contracts(node: Node): boolean {
  const shape = node.outputs[0].shape;
  return shape.length >= 3 && shape.at(-1) === shape.at(-2);
}
