/**
 * @file What the normalisations share: c/σ(v), where c is x, centred or not, and v the mean of c² over some axes.
 * The gradient is DeepLIFT's multiplier with x′ = x, so both are one formula.
 */
import { concrete } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from './builder.ts';
import { midpoint } from './combinators.ts';

export interface Standardization {
  readonly axes: readonly number[];
  /** v: the mean of c², or their sum. */
  readonly summed?: boolean;
  /** Whether the mean is taken away first. */
  readonly centred: boolean;
  readonly epsilon: number;
  /** Where ε goes: σ = √(v + ε), or √v + ε. */
  readonly inside: boolean;
}

interface Parts {
  readonly c: Value;
  /** √(v + ε), or √v where ε is outside of the root. */
  readonly root: Value;
  /** What c is divided by. */
  readonly deviation: Value;
  readonly y: Value;
}

/** Smallest root that the slope of a square root is taken at. */
const FLAT = 1e-18;

const gather = (g: Builder, x: Value, { axes, summed }: Standardization): Value =>
  summed ? g.reduceSum(x, axes) : g.reduceMean(x, axes);

function parts(g: Builder, x: Value, spec: Standardization): Parts {
  const { axes, centred, epsilon, inside } = spec;
  const c = centred ? g.sub(x, g.reduceMean(x, axes)) : x;
  const v = gather(g, g.square(c), spec);
  const root = g.sqrt(inside ? g.add(v, epsilon) : v);
  const deviation = inside ? root : g.add(root, epsilon);
  return { c, root, deviation, y: g.div(c, deviation) };
}

/** What flows into the results of a standardisation; `mean` and `r` are outputs of LayerNormalization only. */
export interface StandardizationFlow {
  readonly normal: Value;
  readonly mean?: Value;
  readonly r?: Value;
}

/**
 * Multiplier of y = c/σ(v), v = E(c²). The midpoint rule for the product y·σ = c, solved for Δy,
 *
 *     Δc = σ̄ Δy + ȳ Δσ,   Δσ = Δv / 2σ̄,   Δv = E(2 c̄ Δc)   ⟹   m_c = (G − (c̄/σ̄) E(G ȳ)) / σ̄,
 *
 * then m_x = m_c − E(m_c) where c is centred. Every step keeps the sum, and with x′ = x it is the gradient. Taking y as
 * the product c·(1/σ) instead would be as exact on paper, but its multiplier grows with 1/σ′: on a reference whose rows
 * are constant, such as a black image, a few layers of it leave nothing of float32.
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
  const [c, y, root, deviation] = (['c', 'y', 'root', 'deviation'] as const).map((k) => midpoint(g, now[k], ref[k]));
  const slope = g.div(c, spec.inside ? root : g.max(root, FLAT));
  const throughY = g.div(g.sub(flow.normal, g.mul(slope, gather(g, g.mul(flow.normal, y), spec))), deviation);
  const intoC = flow.r ? g.sub(throughY, g.mul(slope, throughR(g, flow.r, now, ref, countOf(x, spec.axes)))) : throughY;
  const intoX = spec.centred ? g.sub(intoC, g.reduceMean(intoC, spec.axes)) : intoC;
  return flow.mean ? g.add(intoX, g.div(flow.mean, countOf(x, spec.axes))) : intoX;
}

/** What flows out of x where σ is taken as a constant: relevance goes through the centring alone. */
export function detachedBackward(g: Builder, normal: Value, x: Value, spec: Standardization): Value {
  const intoC = g.div(normal, parts(g, x, spec).deviation);
  return spec.centred ? g.sub(intoC, g.reduceMean(intoC, spec.axes)) : intoC;
}

/** r = 1/σ: Δr = −Δσ/(σσ′). */
const throughR = (g: Builder, intoR: Value, now: Parts, ref: Parts, count: number): Value =>
  g.div(g.div(intoR, g.mul(now.deviation, ref.deviation)), count);

/** Elements that are standardised together. Throws a BatchError where they belong to several examples. */
const countOf = (x: Value, axes: readonly number[]): number =>
  axes.reduce((n, axis) => n * concrete(x.shape[axis], 'normalization'), 1);
