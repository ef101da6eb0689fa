/** @file What a neuron is called: by the page, the files it saves, the command line. */
import type { Neuron, Through } from '../attribution/types.ts';

/** "channel 12 at row 3, column 4 of conv5"; "unit 7 of fc6" in a layer with a single place. `layer`: what the layer is called. */
export const neuronTitle = ({ channel, position }: Neuron, layer: string): string =>
  position
    ? `channel ${channel} at row ${position.y}, column ${position.x} of ${layer}`
    : `unit ${channel} of ${layer}`;

/** The neuron to go through, once the image has decided what was left open; null before. */
export function decidedNeuron(through: Through | null | undefined): Neuron | null {
  if (!through || through.channel === null) return null;
  const { layer, channel, position } = through;
  return { layer, channel, position };
}

/** "tabby through channel 12 at row 3, column 4 of conv5" */
export const throughTitle = (what: string, neuron: string): string => `${what} through ${neuron}`;
