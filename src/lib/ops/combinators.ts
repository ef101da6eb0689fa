/** @file Rules that most operators share: a gradient is written once and the other rules follow from its kind. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from './builder.ts';
import type { BackwardRule, Site } from './define.ts';

export interface Rules<A> {
  readonly gradient: BackwardRule<A>;
  readonly deeplift: BackwardRule<A>;
  readonly relevance: BackwardRule<A>;
}

/** Keeps a quotient finite where a sum of contributions is 0. Captum's default, far below what float32 sums resolve. */
const TINY_EPSILON = 1e-9;

/** z + ε·sign z, with sign 0 = 1: what relevance is divided by. Below the default an ε is taken as the default. */
export function stabilized(g: Builder, z: Value, epsilon = TINY_EPSILON): Value {
  const size = Math.max(epsilon, TINY_EPSILON);
  return g.add(z, g.where(g.less(z, 0), -size, size));
}

/**
 * LRP: relevance goes back in proportion to the contributions, R(xᵢ) = Σⱼ xᵢ wᵢⱼ R(yⱼ) / yⱼ (Bach et al. 2015,
 * doi:10.1371/journal.pone.0130140). The transposed operator is the gradient's.
 */
export const inProportion =
  <A>(gradient: BackwardRule<A>): BackwardRule<A> =>
  (g, site) => {
    const c = gradient(g, { ...site, dy: [g.div(site.dy[0], stabilized(g, site.y[0]))] });
    return site.x.map((x, i) => (site.wants(i) ? c[i] && g.mul(x, c[i]) : null));
  };

/** LRP: what flows into the first output goes to the one input that depends on the image, whole. */
export const passOn: BackwardRule<unknown> = (_g, { x, dy: [dy], wants }) => x.map((_, i) => (wants(i) ? dy : null));

/** LRP: all to the first input, or to another where that alone depends on the image. */
export const toFirst: BackwardRule<unknown> = (g, site) =>
  site.wants(0) ? site.x.map((_, i) => (i === 0 ? site.dy[0] : null)) : passOn(g, site);

/** y = Wx + b: Δy = WΔx, so DeepLIFT's multiplier is the gradient. */
export function linear<A>(gradient: BackwardRule<A>): Rules<A> {
  return { gradient, deeplift: gradient, relevance: inProportion(gradient) };
}

/** Every element of y is one of x, or none: where it came from, there go gradient, multiplier and relevance alike. */
export function routing<A>(gradient: BackwardRule<A>): Rules<A> {
  return { gradient, deeplift: gradient, relevance: gradient };
}

/** Piecewise constant or of whole numbers: nothing flows back. */
export const nonDifferentiable: Rules<unknown> = routing((_g, { x }) => x.map(() => null));

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
 * m = Δy/Δx. LRP passes through it. `slope` builds φ′ at a value and may read the site for attributes and other inputs.
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
    relevance: passOn,
  };
}

/** y = φ(x), elementwise, of linear pieces. */
export const piecewiseLinear = <A>(slope: (g: Builder, at: Value, site: Site<A>) => Value): Rules<A> =>
  pointwise(slope, true);

/** Both points' mean, as a value of the site: what midpoint rules multiply by. */
export const midpoint = (g: Builder, a: Value, b: Value): Value => (a === b ? a : g.mul(g.add(a, b), 0.5));

/**
 * y = B(a, b), linear in each of two inputs. DeepLIFT: the midpoint rule m_a = B*(·, b̄), m_b = B*(ā, ·), which is the
 * two-player Shapley value and needs no division; Δy = B(Δa, b̄) + B(ā, Δb) exactly. LRP: in proportion, to each of two
 * varying inputs one half (the uniform rule of AttnLRP, Achtibat et al. 2024, arXiv:2402.05602).
 */
export function bilinear<A>(gradient: BackwardRule<A>): Rules<A> {
  return {
    gradient,
    deeplift: (g, site) => gradient(g, { ...site, x: site.x.map((x, i) => x && midpoint(g, x, site.xRef[i])) }),
    relevance: (g, site) => inProportion(gradient)(g, { ...site, dy: [shared(g, site.dy[0], varying(site))] }),
  };
}

/** How many inputs depend on the image. */
export const varying = ({ x, wants }: Pick<Site<unknown>, 'x' | 'wants'>): number =>
  x.filter((_, i) => wants(i)).length;

/** An equal share of `r` for each of `count`. */
export const shared = (g: Builder, r: Value, count: number): Value => (count === 1 ? r : g.div(r, count));

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
