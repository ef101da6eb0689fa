import { N } from '../../../src/lib/graph/dim.ts';
import { exactly, floats, integers, intTensor, weight, x, type Cases } from '../case.ts';

export const indexing: Cases = {
  Gather: [
    { title: 'one index', inputs: [x([N, 4, 2]), intTensor([], [0])], attrs: { axis: 1 } },
    { title: 'one index from the end', inputs: [x([N, 4, 2]), intTensor([1], [-1])], attrs: { axis: 1 } },
    { title: 'a permutation in two runs', inputs: [x([N, 4]), intTensor([4], [2, 3, 0, 1])], attrs: { axis: -1 } },
    { title: 'every second backwards', inputs: [x([5, N]), intTensor([3], [4, 2, 0])] },
    { title: 'repeated', inputs: [x([N, 3]), intTensor([5], [1, 1, 1, 0, 2])], attrs: { axis: 1 } },
    { title: 'a shuffle', inputs: [x([N, 7, 2]), intTensor([2, 4], [3, 0, 6, 2, 5, 3, 1, -3])], attrs: { axis: 1 } },
    { title: 'indices from elsewhere', inputs: [x([N, 4, 2]), integers([2, 3], -4, 3)], attrs: { axis: 1 } },
    { title: 'an embedding', inputs: [weight([5, 2]), integers([N, 3], 0, 4)] },
  ],
  GatherElements: [
    { title: 'last axis', inputs: [x([N, 4]), integers([N, 6], -4, 3)], attrs: { axis: 1 } },
    { title: 'first axis', inputs: [x([3, 2]), intTensor([2, 2], [2, 0, 1, 2])] },
  ],
  GatherND: [
    { title: 'rows', inputs: [x([3, 2, N]), intTensor([2, 2, 1], [0, 2, 2, 1])] },
    { title: 'elements', inputs: [x([3, 2]), intTensor([3, 2], [0, 1, 2, -1, 0, 1])] },
    { title: 'one row an example', inputs: [weight([2, 3, 2]), integers([2, 1], 0, 2)], attrs: { batch_dims: 1 } },
  ],
  ScatterElements: [
    { title: 'overwriting', inputs: [x([2, 4]), exactIndices([2, 2], [1, 3, 2, 0]), x([2, 2])], attrs: { axis: 1 } },
    { title: 'adding', inputs: [x([3, 2]), intTensor([2, 2], [0, 0, 0, 2]), x([2, 2])], attrs: { reduction: 'add' } },
    {
      title: 'the largest, of constants',
      inputs: [weight([3, 2]), intTensor([1, 2], [0, 2]), floats([1, 2], [0.5, -3])],
      attrs: { reduction: 'max' },
    },
  ],
  ScatterND: [
    { title: 'overwriting', inputs: [x([3, N]), intTensor([2, 1], [2, 0]), x([2, N])] },
    { title: 'adding', inputs: [x([3, 2]), intTensor([3, 1], [2, 0, 2]), x([3, 2])], attrs: { reduction: 'add' } },
    { title: 'elements', inputs: [x([2, 3]), intTensor([2, 2], [0, 1, 1, -1]), x([2])] },
  ],
  OneHot: [
    { title: 'last axis', inputs: [integers([N, 2], -3, 2), intTensor([], [3]), floats([2], [0, 1])] },
    {
      title: 'first axis',
      inputs: [integers([N, 2], 0, 2), intTensor([1], [3]), floats([2], [-1, 2])],
      attrs: { axis: 0 },
    },
  ],
};

function exactIndices(shape: readonly number[], values: readonly number[]) {
  return { ...exactly(shape, values), dtype: 'int64' as const };
}
