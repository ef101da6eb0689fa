/** @file Operators on each element by itself, and arithmetic with broadcasting. */
import type { Value } from '../../../graph/graph.ts';
import type { Attributes } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { scalar, takes, type Row, type Site } from '../site.ts';

/** An operator of ONNX with the same meaning. */
export const as = (op: string, attrs: Attributes = {}): Row => takes(1, ({ g, x: [x] }) => g.apply(op, [x], attrs));

const pair = (f: (g: Builder, a: Value, b: Value) => Value): Row => takes(2, ({ g, x: [a, b] }) => f(g, a, b));

const single = (f: (g: Builder, x: Value) => Value): Row => takes(1, ({ g, x: [x] }) => f(g, x));

/** a mod b with the sign of b: ONNX's has it for whole numbers only. */
function floorMod(g: Builder, a: Value, b: Value): Value {
  if (!isFloat(a.dtype)) return g.apply('Mod', [a, b]);
  return g.sub(a, g.mul(g.apply('Floor', [g.div(a, b)]), b));
}

/** ⌊a / b⌋, for whole numbers without a detour over floats. */
function floorDiv(g: Builder, a: Value, b: Value): Value {
  if (isFloat(a.dtype)) return g.apply('Floor', [g.div(a, b)]);
  return g.div(g.sub(a, g.apply('Mod', [a, b])), b);
}

function divNoNan(g: Builder, a: Value, b: Value): Value {
  const none = g.equal(b, 0);
  return g.where(none, 0, g.div(a, g.where(none, 1, b)));
}

/** The angle of (x, y): arctan(y / x), turned by π where x < 0. */
function atan2(g: Builder, y: Value, x: Value): Value {
  const upright = g.equal(x, 0);
  const slope = g.apply('Atan', [g.div(y, g.where(upright, 1, x))]);
  const turn = g.where(g.less(x, 0), g.where(g.less(y, 0), -Math.PI, Math.PI), 0);
  const pole = g.where(g.greater(y, 0), Math.PI / 2, g.where(g.less(y, 0), -Math.PI / 2, 0));
  return g.where(upright, pole, g.add(slope, turn));
}

export function biasAdd({ g, x: [x, bias], attrs }: Site): Value {
  if (bias.shape.length !== 1 || attrs.string('data_format', 'NHWC') !== 'NCHW') return g.add(x, bias);
  const ones = Array.from({ length: Math.max(0, x.shape.length - 2) }, () => 1);
  return g.add(x, g.reshape(bias, [...bias.shape, ...ones]));
}

/** One bound a number, both bounds numbers: ONNX's Clip; else minima and maxima. */
function clip({ g, x: [x, low, high] }: Site): Value {
  const bounds = [scalar(low), scalar(high)];
  if (bounds.some((v) => v === null) || x.dtype !== 'float32') return g.min(g.max(x, low), high);
  return g.apply('Clip', [x, g.scalar(bounds[0]!), g.scalar(bounds[1]!)]);
}

/** Slopes of any shape that broadcasts to x. */
export function prelu(g: Builder, x: Value, slope: Value): Value {
  return g.apply('PRelu', [x, slope]);
}

/** Activations that other operators have built in, by their names in lower case. */
export function activate(g: Builder, x: Value, name: string, alpha: number, slope: Value | undefined): Value {
  switch (name.toLowerCase()) {
    case 'relu':
      return g.relu(x);
    case 'relu6':
      return g.apply('Clip', [x, g.scalar(0), g.scalar(6)]);
    case 'elu':
      return g.apply('Elu', [x]);
    case 'leakyrelu':
      return g.apply('LeakyRelu', [x], { alpha });
    case 'sigmoid':
      return g.sigmoid(x);
    case 'tanh':
      return g.tanh(x);
    case 'prelu':
      if (slope) return prelu(g, x, slope);
  }
  throw new RangeError(`the activation "${name}" is not supported inside of another operator. Export the model again.`);
}

export const elementwise = {
  Add: pair((g, a, b) => g.add(a, b)),
  AddV2: pair((g, a, b) => g.add(a, b)),
  AddN: takes(1, ({ g, x }) => x.reduce((a, b) => g.add(a, b))),
  BiasAdd: takes(2, biasAdd),
  BiasAddV1: takes(2, biasAdd),
  Sub: pair((g, a, b) => g.sub(a, b)),
  Mul: pair((g, a, b) => g.mul(a, b)),
  Div: pair((g, a, b) => g.div(a, b)),
  RealDiv: pair((g, a, b) => g.div(a, b)),
  DivNoNan: pair(divNoNan),
  FloorDiv: pair(floorDiv),
  TruncateDiv: pair((g, a, b) => g.div(a, b)),
  FloorMod: pair(floorMod),
  Mod: pair((g, a, b) => g.apply('Mod', [a, b], { fmod: 1 })),
  TruncateMod: pair((g, a, b) => g.apply('Mod', [a, b], { fmod: 1 })),
  Maximum: pair((g, a, b) => g.max(a, b)),
  Minimum: pair((g, a, b) => g.min(a, b)),
  Pow: pair((g, a, b) => g.pow(a, b)),
  SquaredDifference: pair((g, a, b) => g.square(g.sub(a, b))),
  Atan2: pair(atan2),

  Abs: as('Abs'),
  Neg: as('Neg'),
  Sign: as('Sign'),
  Ceil: as('Ceil'),
  Floor: as('Floor'),
  Round: as('Round'),
  Rint: as('Round'),
  Exp: as('Exp'),
  Expm1: single((g, x) => g.sub(g.exp(x), 1)),
  Log: as('Log'),
  Log1p: single((g, x) => g.log(g.add(x, 1))),
  Sqrt: as('Sqrt'),
  Rsqrt: single((g, x) => g.reciprocal(g.sqrt(x))),
  Square: single((g, x) => g.square(x)),
  Reciprocal: as('Reciprocal'),
  Inv: as('Reciprocal'),
  Sin: as('Sin'),
  Cos: as('Cos'),
  Tan: as('Tan'),
  Asin: as('Asin'),
  Acos: as('Acos'),
  Atan: as('Atan'),
  Sinh: as('Sinh'),
  Cosh: as('Cosh'),
  Tanh: as('Tanh'),
  Asinh: as('Asinh'),
  Acosh: as('Acosh'),
  Atanh: as('Atanh'),
  Erf: as('Erf'),
  Erfc: single((g, x) => g.sub(1, g.erf(x))),

  Relu: as('Relu'),
  Relu6: single((g, x) => activate(g, x, 'relu6', 0, undefined)),
  Elu: as('Elu'),
  Selu: as('Selu'),
  LeakyRelu: takes(1, ({ g, x: [x], attrs }) => g.apply('LeakyRelu', [x], { alpha: attrs.float('alpha', 0.2) })),
  Prelu: pair(prelu),
  Sigmoid: as('Sigmoid'),
  Softplus: as('Softplus'),
  Softsign: as('Softsign'),
  ClipByValue: takes(3, clip),
} satisfies Record<string, Row>;
