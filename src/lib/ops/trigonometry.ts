/** @file Circular and hyperbolic functions and their inverses. */
import { pointwise } from './combinators.ts';
import { defineOp } from './define.ts';
import { unary } from './elementwise.ts';

export const Sin = defineOp('Sin', { doc: 'sin x', infer: unary, ...pointwise((g, x) => g.apply('Cos', [x])) });

export const Cos = defineOp('Cos', { doc: 'cos x', infer: unary, ...pointwise((g, x) => g.neg(g.apply('Sin', [x]))) });

export const Tan = defineOp('Tan', {
  doc: 'tan x',
  infer: unary,
  ...pointwise((g, x) => g.add(g.square(g.apply('Tan', [x])), 1)),
});

export const Asin = defineOp('Asin', {
  doc: 'arcsin x',
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sqrt(g.sub(1, g.square(x))))),
});

export const Acos = defineOp('Acos', {
  doc: 'arccos x',
  infer: unary,
  ...pointwise((g, x) => g.neg(g.reciprocal(g.sqrt(g.sub(1, g.square(x)))))),
});

export const Atan = defineOp('Atan', {
  doc: 'arctan x',
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.add(g.square(x), 1))),
});

export const Sinh = defineOp('Sinh', { doc: 'sinh x', infer: unary, ...pointwise((g, x) => g.apply('Cosh', [x])) });

export const Cosh = defineOp('Cosh', { doc: 'cosh x', infer: unary, ...pointwise((g, x) => g.apply('Sinh', [x])) });

export const Tanh = defineOp('Tanh', {
  doc: 'tanh x',
  infer: unary,
  ...pointwise((g, x) => g.sub(1, g.square(g.tanh(x)))),
});

export const Asinh = defineOp('Asinh', {
  doc: 'arsinh x',
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sqrt(g.add(g.square(x), 1)))),
});

export const Acosh = defineOp('Acosh', {
  doc: 'arcosh x',
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sqrt(g.sub(g.square(x), 1)))),
});

export const Atanh = defineOp('Atanh', {
  doc: 'artanh x',
  infer: unary,
  ...pointwise((g, x) => g.reciprocal(g.sub(1, g.square(x)))),
});
