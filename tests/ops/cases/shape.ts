import { N, batch } from '../../../src/lib/graph/dim.ts';
import { int64 } from '../../../src/lib/tensor/tensor.ts';
import { exactly, floats, ints, integers, intTensor, weight, x, type Case, type Cases } from '../case.ts';

const pads = (mode: string): readonly Case[] => [
  { title: `${mode}, both sides`, inputs: [x([N, 2, 4, 3]), ints([0, 0, 1, 2, 0, 0, 3, 1])], attrs: { mode } },
  { title: `${mode}, one named axis`, inputs: [x([N, 4, 2]), ints([2, 1]), null, ints([-2])], attrs: { mode } },
  { title: `${mode}, cropping one side`, inputs: [x([N, 5]), ints([0, -1, 0, 2])], attrs: { mode } },
];

const split: readonly Case[] = [
  { title: 'equal parts', inputs: [x([N, 6]), null], attrs: { axis: 1, num_outputs: 3 }, outputs: 3 },
  { title: 'a shorter last part', inputs: [x([7, N]), null], attrs: { num_outputs: 3 }, outputs: 3 },
  { title: 'given parts', inputs: [x([N, 6, 2]), ints([1, 5])], attrs: { axis: -2 }, outputs: 2 },
];

const slice = (title: string, shape: Parameters<typeof x>[0], ...bounds: readonly (readonly number[])[]): Case => ({
  title,
  inputs: [x(shape), ...bounds.map((b) => ints(b))],
});

export const shape: Cases = {
  Identity: [{ inputs: [x([N, 3])] }],
  Dropout: [
    { title: 'one output', inputs: [x([N, 3])] },
    { title: 'with a mask', inputs: [x([N, 3]), floats([], [0.5])], outputs: 2 },
  ],
  Reshape: [
    { title: 'the batch axis named', inputs: [x([N, 2, 3]), ints([N, 6])] },
    { title: '0 and −1', inputs: [x([N, 2, 3, 2]), ints([0, -1, 2])] },
    { title: 'heads into the batch axis', inputs: [x([3, N, 4]), ints([3, batch(2), 2])] },
    { title: 'windows out of the batch axis', inputs: [x([batch(4), 3, 2]), ints([-1, 4, 3, 2])] },
    { title: 'no batch axis, allowzero', inputs: [x([2, 3]), ints([3, 2])], attrs: { allowzero: 1 } },
  ],
  Flatten: [
    { title: 'axis 1', inputs: [x([N, 2, 3])] },
    { title: 'axis 0', inputs: [x([N, 2, 3])], attrs: { axis: 0 } },
    { title: 'axis −1', inputs: [x([N, 2, 3])], attrs: { axis: -1 } },
  ],
  Squeeze: [
    { title: 'named axes', inputs: [x([N, 3, 1, 1]), ints([2, -1])] },
    { title: 'all axes of length 1', inputs: [x([1, N, 1, 3])] },
  ],
  Unsqueeze: [
    { title: 'both ends', inputs: [x([N, 3]), ints([0, -1])] },
    { title: 'between', inputs: [x([N, 3]), ints([1])] },
  ],
  Transpose: [
    { title: 'reversed', inputs: [x([N, 2, 3])] },
    { title: 'channels last', inputs: [x([N, 2, 3, 4])], attrs: { perm: [0, 2, 3, 1] } },
    { title: 'a cycle', inputs: [x([2, 3, N])], attrs: { perm: [2, 0, 1] } },
  ],
  Expand: [
    { title: 'a class token', inputs: [weight([1, 1, 3]), ints([N, 1, 3])] },
    { title: 'a new axis', inputs: [x([N, 3]), ints([2, N, 3])] },
    { title: 'inner axes', inputs: [x([N, 2, 1, 1]), ints([1, 2, 3])] },
  ],
  Concat: [
    { title: 'channels', inputs: [x([N, 2, 2]), x([N, 1, 2]), x([N, 3, 2])], attrs: { axis: 1 } },
    { title: 'with a constant', inputs: [weight([2, 3]), x([2, 2])], attrs: { axis: -1 } },
  ],
  Split: split,
  Slice: [
    slice('one position', [N, 5, 2], [0], [1], [1]),
    slice('from the end', [N, 5], [-3], [-1], [1]),
    slice('two axes', [N, 2, 4, 5], [1, 2], [2 ** 31, 4], [2, 3]),
    slice('every second', [N, 7], [1], [7], [1], [2]),
    slice('backwards', [N, 5], [-1], [-(2 ** 40)], [1], [-1]),
    slice('backwards by three', [N, 8, 2], [6], [0], [1], [-3]),
    slice('backwards from before the first', [N, 3], [-9], [-20], [1], [-1]),
    slice('nothing', [N, 4], [3], [2], [1]),
    slice('the whole batch', [N, 4], [0, 1], [2 ** 40, 3]),
    { title: 'to the batch size', inputs: [x([N, 4]), ints([0]), ints([N]), ints([0])] },
  ],
  Pad: [
    ...pads('constant'),
    ...pads('edge'),
    ...pads('reflect'),
    ...pads('wrap'),
    { title: 'with ones', inputs: [x([N, 2]), ints([0, 1, 0, 1]), floats([], [1])] },
  ],
  Tile: [
    { title: 'inner axes', inputs: [x([N, 2, 3]), ints([1, 3, 2])] },
    { title: 'once', inputs: [x([N, 2]), ints([1, 1])] },
  ],
  DepthToSpace: [
    { title: 'DCR', inputs: [x([N, 8, 2, 3])], attrs: { blocksize: 2 } },
    { title: 'CRD', inputs: [x([N, 8, 2, 3])], attrs: { blocksize: 2, mode: 'CRD' } },
  ],
  SpaceToDepth: [{ inputs: [x([N, 2, 2, 4])], attrs: { blocksize: 2 } }],
  Cast: [
    { title: 'to whole numbers', inputs: [x([N, 3], { low: -3, high: 3 })], attrs: { to: 7 } },
    { title: 'to bool', inputs: [exactly([3], [0, 0.5, -1])], attrs: { to: 9 } },
    { title: 'from whole numbers', inputs: [integers([N, 3], -3, 3)], attrs: { to: 1 } },
    { title: 'to itself', inputs: [x([N, 3])], attrs: { to: 1 } },
  ],
  CastLike: [{ inputs: [integers([N, 3], -3, 3), floats([], [1])] }],
  Shape: [
    { title: 'whole', inputs: [x([N, 3, 4])] },
    { title: 'a part', inputs: [x([N, 3, 4])], attrs: { start: 1, end: -1 } },
  ],
  Size: [{ inputs: [x([N, 3])] }],
  ConstantOfShape: [
    { title: 'zeros', inputs: [ints([N, 2])] },
    { title: 'a value', inputs: [ints([2])], attrs: { value: int64([1], [7]) } },
  ],
  Range: [
    { title: 'whole numbers', inputs: [intTensor([], [2]), intTensor([], [9]), intTensor([], [3])] },
    { title: 'downwards', inputs: [floats([], [1]), floats([], [-1]), floats([], [-0.5])] },
  ],
  EyeLike: [
    { title: 'main diagonal', inputs: [x([2, 3])] },
    { title: 'another diagonal and type', inputs: [x([3, 3])], attrs: { k: -1, dtype: 7 } },
  ],
  Trilu: [
    { title: 'upper', inputs: [x([N, 3, 4])] },
    { title: 'lower by an offset', inputs: [x([N, 4, 3]), intTensor([], [1])], attrs: { upper: 0 } },
  ],
};
