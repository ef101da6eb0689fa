/** @file Division by a norm: LpNormalization over an axis, LRN over neighbouring channels. */
import { bindShape, concrete, normalizeAxis } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { float, int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { midpoint, passOn, secant, type Rules } from './combinators.ts';
import { defineOp, type Site } from './define.ts';
import { standardizeBackward } from './standardize.ts';

/** Below any norm that a network produces; keeps 0/0 out, and its powers within float32. */
const TINY = 1e-12;

interface LpAttributes {
  readonly axis: number;
  readonly p: number;
}

/** x/‖x‖₁: the midpoint rule around the exact secant −1/(s s′) of s ↦ 1/s and the secant of |x|. */
function l1Backward(g: Builder, { x: [x], dy: [dy], attrs: { axis } }: Site<LpAttributes>, xRef: Value): Value {
  const inverse = (v: Value) => g.reciprocal(g.max(g.reduceSum(g.abs(v), [axis]), TINY));
  const [r, rRef] = [inverse(x), inverse(xRef)];
  const sign = (at: Value) => g.where(g.less(at, 0), -1, g.cast(g.greater(at, 0), 'float32'));
  const slope = x === xRef ? sign(x) : secant(g, x, xRef, g.abs(x), g.abs(xRef), sign, true);
  const intoSum = g.neg(g.mul(g.mul(r, rRef), g.reduceSum(g.mul(dy, midpoint(g, x, xRef)), [axis])));
  return g.add(g.mul(dy, midpoint(g, r, rRef)), g.mul(intoSum, slope));
}

function l2Backward(g: Builder, { x: [x], dy: [dy], attrs: { axis } }: Site<LpAttributes>, xRef: Value): Value {
  return standardizeBackward(g, { normal: dy }, x, xRef, {
    axes: [axis],
    summed: true,
    centred: false,
    epsilon: TINY ** 2,
    inside: true,
  });
}

const lpBackward = (g: Builder, site: Site<LpAttributes>, xRef: Value) => [
  (site.attrs.p === 1 ? l1Backward : l2Backward)(g, site, xRef),
];

/** LRP takes what x is divided by as a constant. */
const lpRules: Rules<LpAttributes> = {
  gradient: (g, site) => lpBackward(g, site, site.x[0]),
  deeplift: (g, site) => lpBackward(g, site, site.xRef[0]),
  relevance: passOn,
};

export const LpNormalization = defineOp('LpNormalization', {
  doc: 'x / ‖x‖ₚ along an axis, p = 1 or 2',
  attrs: { axis: int(-1), p: int(2) },
  infer: ({ x: [x], attrs, where }) => {
    concrete(x.shape[normalizeAxis(attrs.axis, x.shape.length, where)], where);
    if (attrs.p !== 1 && attrs.p !== 2) throw new RangeError(`p is ${attrs.p}; ONNX knows 1 and 2.`);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  ...lpRules,
  flops: ([x]) => 2 * sizeOf(bindShape(x.shape, 1)),
});

interface LrnAttributes {
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
  readonly size: number;
}

/** Means of `size` neighbouring channels, zeros beyond the ends. */
function channelMeans(g: Builder, v: Value, size: number): Value {
  const [n, channels, ...spatial] = v.shape;
  const reach = (size - 1) / 2;
  const rows = g.reshape(v, [n, 1, channels, spatial.reduce<number>((a, d) => a * concrete(d, 'LRN'), 1)]);
  const means = g.apply('AveragePool', [rows], {
    kernel_shape: [size, 1],
    pads: [reach, 0, reach, 0],
    count_include_pad: 1,
  });
  return g.reshape(means, v.shape);
}

/**
 * y = x·r(v), v = bias + alpha·E(x²) over the window, r = v^−beta: the midpoint rule for both products and the secant of
 * r between them. With x′ = x it is the gradient.
 */
function lrnBackward(g: Builder, { x: [x], dy: [dy], attrs }: Site<LrnAttributes>, xRef: Value): Value {
  const { alpha, beta, bias, size } = attrs;
  const scaleOf = (v: Value) => g.add(g.mul(channelMeans(g, g.square(v), size), alpha), bias);
  const power = (v: Value) => g.pow(v, -beta);
  const slopeAt = (v: Value) => g.mul(g.pow(v, -beta - 1), -beta);
  const v = scaleOf(x);
  const vRef = x === xRef ? v : scaleOf(xRef);
  const [r, rRef] = [power(v), power(vRef)];
  const middle = midpoint(g, x, xRef);
  const slope = x === xRef ? slopeAt(v) : secant(g, v, vRef, r, rRef, slopeAt);
  const through = channelMeans(g, g.mul(g.mul(dy, middle), slope), size);
  return g.add(g.mul(dy, midpoint(g, r, rRef)), g.mul(g.mul(middle, 2 * alpha), through));
}

export const LRN = defineOp('LRN', {
  doc: 'x / (bias + alpha · mean of x² over `size` neighbouring channels)^beta',
  attrs: { alpha: float(1e-4), beta: float(0.75), bias: float(1), size: int(1) },
  infer: ({ x: [x], attrs: { size }, where }) => {
    if (size % 2 === 0) throw new RangeError(`size is ${size}; only odd sizes have a channel in the middle.`);
    if (x.shape.length < 3) throw new RangeError(`input has shape [${x.shape}]; it needs an axis after the second.`);
    x.shape.slice(1).forEach((d) => concrete(d, where));
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  gradient: (g, site) => [lrnBackward(g, site, site.x[0])],
  deeplift: (g, site) => [lrnBackward(g, site, site.xRef[0])],
  // What x is divided by is taken as a constant.
  relevance: passOn,
  flops: ([x], _y, { size }) => size * sizeOf(bindShape(x.shape, 1)),
});
