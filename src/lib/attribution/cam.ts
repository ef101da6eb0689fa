/** @file What class activation maps share: a layer with positions, its gradient, and one number for each position. */
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { dependents, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { walkBack } from './gradient.ts';
import { siteOf, type Site } from './site.ts';
import { imagesBehind, layoutAmong, spatialLayers } from './inputs.ts';
import { rowLayout, type Layout } from './layout.ts';
import { toggle } from './options.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { activationOf } from './part.ts';
import { keyOf, runOnce, values } from './program.ts';
import { headOf, seedOf } from './target.ts';
import type { Explanation, ModelGraph, Question } from './types.ts';

/** The option of every class activation map: what the literature drops. */
export const onlyPositive = toggle(
  {
    title: 'Only evidence for it',
    description: 'Off: places that speak against the score are negative instead of zero.',
  },
  true,
);

export const noLayer = (model: ModelGraph): string | null =>
  spatialLayers(model).length > 0
    ? null
    : 'No layer of this model has positions (rows and columns, or tokens on a grid).';

/** The layout of the layer that was chosen, a row of places (of words, of time) among them. Throws a RangeError where it has no positions or does not lead to the output. */
export function requireLayout({ model }: Pick<Question, 'model'>, layer: Value): Layout {
  const layout = layoutAmong(imagesBehind(model.images, layer)(layer), layer) ?? rowLayout(layer);
  if (!layout)
    throw new RangeError(
      `Layer "${layer.name}": shape [${layer.shape}] has no positions. Choose one with rows and columns, or with tokens.`,
    );
  if (!dependents([layer], [model.probabilities]).has(model.probabilities)) {
    throw new RangeError(
      `Layer "${layer.name}": the output does not depend on it. Choose a layer on the way to the output.`,
    );
  }
  return layout;
}

/** A layer at its positions alone: tokens without a place are left out. */
export interface Cam {
  /** A: the activation. */
  readonly activation: Value;
  /** ∂F/∂A, or what took its place. */
  readonly gradient: Value;
  /** Axis of the channels. */
  readonly channels: number;
  /** Axes of the positions. */
  readonly positions: readonly number[];
}

/** `v`, of the layer's shape, without the tokens that have no place. */
export const onGrid = (g: Builder, v: Value, { prefix }: Layout): Value =>
  prefix === 0 ? v : g.slice(v, [prefix], [v.shape[1] as number], [1]);

export const camOf = (g: Builder, layer: Value, gradient: Value, layout: Layout): Cam => ({
  activation: onGrid(g, layer, layout),
  gradient: onGrid(g, gradient, layout),
  channels: layout.channels,
  positions: layout.positions,
});

/** One number for each position, of whichever shape, as a map: [N, 1, height, width]. */
export const asMap = (g: Builder, cam: Value, layer: Value, { height, width }: Layout): Value =>
  g.reshape(cam, [layer.shape[0], 1, height, width]);

/** Σₖ wₖ Aₖ. `weights` has one number for each channel, or one for each channel and position. */
export const weighted = (g: Builder, { activation, channels }: Cam, weights: Value): Value =>
  g.reduceSum(g.mul(weights, activation), [channels]);

/** One number for each position, of whichever shape. */
export type Combine = (g: Builder, cam: Cam) => Value;

interface CamOptions {
  readonly relu: boolean;
}

/** A class activation map whose every number is made on the device: how it explains, and its graph. */
export const camBy = (id: string, combine: Combine) => ({
  explain: (question: Question, { relu }: CamOptions): Promise<Explanation> =>
    explainCam(question, { id, relu }, combine),
  graph: (g: Builder, site: Site, { relu }: CamOptions): Value => camGraph(g, site, relu, combine),
});

/** [N, 1, height, width] */
export function camGraph(g: Builder, site: Site, relu: boolean, combine: Combine): Value {
  const layer = site.layer!;
  const layout = requireLayout(site, layer);
  const {
    on,
    flows: [gradient],
  } = walkBack(g, site, gradientRules, [layer]);
  const map = asMap(g, combine(g, camOf(g, on(layer), gradient, layout)), layer, layout);
  return relu ? g.relu(map) : map;
}

async function explainCam(
  question: Question,
  { id, relu }: { readonly id: string; readonly relu: boolean },
  combine: Combine,
): Promise<Explanation> {
  const { engine, target, x } = question;
  const layer = question.layer!;
  requireLayout(question, layer);
  const build = () => {
    const g = new Builder();
    const site = siteOf(question);
    return { name: id, inputs: [site.x, site.seed], outputs: [camGraph(g, site, relu, combine)] };
  };
  const key = `${id}/${headOf(target)}/${keyOf(layer)}/${relu ? 'relu' : 'signed'}`;
  const program = await engine.program(key, build, { batch: 1 });
  const [scores] = await runOnce(question, program, [x, seedOf(question)]);
  const [value] = await values(question, [x]);
  question.onProgress?.({ done: 1, total: 1 });
  return { scores, value, passes: 2 };
}

/** The activation of a layer at its positions, on the host: [1, channels, height, width]. */
export const channelMaps = async (question: Question, layer: Value, layout: Layout): Promise<FloatTensor> =>
  mapsOf(await activationOf(question, layer), layout);

/** A tensor of the layer's shape at its positions alone: [1, channels, height, width]. */
export function mapsOf({ data, shape }: FloatTensor, layout: Layout): FloatTensor {
  const { channels: axis, prefix, height, width } = layout;
  const channels = shape[axis];
  const positions = height * width;
  const out = new Float32Array(channels * positions);
  for (let k = 0; k < channels; k++)
    for (let p = 0; p < positions; p++)
      out[k * positions + p] = data[axis === 1 ? k * positions + p : (prefix + p) * channels + k];
  return float32([1, channels, height, width], out);
}

/** Σₖ wₖ Aₖ of `channelMaps`: [1, 1, height, width]. */
export function weightedSum(maps: FloatTensor, weights: readonly number[], relu: boolean): FloatTensor {
  const [, , height, width] = maps.shape;
  const total = new Float64Array(height * width);
  weights.forEach((w, k) => total.forEach((_, p) => (total[p] += w * maps.data[k * total.length + p])));
  return float32([1, 1, height, width], relu ? total.map((v) => Math.max(v, 0)) : total);
}
