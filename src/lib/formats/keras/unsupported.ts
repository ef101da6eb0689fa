/** @file What of a model cannot be read, all of it at once. */
import { FormatError } from '../error.ts';
import { unknownActivation } from './activations.ts';
import { functionNamed, functionTitle } from './layers/functions.ts';
import { classNamed } from './layers/table.ts';
import { layerOf, type LayerSpec, type ModelSpec } from './topology.ts';

const ACTIVATIONS = ['activation', 'recurrent_activation'];

/** Layers in layers: deeper ones are refused when they are built. */
const DEEPEST = 16;

/** Each problem as [what, name of its layer]. */
function* problems(model: ModelSpec, depth = 0): Generator<[string, string]> {
  for (const layer of model.layers.values()) yield* ofLayer(layer, depth);
}

function* ofLayer(layer: LayerSpec, depth: number): Generator<[string, string]> {
  if (depth > DEEPEST) return;
  if (layer.model) return yield* problems(layer.model, depth + 1);
  const fn = layer.config.get('function');
  if (!classNamed(layer.className) && !functionNamed(layer.className, fn))
    return yield [functionTitle(layer.className, fn).slice(0, 80), layer.name];
  for (const key of ACTIVATIONS) {
    const unknown = unknownActivation(layer.config.get(key));
    if (unknown !== null) yield [`activation ${unknown.slice(0, 80)}`, layer.name];
  }
  const inner = layer.config.get('layer');
  if (inner) yield* ofLayer(layerOf(inner, depth + 1, []), depth + 1);
}

/** Throws a FormatError that names every class of layers and every activation that is not known. */
export function refuseUnsupported(model: ModelSpec, file: string): void {
  const found = Map.groupBy(problems(model), ([what]) => what);
  if (found.size === 0) return;
  const list = [...found].map(([what, where]) => `${what} (×${where.length}, first: "${where[0][1].slice(0, 80)}")`);
  const shown = list.length <= 12 ? list : [...list.slice(0, 12), `and ${list.length - 12} more`];
  throw new FormatError(
    `${file}: ${found.size} unsupported kind${found.size > 1 ? 's' : ''} of layer: ${shown.join(', ')}. Replace ${found.size > 1 ? 'them' : 'it'} by built-in layers, or export the model with tf2onnx to ONNX.`,
  );
}
