/**
 * @file What the normalisations share: c · r(v), where c is x, centred or not, and v the mean of c² over some axes.
 * The gradient is DeepLIFT's multiplier with x′ = x, so both are one formula.
 */
import { concrete } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from './builder.ts';

export interface Standardization {
  readonly axes: readonly number[];
  /** v: the mean of c², or their sum. */
  readonly summed?: boolean;
  /** Whether the mean is taken away first. */
  readonly centred: boolean;
  readonly epsilon: number;
  /** Where ε goes: 1/√(v + ε), or 1/(√v + ε). */
  readonly inside: boolean;
}

interface Parts {
  readonly c: Value;
  readonly r: Value;
  /** √v; only where ε is outside of the root. */
  readonly deviation: Value;
}

/** Smallest deviation that the slope of a square root is taken at. */
const FLAT = 1e-18;

const gather = (g: Builder, x: Value, { axes, summed }: Standardization): Value =>
  summed ? g.reduceSum(x, axes) : g.reduceMean(x, axes);

function parts(g: Builder, x: Value, spec: Standardization): Parts {
  const { axes, centred, epsilon, inside } = spec;
  const c = centred ? g.sub(x, g.reduceMean(x, axes)) : x;
  const v = gather(g, g.square(c), spec);
  const deviation = g.sqrt(inside ? g.add(v, epsilon) : v);
  return { c, deviation, r: g.reciprocal(inside ? deviation : g.add(deviation, epsilon)) };
}

/** What flows into the results of a standardisation; `mean` and `r` are outputs of LayerNormalization only. */
export interface StandardizationFlow {
  readonly normal: Value;
  readonly mean?: Value;
  readonly r?: Value;
}

/**
 * Multiplier of y = c·r(v), v = E(c²): the midpoint rule for both products, the exact secant of r,
 *
 *     m_c = G r̄ + (ΣG c̄)·(Δr/Δv)·2c̄/n,   Δr/Δv = −(r r′)²/(r + r′) for r = (v + ε)^−½,
 *
 * then m_x = m_c − E(m_c) where c is centred. Every step keeps the sum, and none divides by a difference. With x′ = x it
 * is the gradient, r(G − c r² E(G c)), centred.
 */
export function standardizeBackward(
  g: Builder,
  flow: StandardizationFlow,
  x: Value,
  xRef: Value,
  spec: Standardization,
): Value {
  const now = parts(g, x, spec);
  const ref = x === xRef ? now : parts(g, xRef, spec);
  const mean = (a: Value, b: Value) => (a === b ? a : g.mul(g.add(a, b), 0.5));
  const [c, r] = [mean(now.c, ref.c), mean(now.r, ref.r)];
  const both = g.mul(now.r, ref.r);
  // (r r′)² alone would overflow in float32 where a row is constant.
  const steepness = spec.inside
    ? g.mul(both, g.div(both, r))
    : g.div(both, g.max(mean(now.deviation, ref.deviation), FLAT));
  // steepness = −2 Δr/Δv; where v is a mean, the mean here brings its 1/n.
  const toR = gather(g, g.mul(flow.normal, c), spec);
  const intoR = flow.r ? g.add(toR, g.div(flow.r, countOf(x, spec.axes))) : toR;
  const intoC = g.sub(g.mul(flow.normal, r), g.mul(c, g.mul(intoR, steepness)));
  const intoX = spec.centred ? g.sub(intoC, g.reduceMean(intoC, spec.axes)) : intoC;
  return flow.mean ? g.add(intoX, g.div(flow.mean, countOf(x, spec.axes))) : intoX;
}

/** Elements that are standardised together. Throws a BatchError where they belong to several examples. */
const countOf = (x: Value, axes: readonly number[]): number =>
  axes.reduce((n, axis) => n * concrete(x.shape[axis], 'normalization'), 1);
