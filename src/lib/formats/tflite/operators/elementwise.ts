/** @file Arithmetic, comparisons and activations, elementwise with broadcasting. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import * as options from '../options.ts';
import { activated, clipped, constant, define, input, inputs, type Operator } from './define.ts';

const unary = (build: (g: Builder, x: Value) => Value): Operator =>
  define(options.none, (site) => build(site.g, input(site, 0)));

const node = (op: string, attrs = {}): Operator => unary((g, x) => g.apply(op, [x], attrs));

const binary = (build: (g: Builder, a: Value, b: Value) => Value): Operator =>
  define(options.none, (site) => build(site.g, input(site, 0), input(site, 1)));

/** An operator with an activation of its own. */
const fused = (build: (g: Builder, a: Value, b: Value) => Value): Operator =>
  define(options.fused, (site) =>
    activated(site.g, build(site.g, input(site, 0), input(site, 1)), site.options.activation),
  );

/** A vector of conditions picks rows. */
function condition(g: Builder, [which, a]: readonly Value[]): Value {
  const missing = a.shape.length - which.shape.length;
  return which.shape.length === 1 && missing > 0
    ? g.reshape(which, [...which.shape, ...Array.from({ length: missing }, () => 1)])
    : which;
}

/** Whole numbers: towards −∞, where ONNX's Div goes towards 0. */
function floorDiv(g: Builder, a: Value, b: Value): Value {
  if (a.dtype === 'float32') return g.apply('Floor', [g.div(a, b)]);
  return g.div(g.sub(a, g.apply('Mod', [a, b])), b);
}

function floorMod(g: Builder, a: Value, b: Value): Value {
  if (a.dtype !== 'float32') return g.apply('Mod', [a, b]);
  return g.sub(a, g.mul(g.apply('Floor', [g.div(a, b)]), b));
}

/** x / (bias + alpha · Σ x² over 2 · radius + 1 channels)^beta. ONNX divides alpha by their number. */
const localResponse = define(options.localResponse, (site) => {
  const { g, options: o } = site;
  const x = input(site, 0);
  const size = 2 * o.radius + 1;
  const attrs = { alpha: o.alpha * size, beta: o.beta, bias: o.bias, size };
  return g.transpose(g.apply('LRN', [g.transpose(x, [0, 3, 1, 2])], attrs), [0, 2, 3, 1]);
});

/** x / max(‖x‖, 1e-6) along the last axis. */
const l2Normalization = define(options.fused, (site) => {
  const { g } = site;
  const x = input(site, 0);
  const norm = g.sqrt(g.reduceSum(g.square(x), [x.shape.length - 1]));
  return activated(g, g.div(x, g.max(norm, 1e-6)), site.options.activation);
});

export const elementwise = {
  ADD: fused((g, a, b) => g.add(a, b)),
  SUB: fused((g, a, b) => g.sub(a, b)),
  MUL: fused((g, a, b) => g.mul(a, b)),
  DIV: fused((g, a, b) => g.div(a, b)),
  FLOOR_DIV: binary(floorDiv),
  FLOOR_MOD: binary(floorMod),
  MAXIMUM: binary((g, a, b) => g.max(a, b)),
  MINIMUM: binary((g, a, b) => g.min(a, b)),
  POW: binary((g, a, b) => g.pow(a, b)),
  SQUARED_DIFFERENCE: binary((g, a, b) => g.square(g.sub(a, b))),
  ADD_N: define(options.none, (site) => site.g.apply('Sum', [input(site, 0), ...inputs(site).slice(1)])),
  EQUAL: binary((g, a, b) => g.equal(a, b)),
  NOT_EQUAL: binary((g, a, b) => g.not(g.equal(a, b))),
  LESS: binary((g, a, b) => g.less(a, b)),
  LESS_EQUAL: binary((g, a, b) => g.apply('LessOrEqual', [a, b])),
  GREATER: binary((g, a, b) => g.greater(a, b)),
  GREATER_EQUAL: binary((g, a, b) => g.greaterOrEqual(a, b)),
  LOGICAL_AND: binary((g, a, b) => g.and(a, b)),
  LOGICAL_OR: binary((g, a, b) => g.apply('Or', [a, b])),
  LOGICAL_NOT: unary((g, x) => g.not(x)),
  SELECT: define(options.none, (site) => {
    const [which, a, b] = [0, 1, 2].map((i) => input(site, i));
    return site.g.where(condition(site.g, [which, a]), a, b);
  }),
  SELECT_V2: define(options.none, (site) => site.g.where(input(site, 0), input(site, 1), input(site, 2))),
  ABS: node('Abs'),
  NEG: node('Neg'),
  EXP: node('Exp'),
  LOG: node('Log'),
  SQRT: node('Sqrt'),
  RSQRT: unary((g, x) => g.reciprocal(g.sqrt(x))),
  SQUARE: unary((g, x) => g.square(x)),
  SIN: node('Sin'),
  COS: node('Cos'),
  FLOOR: node('Floor'),
  CEIL: node('Ceil'),
  ROUND: node('Round'),
  SIGN: node('Sign'),
  RELU: node('Relu'),
  RELU6: unary((g, x) => clipped(g, x, 0, 6)),
  RELU_N1_TO_1: unary((g, x) => clipped(g, x, -1, 1)),
  RELU_0_TO_1: unary((g, x) => clipped(g, x, 0, 1)),
  PRELU: define(options.none, (site) => {
    constant(site, 1);
    return site.g.apply('PRelu', [input(site, 0), input(site, 1)]);
  }),
  LEAKY_RELU: define(options.leakyRelu, (site) =>
    site.g.apply('LeakyRelu', [input(site, 0)], { alpha: site.options.alpha }),
  ),
  ELU: node('Elu'),
  GELU: define(options.gelu, (site) =>
    site.g.apply('Gelu', [input(site, 0)], { approximate: site.options.approximate ? 'tanh' : 'none' }),
  ),
  HARD_SWISH: node('HardSwish'),
  LOGISTIC: node('Sigmoid'),
  TANH: node('Tanh'),
  SOFTMAX: define(options.softmax, (site) => {
    const { beta } = site.options;
    const x = input(site, 0);
    return site.g.softmax(beta === 1 ? x : site.g.mul(x, beta), -1);
  }),
  LOG_SOFTMAX: node('LogSoftmax', { axis: -1 }),
  LOCAL_RESPONSE_NORMALIZATION: localResponse,
  L2_NORMALIZATION: l2Normalization,
  CAST: define(options.cast, (site) => site.g.cast(input(site, 0), site.type)),
  /** Values are real numbers already. */
  QUANTIZE: unary((_g, x) => x),
  DEQUANTIZE: unary((_g, x) => x),
  ZEROS_LIKE: unary((g, x) => g.zerosLike(x)),
} satisfies Record<string, Operator>;
