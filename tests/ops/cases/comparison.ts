import { N } from '../../../src/lib/graph/dim.ts';
import { bools, boolTensor, exactly, floats, integers, weight, x, type Case, type Cases } from '../case.ts';

const relations: readonly Case[] = [
  { title: 'floats', inputs: [x([N, 3]), x([3])] },
  { title: 'whole numbers with ties', inputs: [integers([N, 6], -1, 1), integers([1], -1, 1)] },
];
const logic: readonly Case[] = [{ inputs: [bools([N, 6]), bools([6])] }];

export const comparison: Cases = {
  Equal: relations,
  Greater: relations,
  GreaterOrEqual: relations,
  Less: relations,
  LessOrEqual: relations,
  And: logic,
  Or: logic,
  Xor: logic,
  Not: [{ inputs: [bools([N, 4])] }],
  IsNaN: [{ inputs: [exactly([3], [1, NaN, Infinity])] }],
  IsInf: [
    { inputs: [exactly([4], [1, NaN, Infinity, -Infinity])] },
    { title: 'positive only', inputs: [exactly([4], [1, NaN, Infinity, -Infinity])], attrs: { detect_negative: 0 } },
  ],
  Where: [
    { title: 'constant condition', inputs: [boolTensor([3], [1, 0, 1]), x([N, 3]), x([N, 1])] },
    { title: 'condition from the image', inputs: [bools([N, 3]), x([N, 3]), weight([3])] },
    { title: 'masked by a constant', inputs: [bools([N, 2, 2]), floats([], [0]), x([N, 2, 2])] },
  ],
};
