/** @file ReduceProd: the one reduction whose elements multiply each other. */
import { concrete, mulDim, type Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { midpoint } from './combinators.ts';
import { defineOp, type Site } from './define.ts';
import { folding, infer, reduceBy, reducing, type Reduce } from './reduction.ts';

/**
 * The product of the others, for each element: without zeros y/x; with one zero it is the product of the non-zero
 * elements at the zero and 0 elsewhere; with more it is 0.
 */
function productOfOthers(g: Builder, x: Value, axes: readonly number[]): Value {
  const zero = g.equal(x, 0);
  const filled = g.where(zero, 1, x);
  const product = g.apply('ReduceProd', [filled, g.ints(axes)]);
  const zeros = g.reduceSum(g.where(zero, 1, 0), axes);
  const withoutZeros = g.where(g.less(zeros, 0.5), g.div(product, filled), 0);
  return g.where(zero, g.where(g.less(zeros, 1.5), product, 0), withoutZeros);
}

/** x with the reduced axes moved to the end and folded into one. */
function lanes(g: Builder, x: Value, axes: readonly number[]): { lanes: Value; restore: (lanes: Value) => Value } {
  const others = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const perm = [...others, ...axes];
  const moved = g.transpose(x, perm);
  const shape: Shape = [...others.map((i) => x.shape[i]), axes.map((i) => x.shape[i]).reduce(mulDim, 1)];
  return {
    lanes: g.reshape(moved, shape),
    restore: (v) =>
      g.transpose(
        g.reshape(v, moved.shape),
        perm.map((_, i) => perm.indexOf(i)),
      ),
  };
}

/** DeepLIFT as a tree of products of two, each by the midpoint rule: halves of the lane multiply elementwise. */
function treeMultiplier(g: Builder, x: Value, xRef: Value, dy: Value): Value {
  const axis = x.shape.length - 1;
  const length = concrete(x.shape[axis], 'ReduceProd');
  if (length === 1) return dy;
  const half = Math.floor(length / 2);
  const part = (v: Value, from: number, to: number) => g.slice(v, [from], [to], [axis]);
  const low = part(x, 0, half);
  const high = part(x, half, 2 * half);
  const [lowRef, highRef] = [part(xRef, 0, half), part(xRef, half, 2 * half)];
  const odd = (v: Value, products: Value) =>
    length % 2 === 1 ? g.concat([products, part(v, length - 1, length)], axis) : products;
  const flow = treeMultiplier(g, odd(x, g.mul(low, high)), odd(xRef, g.mul(lowRef, highRef)), dy);
  const ofProducts = length % 2 === 1 ? part(flow, 0, half) : flow;
  const shares = [g.mul(ofProducts, midpoint(g, high, highRef)), g.mul(ofProducts, midpoint(g, low, lowRef))];
  return g.concat(length % 2 === 1 ? [...shares, part(flow, half, half + 1)] : shares, axis);
}

function deeplift(g: Builder, site: Site<Reduce>): (Value | null)[] {
  const { axes, keep } = reducing(g, site);
  if (axes.length === 0) return [site.dy[0], null];
  const [now, then, flow] = [site.x[0], site.xRef[0], keep(site.dy[0])].map((v) => lanes(g, v, axes));
  return [now.restore(treeMultiplier(g, now.lanes, then.lanes, flow.lanes)), null];
}

export const ReduceProd = defineOp('ReduceProd', {
  doc: 'Π x',
  run: reduceBy((tf, x, axes) => tf.prod(x, axes)),
  attrs: { keepdims: int(1), noop_with_empty_axes: int(0) },
  infer,
  gradient: (g, site) => {
    const { axes, keep } = reducing(g, site);
    return [axes.length === 0 ? site.dy[0] : g.mul(keep(site.dy[0]), productOfOthers(g, site.x[0], axes)), null];
  },
  deeplift,
  fold: folding(mulDim),
});
