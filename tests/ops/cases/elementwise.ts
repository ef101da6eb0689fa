import { N } from '../../../src/lib/graph/dim.ts';
import { weight, x, type Case, type Cases } from '../case.ts';

const broadcasting: readonly Case[] = [
  { title: 'two inputs', inputs: [x([N, 3]), x([N, 3])] },
  { title: 'broadcast', inputs: [x([N, 2, 3]), x([2, 1])] },
  { title: 'constant', inputs: [x([N, 3]), weight([3])] },
];

export const elementwise = {
  Add: broadcasting,
  Sub: broadcasting,
  Mul: broadcasting,
  Div: [
    { title: 'two inputs', inputs: [x([N, 3]), x([N, 3], { low: 0.5, high: 3 })] },
    { title: 'broadcast', inputs: [x([N, 2, 3]), x([2, 1], { low: -3, high: -0.5 })] },
    { title: 'constant divisor', inputs: [x([N, 3]), weight([3], { low: 0.5, high: 2 })] },
    { title: 'constant dividend', inputs: [weight([3]), x([N, 3], { low: 0.5, high: 3 })] },
  ],
  Tanh: [{ inputs: [x([N, 5])] }],
} satisfies Cases;
