/** @file Comparison, logic and selection. */
import { broadcastShapes } from '../graph/dim.ts';
import type { OutputType } from '../graph/graph.ts';
import { int } from './attributes.ts';
import { nonDifferentiable, routing } from './combinators.ts';
import { defineOp, type InferSite } from './define.ts';
import { equalDims, exceeds, foldElementwise, negate, numeric, truth } from './fold.ts';
import { broadcasted, outputShape } from './tensorflow.ts';

const relation = ({ x: [a, b], where }: InferSite<unknown>): OutputType[] => {
  if (a.dtype !== b.dtype) throw new TypeError(`${where}: inputs are ${a.dtype} and ${b.dtype}. Insert a Cast.`);
  return [{ dtype: 'bool', shape: broadcastShapes(a.shape, b.shape) }];
};

const property = ({ x: [x] }: InferSite<unknown>): OutputType[] => [{ dtype: 'bool', shape: x.shape }];

export const Equal = defineOp('Equal', {
  doc: 'a = b',
  run: (tf, [a, b]) => [tf.equal(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(([a, b]) => truth(equalDims(a, b))),
});

export const Greater = defineOp('Greater', {
  doc: 'a > b',
  run: (tf, [a, b]) => [tf.greater(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(([a, b]) => truth(exceeds(a, b))),
});

export const GreaterOrEqual = defineOp('GreaterOrEqual', {
  doc: 'a ≥ b',
  run: (tf, [a, b]) => [tf.greaterEqual(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(([a, b]) => truth(negate(exceeds(b, a)))),
});

export const Less = defineOp('Less', {
  doc: 'a < b',
  run: (tf, [a, b]) => [tf.less(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(([a, b]) => truth(exceeds(b, a))),
});

export const LessOrEqual = defineOp('LessOrEqual', {
  doc: 'a ≤ b',
  run: (tf, [a, b]) => [tf.lessEqual(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(([a, b]) => truth(negate(exceeds(a, b)))),
});

export const And = defineOp('And', {
  doc: 'a and b',
  run: (tf, [a, b]) => [tf.logicalAnd(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(numeric((a, b) => Number(a !== 0 && b !== 0))),
});

export const Or = defineOp('Or', {
  doc: 'a or b',
  run: (tf, [a, b]) => [tf.logicalOr(a, b)],
  infer: relation,
  ...nonDifferentiable,
  fold: foldElementwise(numeric((a, b) => Number(a !== 0 || b !== 0))),
});

export const Xor = defineOp('Xor', {
  doc: 'a or b, not both',
  run: (tf, [a, b]) => [tf.logicalXor(a, b)],
  infer: relation,
  ...nonDifferentiable,
});

export const Not = defineOp('Not', {
  doc: 'not x',
  run: (tf, [x]) => [tf.logicalNot(x)],
  infer: property,
  ...nonDifferentiable,
  fold: foldElementwise(numeric((x) => Number(x === 0))),
});

export const IsNaN = defineOp('IsNaN', {
  doc: 'x is not a number',
  run: (tf, [x]) => [tf.isNaN(x)],
  infer: property,
  ...nonDifferentiable,
});

export const IsInf = defineOp('IsInf', {
  doc: 'x is infinite',
  run: (tf, [x], { attrs: { detectNegative, detectPositive } }) => [
    tf.logicalOr(
      tf.logicalAnd(tf.equal(x, -Infinity), tf.scalar(detectNegative === 1, 'bool')),
      tf.logicalAnd(tf.equal(x, Infinity), tf.scalar(detectPositive === 1, 'bool')),
    ),
  ],
  attrs: { detect_negative: int(1), detect_positive: int(1) },
  infer: property,
  ...nonDifferentiable,
});

/** The choice is taken as given, even where it depends on the image: a condition receives no attribution. */
export const Where = defineOp('Where', {
  doc: 'a where the condition holds, else b',
  run: (tf, [condition, a, b], site) => {
    const shape = outputShape(site);
    return [tf.where(condition, broadcasted(tf, a, shape), broadcasted(tf, b, shape))];
  },
  infer: ({ x: [condition, a, b], where }) => {
    if (condition.dtype !== 'bool')
      throw new TypeError(`${where}: the condition is ${condition.dtype}, not bool. Insert a Cast.`);
    if (a.dtype !== b.dtype) throw new TypeError(`${where}: inputs are ${a.dtype} and ${b.dtype}. Insert a Cast.`);
    return [{ dtype: a.dtype, shape: broadcastShapes(condition.shape, a.shape, b.shape) }];
  },
  ...routing((g, { x: [condition], dy: [dy], wants }) => [
    null,
    wants(1) ? g.where(condition, dy, 0) : null,
    wants(2) ? g.where(condition, 0, dy) : null,
  ]),
  fold: foldElementwise(([condition, a, b]) => (condition === 0 ? b : a)),
});
