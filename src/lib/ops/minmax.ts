/** @file Elementwise Max and Min of any number of inputs. */
import type { Dim } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from './builder.ts';
import { shapleyPair, type Binary, type BinarySlope } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { broadcast } from './elementwise.ts';
import { foldElementwise, maxDim, minDim } from './fold.ts';

/** Equal shares for the inputs that attain the extreme. */
const extremeGradient: BackwardRule<unknown> = (g, { x, y: [y], dy: [dy] }) => {
  const hits = x.map((v) => g.where(g.equal(v, y), 1, 0));
  const share = g.div(dy, hits.reduce(g.add));
  return hits.map((hit) => g.mul(hit, share));
};

/** The n-ary operator as a chain of binary ones, each with its Shapley values. */
const extremeDeepLift =
  (f: (g: Builder) => Binary, above: (g: Builder, a: Value, b: Value) => Value): BackwardRule<unknown> =>
  (g, { x, xRef, dy: [dy] }) => {
    const slope: BinarySlope = (_g, a, b) => g.where(above(g, a, b), 1, g.where(above(g, b, a), 0, 0.5));
    const slopes = [slope, (_g: Builder, a: Value, b: Value) => slope(g, b, a)] as const;
    const chain = (values: readonly Value[]) =>
      values.slice(1).reduce((sofar, v) => [...sofar, f(g)(sofar[sofar.length - 1], v)], [values[0]]);
    const [best, bestRef] = [chain(x), chain(xRef)];
    const multipliers: Value[] = [];
    let flow = dy;
    for (let i = x.length - 1; i > 0; i--) {
      [flow, multipliers[i]] = shapleyPair(g, flow, [best[i - 1], x[i]], [bestRef[i - 1], xRef[i]], f(g), slopes);
      flow = g.sumTo(flow, best[i - 1].shape);
    }
    multipliers[0] = flow;
    return multipliers;
  };

const reduceDims = (f: (a: Dim, b: Dim) => Dim | null) =>
  foldElementwise((values) => values.reduce<Dim | null>((a, b) => (a === null ? null : f(a, b)), values[0]));

export const Max = defineOp('Max', {
  doc: 'The largest of the inputs, elementwise; tied inputs share the gradient equally',
  run: (tf, x) => [x.reduce((a, b) => tf.maximum(a, b))],
  infer: broadcast,
  gradient: extremeGradient,
  deeplift: extremeDeepLift(
    (g) => g.max,
    (g, a, b) => g.greater(a, b),
  ),
  relevance: extremeGradient,
  fold: reduceDims(maxDim),
});

export const Min = defineOp('Min', {
  doc: 'The smallest of the inputs, elementwise; tied inputs share the gradient equally',
  run: (tf, x) => [x.reduce((a, b) => tf.minimum(a, b))],
  infer: broadcast,
  gradient: extremeGradient,
  deeplift: extremeDeepLift(
    (g) => g.min,
    (g, a, b) => g.less(a, b),
  ),
  relevance: extremeGradient,
  fold: reduceDims(minDim),
});
