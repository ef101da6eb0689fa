/** @file Rounding within quantised models. */
import { VITRINE, type Value } from '../graph/graph.ts';
import type { Builder } from './builder.ts';
import { secant } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { broadcast } from './elementwise.ts';

/** 1 where nothing is cut off: what rounds to a bound is half a step away from it at most. Else 0. */
const kept = (g: Builder, x: Value, low: Value, high: Value): Value =>
  g.where(g.and(g.greaterOrEqual(x, g.sub(low, 0.5)), g.greaterOrEqual(g.add(high, 0.5), x)), 1, 0);

/** Nothing is known of how the bounds move it. */
const onlyX =
  (rule: BackwardRule<unknown>): BackwardRule<unknown> =>
  (g, site) => [rule(g, site)[0], null, null];

/**
 * The slope of rounding is 0 almost everywhere, and no gradient would leave a quantised model. It is taken as 1 between
 * the bounds instead (the straight-through estimator: Bengio, Léonard & Courville 2013, arXiv:1308.3432). DeepLIFT needs
 * no such help: its multiplier is the quotient of the real differences.
 */
export const RoundClip = defineOp('RoundClip', {
  domain: VITRINE,
  doc: 'the nearest whole number, ties to even, not below `low` and not above `high`; the gradient goes straight through',
  infer: broadcast,
  gradient: onlyX((g, { x: [x, low, high], dy: [dy] }) => [g.mul(dy, kept(g, x, low, high))]),
  deeplift: onlyX((g, { x: [x, low, high], xRef: [xRef], y: [y], yRef: [yRef], dy: [dy] }) => [
    g.mul(
      dy,
      secant(g, x, xRef, y, yRef, (at) => kept(g, at, low, high)),
    ),
  ]),
  relevance: onlyX((_g, { dy: [dy] }) => [dy]),
});
