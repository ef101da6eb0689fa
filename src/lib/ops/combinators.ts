/** @file Rules that most operators share: a gradient is written once and the other rules follow from its kind. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from './builder.ts';
import type { BackwardRule, Site } from './define.ts';

export interface Rules<A> {
  readonly gradient: BackwardRule<A>;
  readonly deeplift: BackwardRule<A>;
}

/** y = Wx + b: Δy = WΔx, so DeepLIFT's multiplier is the gradient. */
export function linear<A>(gradient: BackwardRule<A>): Rules<A> {
  return { gradient, deeplift: gradient };
}

/** Piecewise constant or of whole numbers: nothing flows back. */
export const nonDifferentiable: Rules<unknown> = linear((_g, { x }) => x.map(() => null));

/**
 * Below this |Δx|, relative to max(1, |x̄|), the secant Δy/Δx is rounding noise in float32 and the slope at the
 * midpoint is the better multiplier: its own error is of third order in Δx.
 */
const SECANT_TOLERANCE = 1e-4;

/**
 * The multiplier Δy/Δx of an elementwise function, or its derivative at the midpoint where Δx is too small to divide
 * by. The denominator is chosen before the division: WGSL may assume that NaN never occurs (tfjs #7162).
 *
 * A function of linear pieces has no derivative of third order to rely on. Across a kink its Δy/Δx is no difference of
 * almost equal numbers, so with `pieces` the slope is taken only where both ends lie on one piece.
 */
export function secant(
  g: Builder,
  x: Value,
  xRef: Value,
  y: Value,
  yRef: Value,
  slope: (at: Value) => Value,
  pieces = false,
): Value {
  const dx = g.sub(x, xRef);
  const middle = g.mul(g.add(x, xRef), 0.5);
  const near = g.less(g.abs(dx), g.mul(g.max(g.abs(middle), 1), SECANT_TOLERANCE));
  const small = pieces ? g.and(near, g.equal(slope(x), slope(xRef))) : near;
  return g.where(small, slope(middle), g.div(g.sub(y, yRef), g.where(small, 1, dx)));
}

/**
 * y = φ(x), elementwise in input 0. DeepLIFT: the rescale rule (Shrikumar et al. 2017, arXiv:1704.02685),
 * m = Δy/Δx. `slope` builds φ′ at a value and may read the site for attributes and other inputs.
 */
export function pointwise<A>(slope: (g: Builder, at: Value, site: Site<A>) => Value, pieces = false): Rules<A> {
  return {
    gradient: (g, site) => [g.mul(site.dy[0], slope(g, site.x[0], site))],
    deeplift: (g, site) => [
      g.mul(
        site.dy[0],
        secant(g, site.x[0], site.xRef[0], site.y[0], site.yRef[0], (at) => slope(g, at, site), pieces),
      ),
    ],
  };
}

/** y = φ(x), elementwise, of linear pieces. */
export const piecewiseLinear = <A>(slope: (g: Builder, at: Value, site: Site<A>) => Value): Rules<A> =>
  pointwise(slope, true);

/** Both points' mean, as a value of the site: what midpoint rules multiply by. */
export const midpoint = (g: Builder, a: Value, b: Value): Value => (a === b ? a : g.mul(g.add(a, b), 0.5));

/**
 * y = B(a, b), linear in each of two inputs. DeepLIFT: the midpoint rule m_a = B*(·, b̄), m_b = B*(ā, ·), which is the
 * two-player Shapley value and needs no division; Δy = B(Δa, b̄) + B(ā, Δb) exactly.
 */
export function bilinear<A>(gradient: BackwardRule<A>): Rules<A> {
  return {
    gradient,
    deeplift: (g, site) => gradient(g, { ...site, x: site.x.map((x, i) => x && midpoint(g, x, site.xRef[i])) }),
  };
}

export type Binary = (a: Value, b: Value) => Value;
export type BinarySlope = (g: Builder, a: Value, b: Value) => Value;
type Pair = readonly [Value, Value];

/**
 * DeepLIFT multipliers of f(a, b) where both vary: the Shapley values of the two inputs over their differences,
 *
 *     m_a = ½ [f(a, b) − f(a′, b) + f(a, b′) − f(a′, b′)] / Δa,
 *
 * so m_a·Δa + m_b·Δb = Δf exactly (SHAP's rule for two-input operators). `slopes` build ∂f/∂a and ∂f/∂b, for
 * differences too small to divide by.
 */
export function shapleyPair(
  g: Builder,
  dy: Value,
  [a, b]: Pair,
  [aRef, bRef]: Pair,
  f: Binary,
  slopes: readonly [BinarySlope, BinarySlope],
): [Value, Value] {
  const alone = (x: Value, xRef: Value, of: (x: Value) => Value, slope: (at: Value) => Value) =>
    secant(g, x, xRef, of(x), of(xRef), slope);
  const share = (other: Value, otherRef: Value, multiplier: (other: Value) => Value) =>
    g.mul(dy, other === otherRef ? multiplier(other) : midpoint(g, multiplier(other), multiplier(otherRef)));
  return [
    share(b, bRef, (v) =>
      alone(
        a,
        aRef,
        (x) => f(x, v),
        (at) => slopes[0](g, at, v),
      ),
    ),
    share(a, aRef, (v) =>
      alone(
        b,
        bRef,
        (x) => f(v, x),
        (at) => slopes[1](g, v, at),
      ),
    ),
  ];
}
