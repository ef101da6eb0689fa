/** @file Elementwise arithmetic, from the ONNX specification. */
import { atBroadcast, broadcastShape, build, num, type Family, type RefTensor, type ReferenceOp } from '../tensor.ts';

export const unaryOp =
  (f: (x: number) => number): ReferenceOp =>
  ([x]) => [{ ...x, data: x.data.map(f) }];

const broadcastOp =
  (f: (values: number[], isInteger: boolean) => number): ReferenceOp =>
  (x) => [broadcastMap(x, f)];

function broadcastMap(x: readonly RefTensor[], f: (values: number[], isInteger: boolean) => number): RefTensor {
  const isInteger = x[0].dtype.includes('int');
  return build(x[0].dtype, broadcastShape(...x.map((t) => t.shape)), (index) =>
    f(
      x.map((t) => atBroadcast(t, index)),
      isInteger,
    ),
  );
}

/** erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms have one sign (Abramowitz & Stegun 7.1.6). */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** fmod = 0: the result has the sign of the divisor, as in Python; fmod = 1: of the dividend, as in C. */
const mod: ReferenceOp = (x, attrs) => [
  broadcastMap(x, ([a, b]) => (num(attrs, 'fmod', 0) === 1 ? a % b : a - b * Math.floor(a / b))),
];

export const elementwise: Family = {
  Add: broadcastOp(([a, b]) => a + b),
  Sub: broadcastOp(([a, b]) => a - b),
  Mul: broadcastOp(([a, b]) => a * b),
  Div: broadcastOp(([a, b], isInteger) => (isInteger ? Math.trunc(a / b) : a / b)),
  Pow: broadcastOp(([a, b]) => a ** b),
  Mod: mod,
  Max: broadcastOp((values) => Math.max(...values)),
  Min: broadcastOp((values) => Math.min(...values)),
  Sum: broadcastOp((values) => values.reduce((a, b) => a + b, 0)),
  Mean: broadcastOp((values) => values.reduce((a, b) => a + b, 0) / values.length),
  Neg: unaryOp((x) => -x),
  Abs: unaryOp(Math.abs),
  Exp: unaryOp(Math.exp),
  Log: unaryOp(Math.log),
  Sqrt: unaryOp(Math.sqrt),
  Reciprocal: unaryOp((x) => 1 / x),
  Sign: unaryOp(Math.sign),
  Floor: unaryOp(Math.floor),
  Ceil: unaryOp(Math.ceil),
  Round: unaryOp(roundHalfToEven),
  RoundClip: broadcastOp(([x, low, high]) => Math.min(Math.max(roundHalfToEven(x), low), high)),
  Erf: unaryOp(erf),
  Sin: unaryOp(Math.sin),
  Cos: unaryOp(Math.cos),
  Tan: unaryOp(Math.tan),
  Asin: unaryOp(Math.asin),
  Acos: unaryOp(Math.acos),
  Atan: unaryOp(Math.atan),
  Sinh: unaryOp(Math.sinh),
  Cosh: unaryOp(Math.cosh),
  Asinh: unaryOp(Math.asinh),
  Acosh: unaryOp(Math.acosh),
  Atanh: unaryOp(Math.atanh),
};
