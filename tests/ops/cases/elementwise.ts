import { N } from '../../../src/lib/graph/dim.ts';
import { floats, integers, intTensor, weight, x, type Case, type Cases } from '../case.ts';

const broadcasting: readonly Case[] = [
  { title: 'two inputs', inputs: [x([N, 3]), x([N, 3])] },
  { title: 'broadcast', inputs: [x([2, N, 3]), x([N, 1])] },
  { title: 'constant', inputs: [x([N, 3]), weight([3])] },
  { title: 'whole numbers', inputs: [integers([N, 3], -5, 5), intTensor([], [3])] },
];

const many: readonly Case[] = [
  { title: 'one input', inputs: [x([N, 3])] },
  { title: 'two inputs', inputs: [x([N, 3]), x([N, 3])] },
  { title: 'three inputs, broadcast', inputs: [x([3, N]), x([N]), x([1, N])] },
  { title: 'a constant among four', inputs: [x([N, 2]), weight([2]), x([N, 2]), x([N, 2])] },
];

const smooth: readonly Case[] = [{ inputs: [x([N, 5])] }];
const between = (low: number, high: number, avoid: readonly number[] = []): readonly Case[] => [
  { inputs: [x([N, 6], { low, high, avoid })] },
];
const whole = [-3, -2, -1, 0, 1, 2, 3];

export const elementwise: Cases = {
  Add: broadcasting,
  Sub: broadcasting,
  Mul: broadcasting,
  Div: [
    { title: 'two inputs', inputs: [x([N, 3]), x([N, 3], { low: 0.5, high: 3 })] },
    { title: 'broadcast', inputs: [x([2, N, 3]), x([N, 1], { low: -3, high: -0.5 })] },
    { title: 'constant divisor', inputs: [x([N, 3]), weight([3], { low: 0.5, high: 2 })] },
    { title: 'constant dividend', inputs: [weight([3]), x([N, 3], { low: 0.5, high: 3 })] },
    { title: 'whole numbers', inputs: [integers([N, 6], -9, 9), intTensor([], [4])] },
  ],
  Pow: [
    { title: 'square', inputs: [x([N, 4]), floats([], [2])] },
    { title: 'cube', inputs: [x([N, 4]), floats([1], [3])] },
    { title: 'square root', inputs: [x([N, 4], { low: 0.1, high: 3 }), floats([], [0.5])] },
    { title: 'first power', inputs: [x([N, 4]), floats([], [1])] },
    { title: 'negative power', inputs: [x([N, 4], { low: 0.2, high: 3 }), floats([], [-1.5])] },
    { title: 'whole-number exponent', inputs: [x([N, 4]), intTensor([], [4])] },
    { title: 'one exponent each', inputs: [x([N, 3], { low: 0.5, high: 2 }), floats([3], [1, 2, 2.5])] },
    { title: 'constant base', inputs: [floats([3], [0.5, 2, 3]), x([N, 3])] },
    { title: 'both vary', inputs: [x([N, 3], { low: 0.3, high: 3 }), x([N, 1], { low: -2, high: 3 })] },
  ],
  Mod: [
    { title: 'whole numbers', inputs: [integers([N, 8], -9, 9), intTensor([], [4])] },
    { title: 'negative divisor', inputs: [integers([N, 8], -9, 9), intTensor([], [-4])] },
    { title: 'whole numbers with fmod', inputs: [integers([N, 8], -9, 9), intTensor([], [4])], attrs: { fmod: 1 } },
    {
      title: 'floats with fmod',
      inputs: [x([N, 6], { low: -5, high: 5, avoid: [-4, -2, 2, 4, 0] }), floats([], [2])],
      attrs: { fmod: 1 },
    },
  ],
  Max: many,
  Min: many,
  Sum: many,
  Mean: many,
  Neg: smooth,
  Abs: between(-3, 3, [0]),
  Exp: smooth,
  Log: between(0.1, 5),
  Sqrt: between(0.1, 5),
  Reciprocal: between(0.2, 4),
  Sign: between(-3, 3, [0]),
  Floor: between(-3, 3, whole),
  Ceil: between(-3, 3, whole),
  Round: between(-3, 3, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]),
  RoundClip: [
    {
      title: 'bounds a channel',
      domain: 'vitrine',
      inputs: [
        x([N, 2, 3], { low: -5, high: 5, avoid: [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, -4.5] }),
        floats([2, 1], [-3, -4]),
        floats([2, 1], [3, 2]),
      ],
      conventional: true,
    },
  ],
  Erf: smooth,
  Sin: smooth,
  Cos: smooth,
  Tan: between(-1.2, 1.2),
  Asin: between(-0.9, 0.9),
  Acos: between(-0.9, 0.9),
  Atan: smooth,
  Sinh: smooth,
  Cosh: smooth,
  Tanh: smooth,
  Asinh: smooth,
  Acosh: between(1.2, 4),
  Atanh: between(-0.9, 0.9),
};
