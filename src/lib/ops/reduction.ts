/** @file Reductions along axes. Axes are an input; none given means all of them. */
import type * as tfjs from '@tensorflow/tfjs-core';
import { addDim, concrete, normalizeAxis, type Dim, type Shape } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { linear, secant, type Rules } from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite, type KnownVector, type Site } from './define.ts';
import { ifKnown, maxDim, minDim } from './fold.ts';
import { requiredInts } from './known.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { outputShape, type Run, type TensorFlow, type TfTensor } from './tensorflow.ts';

const attrs = { keepdims: int(1), noop_with_empty_axes: int(0) };

export interface Reduce {
  readonly keepdims: number;
  readonly noopWithEmptyAxes: number;
}

/** The reduced axes, sorted out of ONNX's conventions. */
export function reducedAxes(
  shape: Shape,
  axesInput: Value | null | undefined,
  { noopWithEmptyAxes }: Reduce,
  where: string,
): number[] {
  const given = axesInput ? requiredInts(axesInput, 'axes') : [];
  if (given.length > 0) return given.map((a) => normalizeAxis(a, shape.length, where));
  return noopWithEmptyAxes === 1 ? [] : shape.map((_, axis) => axis);
}

export function infer({ x: [x, axesInput], attrs, where }: InferSite<Reduce>): OutputType[] {
  const axes = reducedAxes(x.shape, axesInput, attrs, where);
  axes.forEach((axis) => concrete(x.shape[axis], where));
  return [
    {
      dtype: x.dtype,
      shape: attrs.keepdims === 1 ? keptShape(x.shape, axes) : x.shape.filter((_, i) => !axes.includes(i)),
    },
  ];
}

const keptShape = (shape: Shape, axes: readonly number[]): Shape => shape.map((d, i) => (axes.includes(i) ? 1 : d));

/** A reduction seen from inside a rule. */
interface Reducing {
  readonly axes: readonly number[];
  /** Elements that become one. */
  readonly count: number;
  /** A value of the output's shape with the reduced axes put back as 1, so that it broadcasts to x. */
  keep(value: Value): Value;
}

export function reducing(g: Builder, { x: [x, axesInput], attrs, node }: Site<Reduce>): Reducing {
  const axes = reducedAxes(x.shape, axesInput, attrs, node.op);
  return {
    axes,
    count: axes.reduce((n, axis) => n * concrete(x.shape[axis], node.op), 1),
    keep: (value) => g.reshape(value, keptShape(x.shape, axes)),
  };
}

type InnerRule = (g: Builder, site: Site<Reduce>, r: Reducing) => Value;

/** A backward rule for x alone; the axes receive nothing. */
const forX =
  (rule: InnerRule): BackwardRule<Reduce> =>
  (g, site) => [rule(g, site, reducing(g, site)), null];

const flow = ({ dy: [dy] }: Site<Reduce>, r: Reducing): Value => r.keep(dy);

/** Reductions of whole-number vectors whose entries may be the batch axis. */
export const folding =
  (f: (a: Dim, b: Dim) => Dim | null) =>
  ([x]: readonly (KnownVector | null)[], attrs: Reduce, [, axesInput]: readonly Value[]): KnownVector | null => {
    if (!x || x.dims.length === 0) return null;
    const axes = reducedAxes(x.shape, axesInput, attrs, 'Reduce');
    if (axes.length !== x.shape.length) return axes.length === 0 ? x : null;
    const total = ifKnown(() => x.dims.slice(1).reduce<Dim | null>((a, b) => (a === null ? null : f(a, b)), x.dims[0]));
    return total === null ? null : { shape: attrs.keepdims === 1 ? x.shape.map(() => 1) : [], dims: [total] };
  };

/** A reduction by TensorFlow.js over the axes that the node names, in the output's shape and element type. */
export const reduceBy =
  (f: (tf: TensorFlow, x: TfTensor, axes: number[]) => TfTensor): Run<Reduce> =>
  (tf, [x], site) => {
    const axes = reducedAxes(x.shape, site.node.inputs[1], site.attrs, site.node.op);
    if (axes.length === 0 && x.rank > 0) return [tf.clone(x)];
    return [tf.reshape(tf.cast(f(tf, x, axes), x.dtype), outputShape(site))];
  };

/**
 * Means over neighbouring axes that are not the last ones are a pooling; null for others. TensorFlow.js would first bring the axes
 * to the end, and adds there more slowly than it pools.
 */
function pooledMean(tf: TensorFlow, x: TfTensor, axes: readonly number[]): TfTensor | null {
  const [low, high] = [Math.min(...axes), Math.max(...axes)];
  if (high === x.rank - 1 || high - low + 1 !== axes.length || x.dtype !== 'float32' || x.size === 0) return null;
  const count = (from: number, to: number) => sizeOf(x.shape.slice(from, to));
  const within = count(low, high + 1);
  if (within === 1) return x;
  const image = tf.reshape(x, [count(0, low), within, 1, count(high + 1, x.rank)]);
  return tf.avgPool(image as tfjs.Tensor4D, [within, 1], 1, 'valid');
}

function sum(tf: TensorFlow, x: TfTensor, axes: number[]): TfTensor {
  const mean = pooledMean(tf, x, axes);
  return mean ? tf.mul(mean, x.size / mean.size) : tf.sum(x, axes);
}

export const ReduceSum = defineOp('ReduceSum', {
  doc: 'Σ x',
  run: reduceBy(sum),
  attrs,
  infer,
  ...linear(forX((g, site, r) => g.expand(flow(site, r), site.x[0].shape))),
  fold: folding(addDim),
});

export const ReduceMean = defineOp('ReduceMean', {
  doc: 'Σ x / n',
  run: reduceBy((tf, x, axes) => pooledMean(tf, x, axes) ?? tf.mean(x, axes)),
  attrs,
  infer,
  ...linear(forX((g, site, r) => g.expand(g.div(flow(site, r), r.count), site.x[0].shape))),
});

/** Equal shares for the elements that attain the extreme. */
const extremeGradient: InnerRule = (g, site, r) => {
  const hit = g.equal(site.x[0], r.keep(site.y[0]));
  const ties = g.reduceSum(g.where(hit, 1, 0), r.axes);
  return g.where(hit, g.div(flow(site, r), ties), 0);
};

/**
 * y = max x at i, y′ = max x′ at j. Where y ≥ y′ all of Δy goes to i, m_i = (y − y′)/Δx_i, otherwise to j: the closed
 * form of the cross-max rule, whose ratios lie in [0, 1] because x′_i ≤ y′ ≤ y. Ties share equally. `sign` −1: minimum.
 */
export function extremeMultiplier(
  g: Builder,
  [x, xRef]: readonly Value[],
  [y, yRef]: readonly Value[],
  axes: readonly number[],
  sign: 1 | -1,
): Value {
  const change = g.sub(y, yRef);
  const rises = sign === 1 ? g.greaterOrEqual(change, 0) : g.greaterOrEqual(0, change);
  const [hit, hitRef] = [g.equal(x, y), g.equal(xRef, yRef)];
  const [ties, tiesRef] = [hit, hitRef].map((h) => g.reduceSum(g.where(h, 1, 0), axes));
  // 1 where the extreme is attained in the pass that decides, else 0; conditions as numbers, since no device selects between booleans.
  const chosen = g.where(rises, g.where(hit, 1, 0), g.where(hitRef, 1, 0));
  const dx = g.sub(x, xRef);
  const still = g.equal(dx, 0);
  const ratio = g.where(still, 1, g.div(change, g.where(still, 1, dx)));
  return g.where(g.greater(chosen, 0), g.div(ratio, g.where(rises, ties, tiesRef)), 0);
}

const extremeDeepLift =
  (sign: 1 | -1): InnerRule =>
  (g, site, r) => {
    const ends = [r.keep(site.y[0]), r.keep(site.yRef[0])];
    return g.mul(flow(site, r), extremeMultiplier(g, [site.x[0], site.xRef[0]], ends, r.axes, sign));
  };

export const ReduceMax = defineOp('ReduceMax', {
  doc: 'The largest of x; ties share the gradient equally',
  run: reduceBy((tf, x, axes) => tf.max(x, axes)),
  attrs,
  infer,
  gradient: forX(extremeGradient),
  deeplift: forX(extremeDeepLift(1)),
  relevance: forX(extremeGradient),
  fold: folding(maxDim),
});

export const ReduceMin = defineOp('ReduceMin', {
  doc: 'The smallest of x; ties share the gradient equally',
  run: reduceBy((tf, x, axes) => tf.min(x, axes)),
  attrs,
  infer,
  gradient: forX(extremeGradient),
  deeplift: forX(extremeDeepLift(-1)),
  relevance: forX(extremeGradient),
  fold: folding(minDim),
});

/** Σ φ(x): the elementwise rules of φ around a sum. */
const sumOf = (
  slope: (g: Builder, at: Value) => Value,
  value: (g: Builder, x: Value) => Value,
): Pick<Rules<Reduce>, 'gradient' | 'deeplift'> => ({
  gradient: forX((g, site, r) => g.mul(flow(site, r), slope(g, site.x[0]))),
  deeplift: forX((g, site, r) => {
    const [x, xRef] = [site.x[0], site.xRef[0]];
    return g.mul(
      flow(site, r),
      secant(g, x, xRef, value(g, x), value(g, xRef), (at) => slope(g, at)),
    );
  }),
});

export const ReduceL1 = defineOp('ReduceL1', {
  doc: 'Σ |x|',
  run: reduceBy((tf, x, axes) => tf.sum(tf.abs(x), axes)),
  attrs,
  infer,
  ...sumOf(
    (g, x) => g.where(g.greater(x, 0), 1, g.where(g.less(x, 0), -1, 0)),
    (g, x) => g.abs(x),
  ),
});

/** Δ(x²)/Δx = x + x′. */
export const ReduceSumSquare = defineOp('ReduceSumSquare', {
  doc: 'Σ x²',
  run: reduceBy((tf, x, axes) => tf.sum(tf.square(x), axes)),
  attrs,
  infer,
  gradient: forX((g, site, r) => g.mul(flow(site, r), g.mul(site.x[0], 2))),
  deeplift: forX((g, site, r) => g.mul(flow(site, r), g.add(site.x[0], site.xRef[0]))),
});

/** √Σ x². Δy = Δ(Σ x²)/(y + y′) = Σ (x + x′)·Δx / (y + y′); the gradient is the case x = x′, and 0 at 0. */
const euclidean = (g: Builder, site: Site<Reduce>, r: Reducing, xRef: Value, yRef: Value): Value => {
  const total = r.keep(g.add(site.y[0], yRef));
  const positive = g.greater(total, 0);
  const scale = g.where(positive, g.div(flow(site, r), g.where(positive, total, 1)), 0);
  return g.mul(scale, g.add(site.x[0], xRef));
};

export const ReduceL2 = defineOp('ReduceL2', {
  doc: '√Σ x²',
  run: reduceBy((tf, x, axes) => tf.sqrt(tf.sum(tf.square(x), axes))),
  attrs,
  infer,
  gradient: forX((g, site, r) => euclidean(g, site, r, site.x[0], site.y[0])),
  deeplift: forX((g, site, r) => euclidean(g, site, r, site.xRef[0], site.yRef[0])),
});

export const ReduceLogSum = defineOp('ReduceLogSum', {
  doc: 'ln Σ x',
  run: reduceBy((tf, x, axes) => tf.log(tf.sum(x, axes))),
  attrs,
  infer,
  gradient: forX((g, site, r) => g.expand(g.div(flow(site, r), g.reduceSum(site.x[0], r.axes)), site.x[0].shape)),
  deeplift: forX((g, site, r) => {
    const [s, sRef] = [site.x[0], site.xRef[0]].map((v) => g.reduceSum(v, r.axes));
    const slope = secant(g, s, sRef, r.keep(site.y[0]), r.keep(site.yRef[0]), (at) => g.reciprocal(at));
    return g.expand(g.mul(flow(site, r), slope), site.x[0].shape);
  }),
});

/**
 * y = ln Σ eˣ. DeepLIFT by rescale rules for ln and exp, both passes shifted by the same c = max(y, y′), which leaves
 * every exponential in (0, 1].
 */
const logSumExpDeepLift: InnerRule = (g, site, r) => {
  const [y, yRef] = [r.keep(site.y[0]), r.keep(site.yRef[0])];
  const shift = g.max(y, yRef);
  const [x, xRef] = [g.sub(site.x[0], shift), g.sub(site.xRef[0], shift)];
  const [log, logRef] = [g.sub(y, shift), g.sub(yRef, shift)];
  const outer = secant(g, g.exp(log), g.exp(logRef), log, logRef, (at) => g.reciprocal(at));
  const inner = secant(g, x, xRef, g.exp(x), g.exp(xRef), (at) => g.exp(at));
  return g.mul(g.mul(flow(site, r), outer), inner);
};

export const ReduceLogSumExp = defineOp('ReduceLogSumExp', {
  doc: 'ln Σ eˣ',
  run: reduceBy((tf, x, axes) => tf.logSumExp(x, axes)),
  attrs,
  infer,
  gradient: forX((g, site, r) => g.mul(flow(site, r), g.exp(g.sub(site.x[0], r.keep(site.y[0]))))),
  deeplift: forX(logSumExpDeepLift),
});

export const CumSum = defineOp('CumSum', {
  doc: 'Running sums along an axis',
  run: (tf, [x], { node, attrs }) => [
    tf.cumsum(
      x,
      normalizeAxis(requiredInts(node.inputs[1], 'axis')[0], x.rank, 'CumSum'),
      attrs.exclusive === 1,
      attrs.reverse === 1,
    ),
  ],
  attrs: { exclusive: int(0), reverse: int(0) },
  infer: ({ x: [x, axis], where }) => {
    concrete(x.shape[normalizeAxis(requiredInts(axis, 'axis')[0], x.shape.length, where)], where);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  ...linear<{ exclusive: number; reverse: number }>((g, { x: [, axis], dy: [dy], attrs: { exclusive, reverse } }) => [
    g.apply('CumSum', [dy, axis], { exclusive, reverse: 1 - reverse }),
    null,
  ]),
});
