/** @file Circular and hyperbolic functions and their inverses. */
import { pointwise } from './combinators.ts';
import { defineOp } from './define.ts';
import { unary } from './elementwise.ts';

export const Sin = defineOp('Sin', {
  doc: 'sin x',
  run: (tf, [x]) => [tf.sin(x)],
  infer: unary,
  ...pointwise((g, x) => g.apply('Cos', [x])),
});

export const Cos = defineOp('Cos', {
  doc: 'cos x',
  run: (tf, [x]) => [tf.cos(x)],
  infer: unary,
  ...pointwise((g, x) => g.neg(g.apply('Sin', [x]))),
});

export const Tan = defineOp('Tan', {
  doc: 'tan x',
  run: (tf, [x]) => [tf.tan(x)],
  infer: unary,
  ...pointwise((g, x) => g.add(g.square(g.apply('Tan', [x])), 1)),
});

export const Asin = defineOp('Asin', {
  doc: 'arcsin x',
  run: (tf, [x]) => [tf.asin(x)],
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sqrt(g.sub(1, g.square(x))))),
});

export const Acos = defineOp('Acos', {
  doc: 'arccos x',
  run: (tf, [x]) => [tf.acos(x)],
  infer: unary,
  ...pointwise((g, x) => g.neg(g.reciprocal(g.sqrt(g.sub(1, g.square(x)))))),
});

export const Atan = defineOp('Atan', {
  doc: 'arctan x',
  run: (tf, [x]) => [tf.atan(x)],
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.add(g.square(x), 1))),
});

export const Sinh = defineOp('Sinh', {
  doc: 'sinh x',
  run: (tf, [x]) => [tf.sinh(x)],
  infer: unary,
  ...pointwise((g, x) => g.apply('Cosh', [x])),
});

export const Cosh = defineOp('Cosh', {
  doc: 'cosh x',
  run: (tf, [x]) => [tf.cosh(x)],
  infer: unary,
  ...pointwise((g, x) => g.apply('Sinh', [x])),
});

export const Tanh = defineOp('Tanh', {
  doc: 'tanh x',
  run: (tf, [x]) => [tf.tanh(x)],
  infer: unary,
  ...pointwise((g, x) => g.sub(1, g.square(g.tanh(x)))),
});

export const Asinh = defineOp('Asinh', {
  doc: 'arsinh x',
  run: (tf, [x]) => [tf.asinh(x)],
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sqrt(g.add(g.square(x), 1)))),
});

export const Acosh = defineOp('Acosh', {
  doc: 'arcosh x',
  run: (tf, [x]) => [tf.acosh(x)],
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sqrt(g.sub(g.square(x), 1)))),
});

export const Atanh = defineOp('Atanh', {
  doc: 'artanh x',
  run: (tf, [x]) => [tf.atanh(x)],
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sub(1, g.square(x)))),
});
