/** @file Operators that TensorFlow.js has no kernel for, or no better one, in terms of ones that it has. */
import { normalizeAxis } from '../../graph/dim.ts';
import type { Node, Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import { attributesOf, getOp } from '../../ops/define.ts';
import { depthToSpace } from '../../ops/shape.ts';
import { instanceNormalization, localResponseNormalization, spaceToDepth, type Decomposition } from './decompose.ts';

const attributes = <A>(node: Node): A => attributesOf(getOp(node.op, node.domain), node) as A;

/** The statistics of training are constants, so scale and shift are computed once. */
function batchNormalization(g: Builder, node: Node, [x, scale, bias, mean, variance]: readonly Value[]): Value {
  const { epsilon } = attributes<{ epsilon: number }>(node);
  const factor = g.div(scale, g.sqrt(g.add(variance, epsilon)));
  const perChannel = (v: Value) =>
    x.shape.length < 2 ? v : g.reshape(v, [v.shape[0], ...x.shape.slice(2).map(() => 1)]);
  return g.add(g.mul(x, perChannel(factor)), perChannel(g.sub(bias, g.mul(mean, factor))));
}

function layerNormalization(g: Builder, node: Node, [x, scale, bias]: readonly Value[]): Value[] {
  const { axis, epsilon } = attributes<{ axis: number; epsilon: number }>(node);
  const first = normalizeAxis(axis, x.shape.length, 'LayerNormalization');
  const axes = x.shape.flatMap((_, i) => (i < first ? [] : [i]));
  const mean = g.reduceMean(x, axes);
  const centred = g.sub(x, mean);
  const inverse = g.reciprocal(g.sqrt(g.add(g.reduceMean(g.square(centred), axes), epsilon)));
  const scaled = g.mul(g.mul(centred, inverse), scale);
  return [bias ? g.add(scaled, bias) : scaled, mean, inverse].slice(0, node.outputs.length);
}

function meanVarianceNormalization(g: Builder, node: Node, [x]: readonly Value[]): Value {
  const axes = attributes<{ axes: readonly number[] }>(node).axes.map((a) => normalizeAxis(a, x.shape.length, node.op));
  const centred = g.sub(x, g.reduceMean(x, axes));
  return g.div(centred, g.add(g.sqrt(g.reduceMean(g.square(centred), axes)), 1e-9));
}

/** Where the norm is 0 the result is 0. */
function lpNormalization(g: Builder, node: Node, [x]: readonly Value[]): Value {
  const { axis, p } = attributes<{ axis: number; p: number }>(node);
  const axes = [normalizeAxis(axis, x.shape.length, node.op)];
  const norm = p === 1 ? g.reduceSum(g.abs(x), axes) : g.sqrt(g.reduceSum(g.square(x), axes));
  return g.div(x, g.where(g.equal(norm, 0), 1, norm));
}

const spatialAxes = (x: Value): number[] => x.shape.slice(2).map((_, i) => i + 2);

export const onTfjs: Readonly<Record<string, Decomposition>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: (g, node, [x, scale, bias]) =>
    instanceNormalization(g, x, scale, bias, attributes<{ epsilon: number }>(node).epsilon),
  LayerNormalization: layerNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LpNormalization: lpNormalization,
  LRN: (g, node, [x]) => localResponseNormalization(g, node, x),
  DepthToSpace: (g, node, [x]) => {
    const { blocksize, mode } = attributes<{ blocksize: number; mode: string }>(node);
    return depthToSpace(g, x, blocksize, mode);
  },
  SpaceToDepth: (g, node, [x]) => spaceToDepth(g, x, attributes<{ blocksize: number }>(node).blocksize),
  GlobalAveragePool: (g, _node, [x]) => g.reduceMean(x, spatialAxes(x)),
  GlobalMaxPool: (g, _node, [x]) => g.reduceMax(x, spatialAxes(x)),
};
