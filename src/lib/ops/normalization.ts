/** @file Normalisations over channels, groups, layers and windows of channels. */
import {
  bindShape,
  broadcastShapes,
  concrete,
  concreteShape,
  normalizeAxis,
  product,
  sameShape,
  type Shape,
} from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { float, int, ints } from './attributes.ts';
import type { Builder } from './builder.ts';
import { inProportion, linear, type Rules } from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite, type Site } from './define.ts';
import {
  detachedBackward,
  standardizeBackward,
  type Standardization,
  type StandardizationFlow,
} from './standardize.ts';

const passes = (times: number) => (x: readonly Value[]) => times * sizeOf(bindShape(x[0].shape, 1));

/** [C] beside x [N, C, …]. */
const perChannel = (g: Builder, v: Value, x: Value): Value =>
  g.reshape(v, [v.shape[0], ...x.shape.slice(2).map(() => 1)]);

function checkChannels({ x, where }: InferSite<unknown>, names: readonly string[]): number {
  if (x[0].shape.length < 2) throw new RangeError(`input has shape [${x[0].shape}]; it needs a channel axis.`);
  const channels = concrete(x[0].shape[1], where);
  names.forEach((name, i) => {
    const shape = x[i + 1].shape;
    if (shape.length !== 1 || shape[0] !== channels)
      throw new RangeError(`${name} has shape [${shape}], the input has ${channels} channels.`);
  });
  return channels;
}

export const BatchNormalization = defineOp('BatchNormalization', {
  doc: '(x − mean) / √(var + epsilon) · scale + B with the statistics of training',
  attrs: { epsilon: float(1e-5), momentum: float(0.9), training_mode: int(0) },
  infer: (site) => {
    if (site.attrs.trainingMode) throw new RangeError('training_mode is 1. Export the model in evaluation mode.');
    if (site.x[0].shape.length > 1) checkChannels(site, ['scale', 'B', 'mean', 'var']);
    return [{ dtype: site.x[0].dtype, shape: site.x[0].shape }];
  },
  ...linear<{ readonly epsilon: number }>((g, { x: [x, scale, , , variance], dy: [dy], attrs }) => {
    const factor = g.div(scale, g.sqrt(g.add(variance, attrs.epsilon)));
    return [g.mul(dy, x.shape.length > 1 ? perChannel(g, factor, x) : factor)];
  }),
  flops: passes(1),
});

/**
 * Rules of an operator that standardises its input 0, seen through `view`, and multiplies by a weight afterwards. LRP: the
 * deviation is taken as a constant (Ali et al. 2022, arXiv:2202.07304); what is left is linear, and the shift B keeps its share.
 */
function standardizing<A>(
  view: (g: Builder, site: Site<A>) => { x: Value; xRef: Value; flow: StandardizationFlow; spec: Standardization },
): Rules<A> {
  const rule = (g: Builder, site: Site<A>) => {
    const { x, xRef, flow, spec } = view(g, site);
    return [g.reshape(standardizeBackward(g, flow, x, xRef, spec), site.x[0].shape)];
  };
  const detached: BackwardRule<A> = (g, site) => {
    const { x, flow, spec } = view(g, site);
    return [g.reshape(detachedBackward(g, flow.normal, x, spec), site.x[0].shape)];
  };
  return {
    gradient: (g, site) => rule(g, { ...site, xRef: site.x }),
    deeplift: rule,
    relevance: (g, site) => inProportion(detached)(g, { ...site, xRef: site.x }),
  };
}

const axesFrom = (first: number, rank: number): number[] => Array.from({ length: rank - first }, (_, i) => first + i);

export const InstanceNormalization = defineOp('InstanceNormalization', {
  doc: '(x − mean) / √(var + epsilon) · scale + B, mean and variance of each channel’s map',
  attrs: { epsilon: float(1e-5) },
  infer: (site) => {
    checkChannels(site, ['scale', 'B']);
    if (site.x[0].shape.length < 3)
      throw new RangeError(`input has shape [${site.x[0].shape}]; it needs an axis after the second.`);
    concreteShape(site.x[0].shape.slice(2), site.where);
    return [{ dtype: site.x[0].dtype, shape: site.x[0].shape }];
  },
  ...standardizing<{ readonly epsilon: number }>(
    (g, { x: [x, scale], xRef: [xRef], dy: [dy], attrs: { epsilon } }) => ({
      x,
      xRef,
      flow: { normal: g.mul(dy, perChannel(g, scale, x)) },
      spec: { axes: axesFrom(2, x.shape.length), centred: true, epsilon, inside: true },
    }),
  ),
  flops: passes(4),
});

/** The meaning of opset 21: scale and bias have one entry a channel. Importers repeat the entries a group of opset 18. */
export const GroupNormalization = defineOp('GroupNormalization', {
  doc: '(x − mean) / √(var + epsilon) · scale + bias, mean and variance of each group of channels, scale of each channel',
  attrs: { epsilon: float(1e-5), num_groups: int(1), stash_type: int(1) },
  infer: (site) => {
    const channels = checkChannels(site, ['scale', 'bias']);
    if (site.attrs.numGroups < 1 || channels % site.attrs.numGroups !== 0)
      throw new RangeError(`num_groups ${site.attrs.numGroups} does not divide ${channels} channels.`);
    concreteShape(site.x[0].shape.slice(2), site.where);
    return [{ dtype: site.x[0].dtype, shape: site.x[0].shape }];
  },
  ...standardizing<{ readonly epsilon: number; readonly numGroups: number }>(
    (g, { x: [x, scale], xRef: [xRef], dy: [dy], attrs: { epsilon, numGroups } }) => {
      const grouped: Shape = [x.shape[0], numGroups, (product(x.shape.slice(1)) as number) / numGroups];
      return {
        x: g.reshape(x, grouped),
        xRef: x === xRef ? g.reshape(x, grouped) : g.reshape(xRef, grouped),
        flow: { normal: g.reshape(g.mul(dy, perChannel(g, scale, x)), grouped) },
        spec: { axes: [2], centred: true, epsilon, inside: true },
      };
    },
  ),
  flops: passes(4),
});

interface LayerAttributes {
  readonly axis: number;
  readonly epsilon: number;
}

/** The axes from `axis` on are normalised together; scale and bias broadcast to the input. */
function inferLayer({ x: [x, ...weights], attrs, where }: InferSite<LayerAttributes>): {
  shape: Shape;
  statistics: Shape;
} {
  const first = normalizeAxis(attrs.axis, x.shape.length, where);
  concreteShape(x.shape.slice(first), where);
  for (const w of weights) {
    if (w && !sameShape(broadcastShapes(x.shape, w.shape), x.shape))
      throw new RangeError(`scale or bias has shape [${w.shape}], the input [${x.shape}].`);
  }
  return { shape: x.shape, statistics: x.shape.map((d, i) => (i < first ? d : 1)) };
}

const layerAxes = (x: Value, axis: number): number[] =>
  axesFrom(normalizeAxis(axis, x.shape.length, 'normalization'), x.shape.length);

/** Kept whole: exporters' decompositions are recognised as this operator, and a runtime that lacks it takes it apart. */
export const LayerNormalization = defineOp('LayerNormalization', {
  doc: '(x − mean) / √(var + epsilon) · scale + B over the axes from `axis` on',
  attrs: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
  infer: (site) => {
    const { dtype } = site.x[0];
    const { shape, statistics } = inferLayer(site);
    return [shape, statistics, statistics].slice(0, site.outputCount).map((s) => ({ dtype, shape: s }));
  },
  ...standardizing<LayerAttributes>(
    (g, { x: [x, scale], xRef: [xRef], dy: [dy, mean, r], attrs: { axis, epsilon } }) => ({
      x,
      xRef,
      flow: { normal: g.mul(dy, scale), mean, r },
      spec: { axes: layerAxes(x, axis), centred: true, epsilon, inside: true },
    }),
  ),
  flops: passes(5),
});

export const RMSNormalization = defineOp('RMSNormalization', {
  doc: 'x / √(mean(x²) + epsilon) · scale over the axes from `axis` on',
  attrs: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
  infer: (site) => [{ dtype: site.x[0].dtype, shape: inferLayer(site).shape }],
  ...standardizing<LayerAttributes>((g, { x: [x, scale], xRef: [xRef], dy: [dy], attrs: { axis, epsilon } }) => ({
    x,
    xRef,
    flow: { normal: g.mul(dy, scale) },
    spec: { axes: layerAxes(x, axis), centred: false, epsilon, inside: true },
  })),
  flops: passes(3),
});

export const MeanVarianceNormalization = defineOp('MeanVarianceNormalization', {
  doc: '(x − mean) / (√var + 1e-9) over `axes`',
  attrs: { axes: ints([0, 2, 3]) },
  infer: ({ x: [x], attrs, where }) => {
    for (const axis of attrs.axes) concrete(x.shape[normalizeAxis(axis, x.shape.length, where)], where);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  ...standardizing<{ readonly axes: readonly number[] }>((_g, { x: [x], xRef: [xRef], dy: [dy], attrs }) => ({
    x,
    xRef,
    flow: { normal: dy },
    spec: {
      axes: attrs.axes.map((a) => normalizeAxis(a, x.shape.length, 'normalization')),
      centred: true,
      epsilon: 1e-9,
      inside: false,
    },
  })),
  flops: passes(4),
});
