/**
 * @file Activation functions. At a kink the slope is PyTorch's choice. Slopes are written so that no branch overflows
 * in float32, also where it is not taken.
 */
import { broadcastShapes, sameShape } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { float, string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { midpoint, passOn, piecewiseLinear, pointwise, secant, toFirst } from './combinators.ts';
import { defineOp, type InferSite } from './define.ts';
import { unary } from './elementwise.ts';
import { foldElementwise, numeric } from './fold.ts';

/** Below this, Δx itself may be flushed to 0 by a GPU. */
const TINY = 1e-30;

/**
 * The gradient reads y, not x, so that a runtime can still fuse the activation into the operator before it. Δy is as
 * exact as Δx however small, so DeepLIFT divides down to the smallest Δx; where there is none, the gradient stands.
 */
export const Relu = defineOp('Relu', {
  doc: 'max(x, 0)',
  run: (tf, [x]) => [tf.relu(x)],
  infer: unary,
  gradient: (g, { y: [y], dy: [dy] }) => [g.where(g.greater(y, 0), dy, 0)],
  deeplift: (g, { x: [x], xRef: [xRef], y: [y], yRef: [yRef], dy: [dy] }) => {
    const dx = g.sub(x, xRef);
    const same = g.less(g.abs(dx), TINY);
    const slope = g.cast(g.greater(y, 0), 'float32');
    return [g.mul(dy, g.where(same, slope, g.div(g.sub(y, yRef), g.where(same, 1, dx))))];
  },
  relevance: passOn,
  fold: foldElementwise(numeric((v) => Math.max(v, 0))),
});

const leakySlope = (g: Builder, x: Value, alpha: number): Value => g.where(g.greater(x, 0), 1, alpha);

/** The gradient reads y, as that of Relu, where y has the sign of x. */
export const LeakyRelu = defineOp('LeakyRelu', {
  doc: 'x where x ≥ 0, else alpha · x',
  run: (tf, [x], { attrs }) => [tf.leakyRelu(x, attrs.alpha)],
  attrs: { alpha: float(0.01) },
  infer: unary,
  ...piecewiseLinear<{ alpha: number }>((g, x, { attrs }) => leakySlope(g, x, attrs.alpha)),
  gradient: (g, { x: [x], y: [y], dy: [dy], attrs: { alpha } }) => [
    g.mul(dy, leakySlope(g, alpha >= 0 ? y : x, alpha)),
  ],
});

/** The slope broadcasts to x, never the other way round. */
function preluShape({ x: [x, slope], where }: InferSite<unknown>): OutputType[] {
  if (!sameShape(broadcastShapes(x.shape, slope.shape), x.shape)) {
    throw new RangeError(`${where}: slope [${slope.shape}] does not broadcast to [${x.shape}].`);
  }
  return [{ dtype: x.dtype, shape: x.shape }];
}

const preluSlope = (g: Builder, at: Value, slope: Value): Value => g.where(g.greater(at, 0), 1, slope);

/** y = max(x, 0) + slope · min(x, 0): rescale rule in x, midpoint rule for the product when the slope varies too. */
export const PRelu = defineOp('PRelu', {
  doc: 'x where x ≥ 0, else slope · x',
  run: (tf, [x, slope]) => [tf.add(tf.relu(x), tf.mul(slope, tf.minimum(x, 0)))],
  infer: preluShape,
  gradient: (g, { x: [x, slope], dy: [dy], wants }) => [
    g.mul(dy, preluSlope(g, x, slope)),
    wants(1) ? g.mul(dy, g.min(x, 0)) : null,
  ],
  deeplift: (g, { x: [x, slope], xRef: [xRef, slopeRef], dy: [dy], wants }) => {
    const between = midpoint(g, slope, slopeRef);
    const [y, yRef] = [x, xRef].map((v) => g.add(g.relu(v), g.mul(between, g.min(v, 0))));
    return [
      g.mul(
        dy,
        secant(g, x, xRef, y, yRef, (at) => preluSlope(g, at, between), true),
      ),
      wants(1) ? g.mul(dy, midpoint(g, g.min(x, 0), g.min(xRef, 0))) : null,
    ];
  },
  relevance: toFirst,
});

export const Elu = defineOp('Elu', {
  doc: 'x where x > 0, else alpha · (eˣ − 1)',
  run: (tf, [x], { attrs }) => [tf.add(tf.relu(x), tf.mul(tf.expm1(tf.minimum(x, 0)), attrs.alpha))],
  attrs: { alpha: float(1) },
  infer: unary,
  ...pointwise<{ alpha: number }>((g, x, { attrs: { alpha } }) => {
    const below = g.exp(g.min(x, 0));
    return alpha === 1 ? below : g.where(g.greater(x, 0), 1, g.mul(below, alpha));
  }),
});

export const Selu = defineOp('Selu', {
  doc: 'gamma · x where x > 0, else gamma · alpha · (eˣ − 1)',
  run: (tf, [x], { attrs: { alpha, gamma } }) => [
    tf.mul(tf.add(tf.relu(x), tf.mul(tf.expm1(tf.minimum(x, 0)), alpha)), gamma),
  ],
  attrs: { alpha: float(1.67326319217681884765625), gamma: float(1.05070102214813232421875) },
  infer: unary,
  ...pointwise<{ alpha: number; gamma: number }>((g, x, { attrs: { alpha, gamma } }) =>
    g.where(g.greater(x, 0), gamma, g.mul(g.exp(g.min(x, 0)), alpha * gamma)),
  ),
});

export const Celu = defineOp('Celu', {
  doc: 'max(x, 0) + min(alpha · (e^(x/alpha) − 1), 0)',
  run: (tf, [x], { attrs: { alpha } }) => [
    tf.add(tf.relu(x), tf.mul(tf.expm1(tf.div(tf.minimum(x, 0), alpha)), alpha)),
  ],
  attrs: { alpha: float(1) },
  infer: unary,
  ...pointwise<{ alpha: number }>((g, x, { attrs }) => g.exp(g.div(g.min(x, 0), attrs.alpha))),
});

function sigmoidSlope(g: Builder, x: Value): Value {
  const s = g.sigmoid(x);
  return g.mul(s, g.sub(1, s));
}

export const Sigmoid = defineOp('Sigmoid', {
  doc: '1 / (1 + e^(−x))',
  run: (tf, [x]) => [tf.sigmoid(x)],
  infer: unary,
  ...pointwise(sigmoidSlope),
});

/** The gradient asks the output where it lies, as that of Clip. */
export const HardSigmoid = defineOp('HardSigmoid', {
  doc: 'max(0, min(1, alpha · x + beta))',
  run: (tf, [x], { attrs: { alpha, beta } }) => [tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1)],
  attrs: { alpha: float(0.2), beta: float(0.5) },
  infer: unary,
  ...piecewiseLinear<{ alpha: number; beta: number }>((g, x, { attrs: { alpha, beta } }) => {
    const ramp = g.add(g.mul(x, alpha), beta);
    return g.where(g.and(g.greater(ramp, 0), g.less(ramp, 1)), alpha, 0);
  }),
  gradient: (g, { y: [y], dy: [dy], attrs: { alpha } }) => [
    g.mul(g.where(g.and(g.greater(y, 0), g.less(y, 1)), dy, 0), alpha),
  ],
});

/** Far above 1 over what float32 can tell apart at 3. */
const STEEP = 1e9;

/**
 * x/3 + ½ between the kinks, which are its own, 0 before and 1 behind them: c/3 + 1 − s with c = clip(x, −3, 3) and a step s of x − c,
 * which is 0, ½ or 1. Of comparisons and selections, onnxruntime's kernels on WASM are slow.
 */
function hardSwishSlope(g: Builder, x: Value): Value {
  const c = g.apply('Clip', [x, g.scalar(-3), g.scalar(3)]);
  const step = g.apply('HardSigmoid', [g.sub(x, c)], { alpha: STEEP, beta: 0.5 });
  return g.add(g.sub(g.div(c, 3), step), 1);
}

export const HardSwish = defineOp('HardSwish', {
  doc: 'x · max(0, min(1, x/6 + 1/2))',
  run: (tf, [x]) => [tf.mul(x, tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1))],
  infer: unary,
  ...pointwise(hardSwishSlope),
});

export const Softplus = defineOp('Softplus', {
  doc: 'ln(1 + eˣ)',
  run: (tf, [x]) => [tf.softplus(x)],
  infer: unary,
  ...pointwise((g, x) => g.sigmoid(x)),
});

export const Softsign = defineOp('Softsign', {
  doc: 'x / (1 + |x|)',
  run: (tf, [x]) => [tf.div(x, tf.add(tf.abs(x), 1))],
  infer: unary,
  ...pointwise((g, x) => g.square(g.reciprocal(g.add(g.abs(x), 1)))),
});

/** The normal distribution's Φ(x). */
export const cumulative = (g: Builder, x: Value): Value => g.mul(g.add(g.erf(g.mul(x, Math.SQRT1_2)), 1), 0.5);

/** Φ(x) + x·φ(x), with the normal distribution's φ. */
function geluSlope(g: Builder, x: Value): Value {
  const density = g.mul(g.exp(g.mul(g.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return g.add(cumulative(g, x), g.mul(x, density));
}

/** y = ½x(1 + t), t = tanh(√(2/π)·(x + c·x³)). */
function geluTanhSlope(g: Builder, x: Value): Value {
  const [rate, cubic] = [Math.sqrt(2 / Math.PI), 0.044715];
  const squared = g.square(x);
  const t = g.tanh(g.mul(g.mul(x, g.add(g.mul(squared, cubic), 1)), rate));
  const inner = g.mul(g.add(g.mul(squared, 3 * cubic), 1), rate);
  return g.mul(g.add(g.add(t, 1), g.mul(g.mul(x, g.sub(1, g.square(t))), inner)), 0.5);
}

export const Gelu = defineOp('Gelu', {
  doc: 'x · Φ(x), exact or by its tanh approximation (arXiv:1606.08415)',
  run: (tf, [x], { attrs }) => [
    tf.mul(
      tf.mul(x, 0.5),
      tf.add(
        attrs.approximate === 'tanh'
          ? tf.tanh(tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI)))
          : tf.erf(tf.mul(x, Math.SQRT1_2)),
        1,
      ),
    ),
  ],
  attrs: { approximate: string('none') },
  infer: unary,
  ...pointwise<{ approximate: string }>((g, x, { attrs }) =>
    attrs.approximate === 'tanh' ? geluTanhSlope(g, x) : geluSlope(g, x),
  ),
});

export const Mish = defineOp('Mish', {
  doc: 'x · tanh(softplus(x)) (arXiv:1908.08681)',
  run: (tf, [x]) => [tf.mul(x, tf.tanh(tf.softplus(x)))],
  infer: unary,
  ...pointwise((g, x) => {
    const t = g.tanh(g.apply('Softplus', [x]));
    return g.add(t, g.mul(g.mul(x, g.sigmoid(x)), g.sub(1, g.square(t))));
  }),
});

export const Swish = defineOp('Swish', {
  doc: 'x · sigmoid(alpha · x) (arXiv:1710.05941); SiLU for alpha = 1',
  attrs: { alpha: float(1) },
  infer: unary,
  ...pointwise<{ alpha: number }>((g, x, { attrs }) => {
    const scaled = attrs.alpha === 1 ? x : g.mul(x, attrs.alpha);
    const s = g.sigmoid(scaled);
    // The product of the first two is y itself where alpha is 1.
    return g.add(s, g.mul(g.mul(scaled, s), g.sub(1, s)));
  }),
});

export const ThresholdedRelu = defineOp('ThresholdedRelu', {
  doc: 'x where x > alpha, else 0',
  run: (tf, [x], { attrs }) => [tf.where(tf.greater(x, attrs.alpha), x, 0)],
  attrs: { alpha: float(1) },
  infer: unary,
  ...piecewiseLinear<{ alpha: number }>((g, x, { attrs }) => g.where(g.greater(x, attrs.alpha), 1, 0)),
});

/** The largest float32, which a bound is that is left out. */
const LARGEST = 3.4028234663852886e38;

/** A bound that is known before the model runs, or NaN. */
const boundOf = (bound: Value | null | undefined, missing: number): number =>
  bound ? Number(bound.constant?.data[0] ?? NaN) : missing;

/**
 * The bounds are constants. At the bounds the slope is 0, as ReLU6 has it in every framework (torch.clamp alone has 1).
 * The gradient asks the output where it lies, so that a runtime may fuse the clipping into the operator before it.
 */
export const Clip = defineOp('Clip', {
  doc: 'min(max(x, low), high); either bound may be left out',
  run: (tf, [x, low, high], { node }) => {
    const [least, most] = [boundOf(node.inputs[1], -LARGEST), boundOf(node.inputs[2], LARGEST)];
    if (least < most && x.dtype === 'float32') return [tf.clipByValue(x, least, most)];
    const above = low ? tf.maximum(x, low) : x;
    return [high ? tf.minimum(above, high) : above];
  },
  infer: unary,
  ...piecewiseLinear((g, x, { x: [, low, high] }) => g.where(insideOf(g, x, low, high), 1, 0)),
  gradient: (g, { x: [, low, high], y: [y], dy: [dy] }) => [g.where(insideOf(g, y, low, high), dy, 0)],
});

/** low < x < high */
function insideOf(g: Builder, x: Value, low?: Value, high?: Value): Value {
  const sides = [...(low ? [g.greater(x, low)] : []), ...(high ? [g.less(x, high)] : [])];
  return sides.length === 0 ? g.scalar(1, 'bool') : sides.reduce(g.and);
}

export const Shrink = defineOp('Shrink', {
  doc: 'x + bias where x < −lambd, x − bias where x > lambd, else 0',
  run: (tf, [x], { attrs: { bias, lambd } }) => [
    tf.where(tf.greater(tf.abs(x), lambd), tf.sub(x, tf.mul(tf.sign(x), bias)), 0),
  ],
  attrs: { bias: float(0), lambd: float(0.5) },
  infer: unary,
  ...piecewiseLinear<{ lambd: number }>((g, x, { attrs }) => g.where(g.greater(g.abs(x), attrs.lambd), 1, 0)),
});
