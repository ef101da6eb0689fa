/** @file Elementwise arithmetic with broadcasting. */
import { addDim, broadcastShapes, mulDim } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { int } from './attributes.ts';
import type { Builder } from './builder.ts';
import {
  bilinear,
  linear,
  passOn,
  piecewiseLinear,
  pointwise,
  secant,
  shapleyPair,
  shared,
  stabilized,
  toFirst,
  varying,
  type Rules,
} from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite, type Site } from './define.ts';
import { foldElementwise, numeric, quotient, remainder, rounding, subDim } from './fold.ts';
import { onTwo, quotient as dividedBy, truncated } from './tensorflow.ts';

export const unary = ({ x: [x] }: InferSite<unknown>): OutputType[] => [{ dtype: x.dtype, shape: x.shape }];

/** All inputs of one element type, broadcast against each other. */
export function broadcast({ x, where }: InferSite<unknown>): OutputType[] {
  const odd = x.find((v) => v.dtype !== x[0].dtype);
  if (odd) throw new TypeError(`${where}: inputs are ${x[0].dtype} and ${odd.dtype}. Insert a Cast.`);
  return [{ dtype: x[0].dtype, shape: broadcastShapes(...x.map((v) => v.shape)) }];
}

/**
 * A sum. LRP: in proportion to what each input that depends on the image adds. A constant among them shifts it and takes no
 * relevance: the bias of a layer is the layer's own affair, the shift of a picture's colours is nobody's.
 */
function summing(gradient: BackwardRule<unknown>): Rules<unknown> {
  const relevance: BackwardRule<unknown> = (g, site) => {
    if (varying(site) === 1) return passOn(g, site);
    const factors = gradient(g, { ...site, dy: [g.scalar(1)] });
    const parts = site.x.map((x, i) => (site.wants(i) ? g.mul(x, factors[i]!) : null));
    const s = g.div(
      site.dy[0],
      stabilized(
        g,
        parts.filter((part) => part !== null).reduce((a, b) => g.add(a, b)),
      ),
    );
    return parts.map((part) => part && g.mul(part, s));
  };
  return { ...linear(gradient), relevance };
}

export const Add = defineOp('Add', {
  doc: 'a + b',
  run: onTwo((tf, a, b) => tf.add(a, b)),
  infer: broadcast,
  ...summing((_g, { dy: [dy] }) => [dy, dy]),
  fold: foldElementwise(([a, b]) => addDim(a, b)),
});

export const Sub = defineOp('Sub', {
  doc: 'a − b',
  run: onTwo((tf, a, b) => tf.sub(a, b)),
  infer: broadcast,
  ...summing((g, { dy: [dy], wants }) => [dy, wants(1) ? g.neg(dy) : null]),
  fold: foldElementwise(([a, b]) => subDim(a, b)),
});

export const Mul = defineOp('Mul', {
  doc: 'a · b',
  run: onTwo((tf, a, b) => tf.mul(a, b)),
  infer: broadcast,
  ...bilinear((g, { x: [a, b], dy: [dy] }) => [g.mul(dy, b), g.mul(dy, a)]),
  // Each input's contribution is the whole product: nothing has to be divided.
  relevance: (g, site) => {
    const share = shared(g, site.dy[0], varying(site));
    return site.x.map((_, i) => (site.wants(i) ? share : null));
  },
  fold: foldElementwise(([a, b]) => mulDim(a, b)),
});

/**
 * a / b = a · (1/b): the midpoint rule for the product around the rescale rule for the reciprocal. LRP: what is divided takes
 * all, the divisor is taken as a constant, as in every normalisation (Achtibat et al. 2024, arXiv:2402.05602).
 */
export const Div = defineOp('Div', {
  doc: 'a / b',
  run: onTwo(dividedBy),
  infer: broadcast,
  gradient: (g, { x: [, b], y: [y], dy: [dy], wants }) => [
    g.div(dy, b),
    wants(1) ? g.neg(g.mul(dy, g.div(y, b))) : null,
  ],
  deeplift: (g, { x: [a, b], xRef: [aRef, bRef], dy: [dy], wants }) => {
    if (!wants(1)) return [g.div(dy, b), null];
    const [r, rRef] = [g.reciprocal(b), g.reciprocal(bRef)];
    // Δ(1/b)/Δb = −1/(b·b′), exact and without a division by Δb.
    const slope = g.neg(g.mul(r, rRef));
    return [g.mul(dy, g.mul(g.add(r, rRef), 0.5)), g.mul(g.mul(dy, g.mul(g.add(a, aRef), 0.5)), slope)];
  },
  relevance: toFirst,
  fold: foldElementwise(([a, b], isInteger) => quotient(a, b, isInteger)),
});

/** ∂(aᵇ)/∂a = b·aᵇ⁻¹, by products for the exponents that models use: GPUs take powers of positive bases only. */
function powerSlope(g: Builder, a: Value, b: Value): Value {
  const exponent = b.constant?.data.length === 1 ? Number(b.constant.data[0]) : null;
  if (exponent === 1) return g.add(g.mul(a, 0), 1);
  if (exponent === 2) return g.mul(a, 2);
  if (exponent === 3) return g.mul(g.square(a), 3);
  if (exponent === 0.5) return g.div(0.5, g.sqrt(a));
  return g.mul(b, g.pow(a, g.sub(b, 1)));
}

/** ∂(aᵇ)/∂b = aᵇ·ln a, and 0 where a ≤ 0. */
function exponentSlope(g: Builder, a: Value, b: Value): Value {
  const positive = g.greater(a, 0);
  return g.where(positive, g.mul(g.pow(a, b), g.log(g.where(positive, a, 1))), 0);
}

/** The exponent in the base's element type; ONNX lets the two differ. */
const exponentLike = (g: Builder, { x: [a, b] }: Site<unknown>): Value => g.cast(b, a.dtype);

/** In the base: rescale rule. In base and exponent: the Shapley values of the two. LRP: to the base. */
export const Pow = defineOp('Pow', {
  doc: 'aᵇ',
  run: (tf, [a, b]) => [tf.pow(a, tf.cast(b, a.dtype))],
  infer: ({ x: [a, b] }) => [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }],
  gradient: (g, site) => {
    const [a, b, dy] = [site.x[0], exponentLike(g, site), site.dy[0]];
    return [
      site.wants(0) ? g.mul(dy, powerSlope(g, a, b)) : null,
      site.wants(1) ? g.mul(dy, exponentSlope(g, a, b)) : null,
    ];
  },
  deeplift: (g, site) => {
    const [a, b, aRef] = [site.x[0], exponentLike(g, site), site.xRef[0]];
    const bRef = site.wants(1) ? g.cast(site.xRef[1], a.dtype) : b;
    return shapleyPair(g, site.dy[0], [a, b], [aRef, bRef], g.pow, [powerSlope, exponentSlope]);
  },
  relevance: toFirst,
  fold: foldElementwise(numeric((a, b) => a ** b)),
});

/** Between whole numbers. As a function of real a with fmod it has slope 1; nothing is known for real b. */
export const Mod = defineOp('Mod', {
  doc: 'The remainder of a / b, with the sign of b, or of a when fmod is 1',
  run: (tf, [a, b], { attrs }) => [
    attrs.fmod === 1
      ? tf.sub(a, tf.mul(b, tf.cast(truncated(tf, tf.div(tf.cast(a, 'float32'), tf.cast(b, 'float32'))), a.dtype)))
      : tf.mod(a, b),
  ],
  attrs: { fmod: int(0) },
  infer: broadcast,
  gradient: (_g, { dy: [dy] }) => [dy],
  deeplift: (g, { x: [x], xRef: [xRef], y: [y], yRef: [yRef], dy: [dy] }) => [
    g.mul(
      dy,
      secant(g, x, xRef, y, yRef, () => g.scalar(1)),
    ),
  ],
  fold: (x, attrs, inputs) =>
    foldElementwise(([a, b]) => (attrs.fmod === 1 ? numeric((p, q) => p % q)([a, b]) : remainder(a, b)))(
      x,
      attrs,
      inputs,
    ),
});

/** Any number of inputs, all broadcast. */
export const Sum = defineOp('Sum', {
  doc: 'x₁ + … + xₙ',
  run: (tf, x) => [x.reduce((a, b) => tf.add(a, b))],
  infer: broadcast,
  ...summing((_g, { x, dy: [dy] }) => x.map(() => dy)),
});

export const Mean = defineOp('Mean', {
  doc: '(x₁ + … + xₙ) / n',
  run: (tf, x) => [
    tf.div(
      x.reduce((a, b) => tf.add(a, b)),
      x.length,
    ),
  ],
  infer: broadcast,
  ...summing((g, { x, dy: [dy] }) => {
    const share = g.div(dy, x.length);
    return x.map(() => share);
  }),
});

export const Neg = defineOp('Neg', {
  doc: '−x',
  run: (tf, [x]) => [tf.neg(x)],
  infer: unary,
  ...linear((g, { dy: [dy] }) => [g.neg(dy)]),
  fold: foldElementwise(([x]) => mulDim(-1, x)),
});

export const Abs = defineOp('Abs', {
  doc: '|x|; slope 0 at 0',
  run: (tf, [x]) => [tf.abs(x)],
  infer: unary,
  ...piecewiseLinear((g, x) => g.where(g.greater(x, 0), 1, g.where(g.less(x, 0), -1, 0))),
  fold: foldElementwise(numeric(Math.abs)),
});

export const Exp = defineOp('Exp', {
  doc: 'eˣ',
  run: (tf, [x]) => [tf.exp(x)],
  infer: unary,
  ...pointwise((g, x) => g.exp(x)),
});

export const Log = defineOp('Log', {
  doc: 'ln x',
  run: (tf, [x]) => [tf.log(x)],
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(x)),
});

/** Δ√x/Δx = 1/(√x + √x′), without a division by Δx. */
export const Sqrt = defineOp('Sqrt', {
  doc: '√x',
  run: (tf, [x]) => [tf.sqrt(x)],
  infer: unary,
  gradient: (g, { y: [y], dy: [dy] }) => [g.div(g.mul(dy, 0.5), y)],
  deeplift: (g, { y: [y], yRef: [yRef], dy: [dy] }) => {
    const total = g.add(y, yRef);
    const positive = g.greater(total, 0);
    return [g.where(positive, g.div(dy, g.where(positive, total, 1)), 0)];
  },
  relevance: passOn,
  fold: foldElementwise(numeric(Math.sqrt)),
});

/** Δ(1/x)/Δx = −1/(x·x′), without a division by Δx. */
export const Reciprocal = defineOp('Reciprocal', {
  doc: '1 / x',
  run: (tf, [x]) => [tf.reciprocal(x)],
  infer: unary,
  gradient: (g, { y: [y], dy: [dy] }) => [g.neg(g.mul(dy, g.square(y)))],
  deeplift: (g, { y: [y], yRef: [yRef], dy: [dy] }) => [g.neg(g.mul(dy, g.mul(y, yRef)))],
  relevance: passOn,
});

export const Erf = defineOp('Erf', {
  doc: 'erf(x) = 2/√π ∫₀ˣ e^(−t²) dt',
  run: (tf, [x]) => [tf.erf(x)],
  infer: unary,
  ...pointwise((g, x) => g.mul(g.exp(g.neg(g.square(x))), 2 / Math.sqrt(Math.PI))),
});

/** Piecewise constant: the gradient is 0; DeepLIFT's rescale rule still hands on what the steps add up to. LRP has no rule. */
const steps: Pick<Rules<unknown>, 'gradient' | 'deeplift'> = {
  gradient: () => [null],
  deeplift: (g, { x: [x], xRef: [xRef], y: [y], yRef: [yRef], dy: [dy] }) => [
    g.mul(
      dy,
      secant(g, x, xRef, y, yRef, () => g.scalar(0)),
    ),
  ],
};

export const Sign = defineOp('Sign', {
  doc: '−1, 0 or 1',
  run: (tf, [x]) => [tf.sign(x)],
  infer: unary,
  ...steps,
  fold: foldElementwise(numeric(Math.sign)),
});
export const Floor = defineOp('Floor', {
  doc: '⌊x⌋',
  run: (tf, [x]) => [tf.floor(x)],
  infer: unary,
  ...steps,
  fold: foldElementwise(rounding(Math.floor)),
});
export const Ceil = defineOp('Ceil', {
  doc: '⌈x⌉',
  run: (tf, [x]) => [tf.ceil(x)],
  infer: unary,
  ...steps,
  fold: foldElementwise(rounding(Math.ceil)),
});
export const Round = defineOp('Round', {
  doc: 'The nearest whole number, ties to even',
  run: (tf, [x]) => [tf.round(x)],
  infer: unary,
  ...steps,
});
