/** @file Gradient ascent with moments. What changes from step to step is three numbers, drawn up on the host. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import type { OptimiserKind } from './types.ts';

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;
/** NAdam's schedule of its first moment: μ(t) = β₁ (1 − 0.5 · 0.96^(0.004 t)). */
const SCHEDULE_BASE = 0.96;
const SCHEDULE_DECAY = 0.004;

/** p ← p + (moment · m + gradient · g) / (√(variance · v) + ε) */
export interface StepFactors {
  readonly moment: number;
  readonly gradient: number;
  readonly variance: number;
}

/** The factors of step t = 1, 2, … in order. */
export function* stepFactors(kind: OptimiserKind, rate: number): Generator<StepFactors, never> {
  let product = 1;
  for (let t = 1; ; t++) {
    const variance = 1 / (1 - BETA_2 ** t);
    if (kind === 'adam') {
      yield { moment: rate / (1 - BETA_1 ** t), gradient: 0, variance };
    } else {
      const [now, next] = [schedule(t), schedule(t + 1)];
      product *= now;
      yield { moment: (rate * next) / (1 - product * next), gradient: (rate * (1 - now)) / (1 - product), variance };
    }
  }
}

const schedule = (t: number): number => BETA_1 * (1 - 0.5 * SCHEDULE_BASE ** (t * SCHEDULE_DECAY));

export interface Moments {
  readonly parameters: Value;
  readonly first: Value;
  readonly second: Value;
}

/**
 * One step up: Adam (Kingma & Ba 2014, arXiv:1412.6980) or NAdam (Dozat 2016), by the factors that are fed. Each is a
 * scalar.
 */
export function ascend(
  g: Builder,
  { parameters, first, second }: Moments,
  gradient: Value,
  factors: { readonly moment: Value; readonly gradient: Value; readonly variance: Value },
): Moments {
  const m = g.add(g.mul(first, BETA_1), g.mul(gradient, 1 - BETA_1));
  const v = g.add(g.mul(second, BETA_2), g.mul(g.square(gradient), 1 - BETA_2));
  const up = g.add(g.mul(m, factors.moment), g.mul(gradient, factors.gradient));
  const size = g.add(g.sqrt(g.mul(v, factors.variance)), EPSILON);
  return { parameters: g.add(parameters, g.div(up, size)), first: m, second: v };
}
