import { N } from '../../../src/lib/graph/dim.ts';
import { exactly, floats, ints, intTensor, x, type Case, type Cases } from '../case.ts';

interface Bounds {
  low?: number;
  high?: number;
  avoid?: readonly number[];
}

const rows = (bounds: Bounds = {}): readonly Case[] => [
  { title: 'last axis kept', inputs: [x([N, 2, 3], bounds), ints([-1])] },
  { title: 'two axes dropped', inputs: [x([N, 2, 2, 3], bounds), ints([1, 3])], attrs: { keepdims: 0 } },
  { title: 'before the batch axis', inputs: [x([3, N, 2], bounds), ints([0])], attrs: { keepdims: 0 } },
  { title: 'all axes', inputs: [x([2, 3], bounds)] },
  { title: 'all axes, dropped', inputs: [x([2, 3], bounds)], attrs: { keepdims: 0 } },
];

const extreme: readonly Case[] = [
  ...rows(),
  { title: 'no axes and noop_with_empty_axes', inputs: [x([N, 3]), ints([])], attrs: { noop_with_empty_axes: 1 } },
];

const product: readonly Case[] = [
  ...rows(),
  { title: 'seven factors', inputs: [x([N, 7]), ints([1])] },
  { title: 'no axes and noop_with_empty_axes', inputs: [x([N, 3]), ints([])], attrs: { noop_with_empty_axes: 1 } },
  { title: 'with zeros', inputs: [exactly([3, 3], [0, 2, 3, 0, 0, 4, 5, 6, 7]), ints([1])] },
];

const arg: readonly Case[] = [
  { title: 'last axis', inputs: [x([N, 4])], attrs: { axis: -1 } },
  { title: 'dropped', inputs: [x([2, 3, N])], attrs: { axis: 1, keepdims: 0 } },
  { title: 'ties, first', inputs: [exactly([2, 3], [1, 1, 1, 2, 3, 3])], attrs: { axis: 1 } },
  { title: 'ties, last', inputs: [exactly([2, 3], [1, 1, 1, 2, 3, 3])], attrs: { axis: 1, select_last_index: 1 } },
];

export const reduction: Cases = {
  ReduceSum: extreme,
  ReduceMean: rows(),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceL1: rows({ avoid: [0] }),
  ReduceL2: rows(),
  ReduceLogSum: rows({ low: 0.2, high: 3 }),
  ReduceLogSumExp: rows(),
  ReduceSumSquare: rows(),
  ArgMax: arg,
  ArgMin: arg,
  CumSum: [
    { title: 'plain', inputs: [x([N, 4]), intTensor([], [1])] },
    { title: 'exclusive', inputs: [x([N, 4]), intTensor([], [-1])], attrs: { exclusive: 1 } },
    { title: 'reverse', inputs: [x([3, N]), intTensor([], [0])], attrs: { reverse: 1 } },
    { title: 'exclusive and reverse', inputs: [x([N, 4]), intTensor([], [1])], attrs: { exclusive: 1, reverse: 1 } },
  ],
  TopK: [
    { title: 'largest', inputs: [x([N, 5]), ints([3])], outputs: 2, additive: false },
    {
      title: 'smallest, first axis',
      inputs: [x([4, N]), ints([2])],
      attrs: { axis: 0, largest: 0 },
      outputs: 2,
      additive: false,
    },
    { title: 'of a constant', inputs: [floats([3], [3, 1, 2]), ints([2])], outputs: 2 },
  ],
};
