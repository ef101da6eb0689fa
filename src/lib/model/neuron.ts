/** @file A neuron in place of a class: where a request names one, and what the methods are asked then. */
import type { Method } from '../attribution/method.ts';
import { modelUpTo, refuseNotBefore, upTo } from '../attribution/part.ts';
import type { ModelGraph, Neuron, Question } from '../attribution/types.ts';
import type { Value } from '../graph/graph.ts';
import { axesOf, siteSize } from '../synthesis/objective.ts';
import { activationNamed, type Activation } from './activations.ts';
import type { LoadedModel } from './open.ts';

/** The part of an open model that a neuron is looked up in. */
type Open = Pick<LoadedModel, 'model'> & { readonly info: Pick<LoadedModel['info'], 'name'> };

/** An element of an activation: `index` runs over those after the batch axis. */
export interface FoundNeuron {
  readonly layer: Value;
  readonly index: number;
}

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
