/** Where a function has no derivative, the gradient is PyTorch's. */
import { expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete, gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { Value, type Attributes } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';
import { floats, ints } from './case.ts';

interface Kink {
  readonly op: string;
  /** Elements of each input that depends on the image; all inputs are vectors. */
  readonly x: readonly (readonly number[])[];
  readonly constants?: readonly Value[];
  readonly attrs?: Attributes;
  /** The gradient of the sum of the output, for each input. */
  readonly slopes: readonly (readonly number[])[];
}

const kinks: readonly Kink[] = [
  { op: 'Relu', x: [[-1, 0, 1]], slopes: [[0, 0, 1]] },
  { op: 'LeakyRelu', x: [[-1, 0, 1]], attrs: { alpha: 0.5 }, slopes: [[0.5, 0.5, 1]] },
  { op: 'Abs', x: [[-2, 0, 2]], slopes: [[-1, 0, 1]] },
  { op: 'Elu', x: [[0]], attrs: { alpha: 3 }, slopes: [[3]] },
  { op: 'HardSigmoid', x: [[-2.5, 0, 2.5]], attrs: { alpha: 0.2, beta: 0.5 }, slopes: [[0, Math.fround(0.2), 0]] },
  { op: 'HardSwish', x: [[-3, 3]], slopes: [[-0.5, 1.5]] },
  { op: 'Clip', x: [[-1, 0, 3, 6, 7]], constants: [floats([], [0]), floats([], [6])], slopes: [[0, 0, 1, 0, 0]] },
  { op: 'Sign', x: [[-1, 0, 1]], slopes: [[0, 0, 0]] },
  {
    op: 'Max',
    x: [
      [1, 2, 2],
      [2, 1, 2],
    ],
    slopes: [
      [0, 1, 0.5],
      [1, 0, 0.5],
    ],
  },
  {
    op: 'Min',
    x: [
      [1, 2, 2],
      [2, 1, 2],
    ],
    slopes: [
      [1, 0, 0.5],
      [0, 1, 0.5],
    ],
  },
  {
    op: 'Max',
    x: [
      [3, 3],
      [3, 1],
      [3, 3],
      [3, 3],
    ],
    slopes: [
      [1 / 4, 1 / 3],
      [1 / 4, 0],
      [1 / 4, 1 / 3],
      [1 / 4, 1 / 3],
    ],
  },
  { op: 'ReduceMax', x: [[3, 1, 3, 2]], constants: [ints([0])], slopes: [[0.5, 0, 0.5, 0]] },
  { op: 'ReduceMin', x: [[1, 1, 1, 2]], constants: [ints([0])], slopes: [[1 / 3, 1 / 3, 1 / 3, 0]] },
  { op: 'ReduceL2', x: [[0, 0]], constants: [ints([0])], slopes: [[0, 0]] },
  { op: 'ReduceL1', x: [[0, -2]], constants: [ints([0])], slopes: [[0, -1]] },
  { op: 'ReduceProd', x: [[0, 2, 3]], constants: [ints([0])], slopes: [[6, 0, 0]] },
  { op: 'ReduceProd', x: [[0, 2, 0]], constants: [ints([0])], slopes: [[0, 0, 0]] },
];

it.each(kinks)('$op at $x has the slopes $slopes', ({ op, x, constants = [], attrs, slopes }) => {
  const g = new Builder();
  const xs = x.map((values) => new Value('float32', [values.length]));
  const y = g.apply(op, [...xs, ...constants], attrs);
  const ones = g.expand(g.scalar(1), y.shape);
  const gradients = backward(g, gradient, { y, seed: ones, xs });
  const feeds = new Map(xs.map((v, i) => [v, ref('float32', v.shape as number[], x[i])]));
  evaluate(gradients, feeds).forEach((t, i) => {
    t.data.forEach((slope, j) => expect(slope).toBeCloseTo(slopes[i][j], 12));
  });
});

const multipliers = (op: string, now: readonly number[], then: readonly number[]): number[] => {
  const g = new Builder();
  const [x, xRef] = [now, then].map((values) => new Value('float32', [values.length]));
  const y = g.apply(op, [x, ints([0])]);
  const reference = cloneBetween(new Map([[x, xRef]]), [y]);
  const seed = g.expand(g.scalar(1), y.shape);
  const ms = backward(g, deepliftComplete, { y, seed, xs: [x], reference });
  const feeds = new Map([
    [x, ref('float32', [now.length], now)],
    [xRef, ref('float32', [then.length], then)],
  ]);
  return Array.from(evaluate(ms, feeds)[0].data, (v) => v + 0);
};

it('DeepLIFT of a maximum shares Δy equally among ties, in whichever pass decides', () => {
  expect(multipliers('ReduceMax', [4, 4, 1], [2, 0, 1])).toEqual([0.5, 0.25, 0]);
  expect(multipliers('ReduceMax', [2, 0, 1], [4, 4, 1])).toEqual([0.5, 0.25, 0]);
  expect(multipliers('ReduceMin', [-4, -4, 1], [-2, 0, 3])).toEqual([0.5, 0.25, 0]);
});

it('DeepLIFT of a maximum is its gradient where x = x′', () => {
  expect(multipliers('ReduceMax', [4, 4, 1], [4, 4, 1])).toEqual([0.5, 0.5, 0]);
});
