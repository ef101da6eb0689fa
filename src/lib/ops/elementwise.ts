/** @file Elementwise arithmetic with broadcasting. */
import { broadcastShapes } from '../graph/dim.ts';
import type { OutputType } from '../graph/graph.ts';
import { bilinear, linear, pointwise } from './combinators.ts';
import { defineOp, type InferSite } from './define.ts';

export const unary = ({ x: [x] }: InferSite<unknown>): OutputType[] => [{ dtype: x.dtype, shape: x.shape }];

/** All inputs of one element type, broadcast against each other. */
export function broadcast({ x, where }: InferSite<unknown>): OutputType[] {
  const odd = x.find((v) => v.dtype !== x[0].dtype);
  if (odd) throw new TypeError(`${where}: inputs are ${x[0].dtype} and ${odd.dtype}. Insert a Cast.`);
  return [{ dtype: x[0].dtype, shape: broadcastShapes(...x.map((v) => v.shape)) }];
}

export const Add = defineOp('Add', { doc: 'a + b', infer: broadcast, ...linear((_g, { dy: [dy] }) => [dy, dy]) });

export const Sub = defineOp('Sub', { doc: 'a − b', infer: broadcast, ...linear((g, { dy: [dy], wants }) => [dy, wants(1) ? g.neg(dy) : null]) });

export const Mul = defineOp('Mul', {
  doc: 'a · b',
  infer: broadcast,
  ...bilinear((g, { x: [a, b], dy: [dy] }) => [g.mul(dy, b), g.mul(dy, a)]),
});

/** a / b = a · (1/b): the midpoint rule for the product around the rescale rule for the reciprocal. */
export const Div = defineOp('Div', {
  doc: 'a / b',
  infer: broadcast,
  gradient: (g, { x: [, b], y: [y], dy: [dy], wants }) => [g.div(dy, b), wants(1) ? g.neg(g.mul(dy, g.div(y, b))) : null],
  deeplift: (g, { x: [a, b], xRef: [aRef, bRef], dy: [dy], wants }) => {
    if (!wants(1)) return [g.div(dy, b), null];
    const [r, rRef] = [g.reciprocal(b), g.reciprocal(bRef)];
    // Δ(1/b)/Δb = −1/(b·b′), exact and without a division by Δb.
    const slope = g.neg(g.mul(r, rRef));
    return [g.mul(dy, g.mul(g.add(r, rRef), 0.5)), g.mul(g.mul(dy, g.mul(g.add(a, aRef), 0.5)), slope)];
  },
});

export const Tanh = defineOp('Tanh', {
  doc: 'tanh(x)',
  infer: unary,
  ...pointwise((g, x) => g.sub(1, g.square(g.tanh(x)))),
});
