/** @file A neuron that is explained in place of a class: what it is called, and how the page comes to it. */
import { neuronTitle } from '../synthesis/neuron.ts';
import type { Neuron } from '../worker/api.ts';
import { layerTitle } from './layer-title.ts';
import type { Selection } from './place.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** "channel 12 at row 3, column 4 of conv5", as headings have it. */
export const titleOfNeuron = (neuron: Neuron): string => neuronTitle(neuron, layerTitle(neuron.layer));

/** The neuron that is picked in `layer`; null where a channel is picked without a place, or nothing. */
export function neuronAt(
  { layer: id, channel, position }: Selection,
  layer: { readonly id: string; readonly height: number; readonly width: number } | null,
): Neuron | null {
  if (!layer || layer.id !== id || channel === null) return null;
  if (layer.height * layer.width === 1) return { layer: id, channel, position: null };
  return position && { layer: id, channel, position };
}

/**
 * Explains `neuron` in place of a class. A layer that methods look at must lead to it: where the chosen one does not stand
 * before it, the last that does is chosen.
 */
export function explainNeuron({ question, place, inside, model }: Workspace, neuron: Neuron): void {
  question.neuron = neuron;
  const at = (id: string | null) => inside.layers.findIndex((layer) => layer.id === id);
  const before = (model?.layers ?? []).filter(({ id }) => at(id) >= 0 && at(id) < at(neuron.layer));
  if (!before.some(({ id }) => id === question.layer)) {
    question.layer = before.at(-1)?.id ?? question.layer;
    if (before.length === 0) question.explainsLayer = false;
  }
  place.go('explain');
}
