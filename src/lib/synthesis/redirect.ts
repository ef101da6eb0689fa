/** @file Gradients for units that are silent where the optimisation starts. */
import { gradient as chainRule, type RuleSet } from '../autodiff/rule-sets.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';

/** How many steps the redirection lasts. */
export const REDIRECTED_STEPS = 16;

/**
 * The chain rule, but where not a single gradient of an example passes a ReLU, all pass that do not push a negative input
 * further down; likewise above the upper bound of a ReLU6. Without it the picture of a silent unit stays grey
 * (tensorflow/lucid, `redirected_relu_grad`).
 */
export const redirected: RuleSet = {
  ...chainRule,
  name: 'redirected',
  title: 'Redirected gradient',
  instead: {
    Relu: (g, { x: [x], dy: [dy] }) => [redirect(g, dy, g.greater(x, 0), pushesOut(g, x, dy, g.scalar(0), null))],
    Clip: (g, { x: [x, low, high], dy: [dy] }) => {
      const sides = [...(low ? [g.greater(x, low)] : []), ...(high ? [g.less(x, high)] : [])];
      if (sides.length === 0) return [dy, null, null];
      return [redirect(g, dy, sides.reduce(g.and), pushesOut(g, x, dy, low, high)), null, null];
    },
  },
};

/** Whether a step along `dy` would take x further out of its bounds. */
function pushesOut(g: Builder, x: Value, dy: Value, low: Value | null, high: Value | null): Value {
  const below = low && g.and(g.not(g.greater(x, low)), g.less(dy, 0));
  const above = high && g.and(g.not(g.less(x, high)), g.greater(dy, 0));
  return below && above ? g.apply('Or', [below, above]) : (below ?? above)!;
}

function redirect(g: Builder, dy: Value, inside: Value, outwards: Value): Value {
  const usual = g.where(inside, dy, 0);
  const axes = dy.shape.slice(1).map((_, i) => i + 1);
  const silent = g.equal(g.reduceMax(g.abs(usual), axes), 0);
  return g.where(silent, g.where(outwards, 0, dy), usual);
}
