/** @file Activation functions, from the ONNX specification. */
import { atBroadcast, build, num, text, type Family, type ReferenceOp } from '../tensor.ts';
import type { Attributes } from '../../../src/lib/graph/graph.ts';
import { erf, unaryOp } from './elementwise.ts';

const withAttributes =
  (f: (x: number, attrs: Attributes) => number): ReferenceOp =>
  ([x], attrs) => [{ ...x, data: x.data.map((v) => f(v, attrs)) }];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const hardSigmoid = (x: number, alpha: number, beta: number) => Math.max(0, Math.min(1, alpha * x + beta));

function gelu(x: number, approximate: string): number {
  if (approximate === 'none') return 0.5 * x * (1 + erf(x / Math.SQRT2));
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** min(max(x, low), high): where low > high, all is high. */
const clip: ReferenceOp = ([x, low, high]) => {
  const [a, b] = [low ? low.data[0] : -Infinity, high ? high.data[0] : Infinity];
  return [{ ...x, data: x.data.map((v) => Math.min(Math.max(v, a), b)) }];
};

const prelu: ReferenceOp = ([x, slope]) => [
  build(x.dtype, x.shape, (index) => {
    const v = atBroadcast(x, index);
    return v < 0 ? v * atBroadcast(slope, index) : v;
  }),
];

function shrink(x: number, lambda: number, bias: number): number {
  if (x < -lambda) return x + bias;
  return x > lambda ? x - bias : 0;
}

const SELU_ALPHA = 1.67326319217681884765625;
const SELU_GAMMA = 1.05070102214813232421875;

export const activation: Family = {
  Relu: unaryOp((x) => Math.max(x, 0)),
  LeakyRelu: withAttributes((x, a) => (x < 0 ? num(a, 'alpha', 0.01) * x : x)),
  PRelu: prelu,
  Elu: withAttributes((x, a) => (x < 0 ? num(a, 'alpha', 1) * Math.expm1(x) : x)),
  Selu: withAttributes(
    (x, a) => num(a, 'gamma', SELU_GAMMA) * (x <= 0 ? num(a, 'alpha', SELU_ALPHA) * Math.expm1(x) : x),
  ),
  Celu: withAttributes((x, a) => Math.max(0, x) + Math.min(0, num(a, 'alpha', 1) * Math.expm1(x / num(a, 'alpha', 1)))),
  Sigmoid: unaryOp(sigmoid),
  HardSigmoid: withAttributes((x, a) => hardSigmoid(x, num(a, 'alpha', 0.2), num(a, 'beta', 0.5))),
  HardSwish: unaryOp((x) => x * hardSigmoid(x, 1 / 6, 0.5)),
  Tanh: unaryOp(Math.tanh),
  Softplus: unaryOp(softplus),
  Softsign: unaryOp((x) => x / (1 + Math.abs(x))),
  Gelu: withAttributes((x, a) => gelu(x, text(a, 'approximate', 'none'))),
  Mish: unaryOp((x) => x * Math.tanh(softplus(x))),
  Swish: withAttributes((x, a) => x * sigmoid(num(a, 'alpha', 1) * x)),
  ThresholdedRelu: withAttributes((x, a) => (x > num(a, 'alpha', 1) ? x : 0)),
  Clip: clip,
  Shrink: withAttributes((x, a) => shrink(x, num(a, 'lambd', 0.5), num(a, 'bias', 0))),
};
