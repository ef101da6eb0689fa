/** @file A neuron in place of a class, or on the way to one: where a request names it, and what the methods are asked then. */
import type { Method } from '../attribution/method.ts';
import { activationOf, modelUpTo, refuseLayer, refuseNotBefore, upTo } from '../attribution/part.ts';
import type { FoundNeuron, ModelGraph, Neuron, Question, Through } from '../attribution/types.ts';
import type { Value } from '../graph/graph.ts';
import { axesOf, siteSize } from '../synthesis/objective.ts';
import { activationNamed, activationsOf, channelsFirst, type Activation } from './activations.ts';
import type { LoadedModel } from './open.ts';

/** The part of an open model that a neuron is looked up in. */
type Open = Pick<LoadedModel, 'model'> & { readonly info: Pick<LoadedModel['info'], 'name'> };

/** Throws a RangeError where the model has no such layer, or the layer no such channel or place: both are named. */
export function findNeuron({ model, info }: Open, neuron: Neuron): FoundNeuron {
  const site = activationNamed(model, info.name, neuron.layer);
  return { layer: site.value, index: elementOf(site, neuron) };
}

/**
 * The question about a neuron of the model. Throws a RangeError where there is none, where the layer that the method looks at
 * does not lead to it, or where the method cannot explain the part of the model before it.
 */
export function askNeuron(loaded: Open, method: Method, question: Question, neuron: Neuron): Question {
  const { layer, index } = findNeuron(loaded, neuron);
  const asked = upTo(question, layer, index);
  refuseMethod(method, asked.model, layer);
  return asked;
}

/** The model whose logits are the activation of the neuron's layer. Throws as `askNeuron`. */
export function modelOfNeuron(loaded: Open, method: Method, { layer }: FoundNeuron, looked?: Value): ModelGraph {
  if (looked) refuseNotBefore(looked, layer);
  const model = modelUpTo(loaded.model, layer);
  refuseMethod(method, model, layer);
  return model;
}

/**
 * The same question, followed through a neuron. Throws a RangeError where there is no such neuron, or what is explained does not
 * depend on its layer.
 */
export function askThrough(loaded: Open, question: Question, neuron: Neuron): Question {
  const through = findNeuron(loaded, neuron);
  refuseThrough(question.model, through, question.ofNeuron ?? false);
  return { ...question, through };
}

/** Throws a RangeError where what `model` says, a neuron's activation or a class's score, does not depend on the neuron's layer. */
export function refuseThrough(model: ModelGraph, { layer }: FoundNeuron, ofNeuron: boolean): void {
  if (ofNeuron) refuseNotBefore(layer, model.logits);
  refuseLayer(model, layer);
}

/**
 * The neuron that is meant. What `wanted` leaves open, the image decides: the neuron with the largest activation among those
 * that fit; of no layer, in the model's default one. Throws a RangeError where there is none.
 */
export async function neuronThrough(
  loaded: Open & { readonly info: Pick<LoadedModel['info'], 'defaultLayer'> },
  question: Question,
  wanted: Through | null,
): Promise<Neuron> {
  const site = activationNamed(loaded.model, loaded.info.name, wanted?.layer ?? lastLayer(loaded));
  const { id: layer, channels, height, width, prefix } = site.info;
  const [channel, position] = [wanted?.channel ?? null, wanted?.position ?? null];
  if (channel !== null && (position || height * width === 1)) return { layer, channel, position };
  // Refused before anything is run for it.
  elementOf(site, { layer, channel: channel ?? 0, position: position ?? { y: 0, x: 0 } });
  refuseLayer(loaded.model, site.value);
  const values = channelsFirst(site, (await activationOf(question, site.value)).data as Float32Array);
  const size = prefix + height * width;
  const places = position ? [position.y * width + position.x] : Array.from({ length: height * width }, (_, p) => p);
  let best = { value: -Infinity, channel: channel ?? 0, place: places[0] };
  for (let k = channel ?? 0; k <= (channel ?? channels - 1); k++)
    for (const place of places) {
      const value = values[k * size + prefix + place];
      if (value > best.value) best = { value, channel: k, place };
    }
  const { place } = best;
  const at = height * width === 1 ? null : { y: Math.floor(place / width), x: place % width };
  return { layer, channel: best.channel, position: at };
}

/** The default layer, or, without one that has positions, the last before the output. */
function lastLayer({ model, info: { name, defaultLayer } }: Parameters<typeof neuronThrough>[0]): string {
  const last = defaultLayer ?? activationsOf(model).at(-2)?.info.id;
  if (last === undefined)
    throw new RangeError(`${name}: has no layer between image and output, so there is no neuron to go through.`);
  return last;
}

function refuseMethod(method: Method, model: ModelGraph, layer: Value): void {
  const reason = method.unavailable(model);
  if (reason !== null) throw new RangeError(`${method.title}, up to layer "${layer.name}": ${reason}`);
}

function elementOf(site: Activation, { channel, position }: Neuron): number {
  const { id, channels, height, width, prefix } = site.info;
  if (!within(channel, channels))
    throw new RangeError(
      `Layer "${id}": channel ${channel} is asked for, it has ${channels}. Choose one from 0 to ${channels - 1}.`,
    );
  if (!position && height * width > 1)
    throw new RangeError(
      `Layer "${id}": it has ${height} rows and ${width} columns, and no place is named. Choose a row and a column.`,
    );
  const { y, x } = position ?? { y: 0, x: 0 };
  if (!within(y, height) || !within(x, width))
    throw new RangeError(
      `Layer "${id}": row ${y}, column ${x} is asked for, it has ${height} rows and ${width} columns. Choose a place in it.`,
    );
  const at = prefix + y * width + x;
  return axesOf(site).channels === 1 ? channel * siteSize(site).positions + at : at * channels + channel;
}

const within = (i: number, length: number): boolean => Number.isInteger(i) && i >= 0 && i < length;
