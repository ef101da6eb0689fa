/** @file Softmax and its kin, along any axis. */
import { bindShape, concrete, normalizeAxis } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { nonDifferentiable } from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite } from './define.ts';

interface AxisAttributes {
  readonly axis: number;
}

function alongAxis({ x: [x], attrs, where }: InferSite<AxisAttributes>): OutputType[] {
  concrete(x.shape[normalizeAxis(attrs.axis, x.shape.length, where)], where);
  return [{ dtype: x.dtype, shape: x.shape }];
}

/** Positions and weights of 8-point Gauss–Legendre quadrature on [0, 1]; symmetric, so half of them are listed. */
const HALF_GAUSS_LEGENDRE = [
  [0.019855071751231884, 0.05061426814518813],
  [0.10166676129318664, 0.11119051722668724],
  [0.2372337950418355, 0.15685332293894363],
  [0.4082826787521751, 0.181341891689181],
] as const;
const GAUSS_LEGENDRE = HALF_GAUSS_LEGENDRE.flatMap(
  ([t, w]) =>
    [
      [t, w],
      [1 - t, w],
    ] as const,
);

/** Rows that differ by less have an exact path integral; to correct it would divide rounding noise by their distance. */
const SHORT_PATH = 0.01;

/** Masks are −∞ or close to it in float32; this keeps their differences finite and their probabilities 0. */
const finite = (g: Builder, x: Value): Value => g.max(x, -1e30);

/**
 * DeepLIFT along a row whose output depends only on differences between the row's elements: Integrated Gradients of the
 * operator itself, m = Σ_q w_q J(x′ + t_q Δ)ᵀ G (Sundararajan et al. 2017, arXiv:1703.01365), then completed.
 *
 * Elementwise Δs/Δx would conserve the sum too but is blind to how probabilities compete: on deep attention its scores
 * lose all correlation with Integrated Gradients, which this rule keeps. Eight points leave an error that grows with
 * the distance of x and x′; the least-norm change of m that keeps Σ m = 0 (a shift of the whole row moves nothing)
 * closes Σ m·Δx = Σ G·Δy exactly.
 */
function alongPath(jacobian: (g: Builder, s: Value, G: Value, axis: number) => Value): BackwardRule<AxisAttributes> {
  return (g, { x: [rawX], xRef: [rawRef], y: [y], yRef: [yRef], dy: [G], attrs: { axis } }) => {
    const sum = (v: Value) => g.reduceSum(v, [axis]);
    const [x, xRef] = [finite(g, rawX), finite(g, rawRef)];
    const dx = g.sub(x, xRef);
    const terms = GAUSS_LEGENDRE.map(([t, w]) =>
      g.mul(jacobian(g, g.softmax(g.add(xRef, g.mul(dx, t)), axis), G, axis), w),
    );
    const m = terms.reduce((a, b) => g.add(a, b));
    const missing = g.sub(sum(g.mul(G, g.sub(y, yRef))), sum(g.mul(m, dx)));
    const along = g.sub(dx, g.reduceMean(dx, [axis]));
    const size = g.reduceMax(g.abs(along), [axis]);
    const unit = g.div(along, g.max(size, SHORT_PATH));
    const factor = g.div(missing, g.mul(g.max(size, SHORT_PATH), g.max(sum(g.square(unit)), 1)));
    return [g.add(m, g.where(g.less(size, SHORT_PATH), 0, g.mul(unit, factor)))];
  };
}

/** s ⊙ (G − ⟨G, s⟩) */
const softmaxJacobian = (g: Builder, s: Value, G: Value, axis: number): Value =>
  g.mul(s, g.sub(G, g.reduceSum(g.mul(G, s), [axis])));

/** G − s · ΣG */
const logSoftmaxJacobian = (g: Builder, s: Value, G: Value, axis: number): Value =>
  g.sub(G, g.mul(s, g.reduceSum(G, [axis])));

/**
 * LRP at a Taylor expansion of the softmax at x: R(xᵢ) = xᵢ (R(sᵢ) − sᵢ Σ R(s)) (Achtibat et al. 2024, arXiv:2402.05602,
 * proposition 3.1). A masked element has no probability and gets nothing.
 */
const taylorShare: BackwardRule<AxisAttributes> = (g, { x: [x], y: [y], dy: [R], attrs: { axis } }) => [
  g.mul(g.where(g.less(x, -1e30), 0, x), logSoftmaxJacobian(g, y, R, axis)),
];

const flops = (_x: readonly Value[], [y]: readonly Value[]): number => 3 * sizeOf(bindShape(y.shape, 1));

export const Softmax = defineOp('Softmax', {
  doc: 'exp(x) / Σ exp(x) along an axis',
  run: (tf, [x], { attrs: { axis } }) => {
    if (axis === -1 || axis === x.rank - 1) return [tf.softmax(x)];
    const e = tf.exp(tf.sub(x, tf.max(x, axis, true)));
    return [tf.div(e, tf.sum(e, axis, true))];
  },
  attrs: { axis: int(-1) },
  infer: alongAxis,
  gradient: (g, { y: [y], dy: [dy], attrs }) => [softmaxJacobian(g, y, dy, attrs.axis)],
  deeplift: alongPath(softmaxJacobian),
  relevance: taylorShare,
  flops,
});

export const LogSoftmax = defineOp('LogSoftmax', {
  doc: 'x − log Σ exp(x) along an axis',
  run: (tf, [x], { attrs: { axis } }) => {
    const centred = tf.sub(x, tf.max(x, axis, true));
    return [tf.sub(centred, tf.log(tf.sum(tf.exp(centred), axis, true)))];
  },
  attrs: { axis: int(-1) },
  infer: alongAxis,
  gradient: (g, { x: [x], dy: [dy], attrs }) => [logSoftmaxJacobian(g, g.softmax(x, attrs.axis), dy, attrs.axis)],
  deeplift: alongPath(logSoftmaxJacobian),
  flops,
});

/** Without a rule for DeepLIFT: the output jumps, and a multiplier of zero would lose the jump without a word. */
export const Hardmax = defineOp('Hardmax', {
  doc: '1 at the first maximum along an axis, 0 elsewhere',
  run: (tf, [x], { attrs }) => {
    const axis = normalizeAxis(attrs.axis, x.rank, 'Hardmax');
    const places = tf.reshape(
      tf.range(0, x.shape[axis], 1, 'int32'),
      x.shape.map((d, i) => (i === axis ? d : 1)),
    );
    return [tf.cast(tf.equal(tf.expandDims(tf.argMax(x, axis), axis), places), x.dtype)];
  },
  attrs: { axis: int(-1) },
  infer: alongAxis,
  gradient: nonDifferentiable.gradient,
});
