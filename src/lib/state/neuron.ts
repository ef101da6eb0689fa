/** @file A neuron that is explained in place of a class, or on the way to it: what it is called, and how the page comes to it. */
import { decidedNeuron, neuronTitle, throughTitle } from '../synthesis/neuron.ts';
import type { Neuron, Through } from '../worker/api.ts';
import { layerTitle } from './layer-title.ts';
import type { Selection } from './place.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** "channel 12 at row 3, column 4 of conv5", as headings have it. */
export const titleOfNeuron = (neuron: Neuron): string => neuronTitle(neuron, layerTitle(neuron.layer));

/** "tabby through channel 12 at row 3, column 4 of conv5"; `what` alone where nothing is gone through. */
export function followedThrough(what: string, through: Through | null | undefined): string {
  const neuron = decidedNeuron(through);
  return neuron ? throughTitle(what, titleOfNeuron(neuron)) : what;
}

/** What the neuron that a result went through is called; '' where it went through none. */
export function titleOfThrough(through: Through | null | undefined): string {
  const neuron = decidedNeuron(through);
  return neuron ? titleOfNeuron(neuron) : '';
}

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
 * The neuron that is gone through: the chosen one, or, while something is left to the image, the one that the image decided for;
 * null before that.
 */
export function throughOf({ question: { through }, result }: Pick<Workspace, 'question' | 'result'>): Neuron | null {
  const chosen = decidedNeuron(through);
  if (chosen) return chosen;
  const found = decidedNeuron(result?.request.through);
  return through === null || through.layer === found?.layer ? found : null;
}

/** Follows the target through `neuron`, by a method that can: the present one, else the first. */
export function goThrough({ question, place, method, model }: Workspace, neuron: Neuron): void {
  const able = [method, ...(model?.methods ?? [])].find((one) => one?.needs.neuron && one.unavailable === null);
  if (!able) return;
  question.method = able.id;
  question.through = neuron;
  place.go('explain');
}

/** Whether the open model allows a method that goes through a neuron. */
export const canGoThrough = ({ model }: Pick<Workspace, 'model'>): boolean =>
  model?.methods.some(({ needs, unavailable }) => needs.neuron && unavailable === null) ?? false;

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
