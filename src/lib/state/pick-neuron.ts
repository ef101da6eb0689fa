/** @file From a place of an explanation to a neuron: what is picked there is picked for the whole page. */
import type { ActivationInfo } from './inside.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** A cell of a map and how many there are. */
export interface MapCell {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The position of `layer` under the middle of a cell: the map and the layer cover the same part of the image. */
export const positionUnder = (cell: MapCell, layer: Pick<ActivationInfo, 'height' | 'width'>) => ({
  y: Math.floor(((cell.y + 0.5) / cell.height) * layer.height),
  x: Math.floor(((cell.x + 0.5) / cell.width) * layer.width),
});

/**
 * Picks the neuron under `cell` of the result on show: in the layer that was explained or gone through, else in the one that is
 * picked, else in the one that the page begins with. A click says where and not which, so the channel is the one with the largest
 * activation there. Returns why nothing can be picked, a sentence; '' where something was.
 */
export async function pickNeuronAt(workspace: Workspace, cell: MapCell): Promise<string> {
  const { inside, place, question, result } = workspace;
  const explained = result?.request.layer ?? result?.request.through?.layer ?? null;
  await inside.list();
  if (!inside.listed) return inside.problem;
  const layer = [explained, place.selection.layer, question.layer]
    .map((id) => mapOf(workspace, id))
    .find((found) => found !== null);
  if (!layer) return 'No layer of this model has positions on the image, so there is no neuron to pick here.';
  const { y, x } = positionUnder(cell, layer);
  place.pickChannel(null);
  place.pickPosition(layer.id, y, x);
  await inside.look();
  return inside.problem;
}

/** A layer whose positions are known to be those of the image; null where `id` is none. */
function mapOf({ inside, model }: Workspace, id: string | null): ActivationInfo | null {
  if (!model?.layers.some((layer) => layer.id === id)) return null;
  return inside.layers.find((layer) => layer.id === id) ?? null;
}
