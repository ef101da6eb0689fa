/** @file What every layer makes of an image: one pass that keeps the activations, and what a person asks of them after it. */
import { headOf, outputOf, seedOf } from '../attribution/target.ts';
import { graphInput, keyOf } from '../attribution/program.ts';
import type { Compiled, ModelGraph, Resident, Target } from '../attribution/types.ts';
import { backward } from '../autodiff/backward.ts';
import { gradient } from '../autodiff/rule-sets.ts';
import { dependents, type Graph, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { unfolded } from '../synthesis/objective.ts';
import { float32, sizeOf, type FloatTensor } from '../tensor/tensor.ts';
import { activationsOf, among, channelsFirst, type Activation, type ActivationInfo } from './activations.ts';
import type { LoadedModel } from './open.ts';

/** Of one channel over its positions, or of a whole layer. */
export interface Statistics {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  /** Share of elements that are exactly zero, 0…1. */
  readonly zeros: number;
  /** Elements that are NaN or infinite; the other numbers leave them out. */
  readonly nonFinite: number;
}

export interface FeatureMaps {
  readonly layer: ActivationInfo;
  /** [channels, prefix + height · width]: channel by channel, tokens before the grid first. */
  readonly data: Float32Array;
  /** Of each channel. */
  readonly channels: readonly Statistics[];
  readonly whole: Statistics;
}

/** So many bytes of activations are kept of one image; a model with more is run again for each layer that is opened. */
const KEPT_BYTES = 384 * 2 ** 20;

/** The activations of one image. */
export interface Inside {
  readonly layers: readonly ActivationInfo[];
  maps(layer: string): Promise<FeatureMaps>;
  /** A layer's activation in the file's own layout, [1, …]. */
  tensor(layer: string): Promise<FloatTensor>;
  /**
   * Σ over positions of activation · ∂F/∂activation, for each channel: to first order, what the channel adds to F (Olah et
   * al. 2018, "The building blocks of interpretability", https://distill.pub/2018/building-blocks). A layer that F does not
   * depend on contributes 0.
   */
  contributions(layer: string, target: Target): Promise<Float32Array>;
  dispose(): void;
}

/** Runs the model on `x`. `dispose` gives the activations back. */
export async function lookInside(
  { model, engine, info }: Pick<LoadedModel, 'model' | 'engine' | 'info'>,
  x: FloatTensor,
): Promise<Inside> {
  const activations = activationsOf(model);
  const find = (id: string): Activation => among(activations, info.name, id);
  const keepsAll = activations.reduce((n, a) => n + 4 * sizeOf(a.info.shape), 0) <= KEPT_BYTES;
  const kept = keepsAll ? await (await programFor(engine, model, activations)).run([x]) : null;
  const read = async (layer: Activation): Promise<Float32Array> => {
    if (kept) return (await kept[activations.indexOf(layer)].read()).data as Float32Array;
    const [result] = await (await programFor(engine, model, [layer])).run([x]);
    const { data } = await result.read();
    const copy = (data as Float32Array).slice();
    result.dispose();
    return copy;
  };
  return {
    layers: activations.map((a) => a.info),
    async maps(id) {
      const layer = find(id);
      const data = channelsFirst(layer, await read(layer));
      const size = data.length / layer.info.channels;
      const channels = Array.from({ length: layer.info.channels }, (_, c) =>
        statisticsOf(data.subarray(c * size, (c + 1) * size)),
      );
      return { layer: layer.info, data, channels, whole: wholeOf(channels, size) };
    },
    async tensor(id) {
      const layer = find(id);
      return float32([1, ...layer.info.shape], (await read(layer)).slice());
    },
    async contributions(id, target) {
      const layer = find(id);
      const y = outputOf(model, target);
      if (!dependents([layer.value], [y]).has(y)) return new Float32Array(layer.info.channels);
      const key = `contributions/${headOf(target)}/${keyOf(layer.value)}`;
      const program = await engine.program(key, () => contributionGraph(model, layer, target), { batch: 1 });
      const [result] = await program.run([x, seedOf({ model, target })]);
      return copyOf(result);
    },
    dispose: () => kept?.forEach((result) => result.dispose()),
  };
}

function programFor(
  engine: LoadedModel['engine'],
  model: ModelGraph,
  layers: readonly Activation[],
): Promise<Compiled> {
  const build = (): Graph => ({ name: 'inside', inputs: [model.input], outputs: layers.map(({ value }) => value) });
  const keep = layers.map((_, i) => i);
  return engine.program(`inside/${layers.length === 1 ? keyOf(layers[0].value) : 'all'}`, build, { batch: 1, keep });
}

function contributionGraph(model: ModelGraph, layer: Activation, target: Target): Graph {
  const g = new Builder();
  const y: Value = outputOf(model, target);
  const seed = graphInput('seed', y.shape);
  const [slope] = backward(g, gradient, { y, seed, xs: [layer.value] });
  const share = unfolded(g, layer, g.mul(layer.value, slope));
  return { name: 'contributions', inputs: [model.input, seed], outputs: [g.reduceSum(share, [2], false)] };
}

async function copyOf(result: Resident): Promise<Float32Array> {
  const copy = ((await result.read()).data as Float32Array).slice();
  result.dispose();
  return copy;
}

export function statisticsOf(values: ArrayLike<number>): Statistics {
  let [min, max, total, zeros, finite] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (!Number.isFinite(v)) continue;
    finite++;
    total += v;
    if (v === 0) zeros++;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  if (finite === 0) return { min: NaN, mean: NaN, max: NaN, zeros: 0, nonFinite: values.length };
  return { min, mean: total / finite, max, zeros: zeros / values.length, nonFinite: values.length - finite };
}

/** Of a layer, from its channels of `size` elements each. */
function wholeOf(channels: readonly Statistics[], size: number): Statistics {
  const finite = channels.reduce((n, c) => n + size - c.nonFinite, 0);
  const sum = (f: (c: Statistics) => number) => channels.reduce((n, c) => n + (Number.isNaN(c.mean) ? 0 : f(c)), 0);
  if (finite === 0) return { min: NaN, mean: NaN, max: NaN, zeros: 0, nonFinite: channels.length * size };
  return {
    min: channels.reduce((n, c) => Math.min(n, Number.isNaN(c.min) ? Infinity : c.min), Infinity),
    mean: sum((c) => c.mean * (size - c.nonFinite)) / finite,
    max: channels.reduce((n, c) => Math.max(n, Number.isNaN(c.max) ? -Infinity : c.max), -Infinity),
    zeros: sum((c) => c.zeros) / channels.length,
    nonFinite: channels.length * size - finite,
  };
}
