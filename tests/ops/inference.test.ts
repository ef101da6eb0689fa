/** Shape inference is the proof that examples are not mixed, and the first to tell what is wrong with a file. */
import { describe, expect, it } from 'vitest';
import { BatchError, N, batch, type Shape } from '../../src/lib/graph/dim.ts';
import { Value, type Attributes } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import type { DType } from '../../src/lib/tensor/dtype.ts';
import { floats, ints, intTensor, weight } from './case.ts';

const x = (shape: Shape, dtype: DType = 'float32') => new Value(dtype, shape, { name: 'x' });
const infer = (op: string, inputs: readonly (Value | null)[], attrs?: Attributes, outputs?: readonly string[]) =>
  new Builder().applyAll(op, inputs, attrs, { name: 'stem', outputs });

type Mixing = [what: string, op: string, inputs: readonly (Value | null)[], attrs?: Attributes];

const mixing: readonly Mixing[] = [
  ['a sum over examples', 'ReduceSum', [x([N, 3]), ints([0])]],
  ['a mean over everything', 'ReduceMean', [x([N, 3])]],
  ['the best of all examples', 'ArgMax', [x([N, 3])]],
  ['the top examples', 'TopK', [x([N, 3]), ints([1])], { axis: 0 }],
  ['a running sum over examples', 'CumSum', [x([N, 3]), intTensor([], [0])]],
  ['joining batches', 'Concat', [x([N, 3]), x([N, 3])], { axis: 0 }],
  ['one example out of many', 'Gather', [x([N, 3]), intTensor([], [0])]],
  ['a slice of the batch', 'Slice', [x([N, 3]), ints([0]), ints([1]), ints([0])]],
  ['the batch backwards', 'Slice', [x([N, 3]), ints([-1]), ints([-(2 ** 40)]), ints([0]), ints([-1])]],
  ['a cut batch', 'Split', [x([N, 3]), ints([1, 1])], { axis: 0 }],
  ['a padded batch', 'Pad', [x([N, 3]), ints([1, 0, 0, 0])]],
  ['a repeated batch', 'Tile', [x([N, 3]), ints([2, 1])]],
  ['a batch taken for an axis of length 1', 'Squeeze', [x([N, 3]), ints([0])]],
  ['a batch size baked in', 'Reshape', [x([N, 6]), ints([1, 6])]],
  ['an axis before the batch folded into it', 'Reshape', [x([2, N, 3]), ints([batch(2), 3])]],
  ['an axis before the batch flattened into it', 'Flatten', [x([2, N, 3])], { axis: 2 }],
  ['every example with every other', 'Gather', [x([N, 4]), x([N], 'int64')], { axis: 1 }],
  ['indices for other examples', 'GatherElements', [x([N, 4]), intTensor([2, 2], [0, 1, 2, 3])], { axis: 1 }],
  ['tuples that name an example', 'GatherND', [x([N, 4]), intTensor([1, 2], [0, 1])]],
  ['writing into one example', 'ScatterND', [x([N, 4]), intTensor([1, 1], [0]), weight([1, 4])]],
];

it.each(mixing)('refuses %s', (_what, op, inputs, attrs) => {
  expect(() => infer(op, inputs, attrs, op === 'Split' ? ['a', 'b'] : [''])).toThrow(BatchError);
});

type Wrong = [message: string, op: string, inputs: readonly (Value | null)[], attrs?: Attributes];

const wrong: readonly Wrong[] = [
  ['Add (node "stem"): shapes [3] and [4] do not broadcast (axis 0: 3 against 4).', 'Add', [x([3]), x([4])]],
  ['Mul (node "stem"): inputs are float32 and int64. Insert a Cast.', 'Mul', [x([3]), x([3], 'int64')]],
  ['Where (node "stem"): the condition is float32, not bool. Insert a Cast.', 'Where', [x([3]), x([3]), x([3])]],
  [
    'PRelu (node "stem"): slope [2,1,3,1,1] does not broadcast to [N,3,2,2].',
    'PRelu',
    [x([N, 3, 2, 2]), weight([2, 1, 3, 1, 1])],
  ],
  [
    'Concat (node "stem"): [N,3,4] and [N,3,5] do not join along axis 1.',
    'Concat',
    [x([N, 3, 4]), x([N, 3, 5])],
    { axis: 1 },
  ],
  ['ReduceSum (node "stem"): axis 3 is out of range for rank 2.', 'ReduceSum', [x([N, 3]), ints([3])]],
  [
    'Transpose (node "stem"): perm [0,0,1] does not order the 3 axes of [N,3,4].',
    'Transpose',
    [x([N, 3, 4])],
    { perm: [0, 0, 1] },
  ],
  ['Pad (node "stem"): 2 pads for 2 axes of [N,3]; each needs two.', 'Pad', [x([N, 3]), ints([1, 1])]],
  [
    'Pad (node "stem"): unknown mode "mirror". Known: constant, edge, reflect, wrap.',
    'Pad',
    [x([N, 3]), ints([0, 1, 0, 1])],
    { mode: 'mirror' },
  ],
  [
    'Split (node "stem"): parts of 2,2 do not make up axis 1 of [N,5] in 1 outputs.',
    'Split',
    [x([N, 5]), ints([2, 2])],
    { axis: 1 },
  ],
  ['Slice (node "stem"): step 0 along axis 1.', 'Slice', [x([N, 5]), ints([0]), ints([3]), ints([1]), ints([0])]],
  [
    'DepthToSpace (node "stem"): 6 channels do not hold blocks of 2×2.',
    'DepthToSpace',
    [x([N, 6, 2, 2])],
    { blocksize: 2 },
  ],
  [
    'SpaceToDepth (node "stem"): 3×4 pixels do not divide into blocks of 2×2.',
    'SpaceToDepth',
    [x([N, 1, 3, 4])],
    { blocksize: 2 },
  ],
  ['Squeeze (node "stem"): axis 1 of [N,3] has length 3, not 1.', 'Squeeze', [x([N, 3]), ints([1])]],
  ['Tile (node "stem"): 1 repeats for [N,3].', 'Tile', [x([N, 3]), ints([2])]],
  ['TopK (node "stem"): k is 9, axis 1 of [N,3] has 3.', 'TopK', [x([N, 3]), ints([9])]],
  ['ScatterND (node "stem"): updates are [2], not [1,4].', 'ScatterND', [x([3, 4]), intTensor([1, 1], [0]), x([2])]],
  [
    'Dropout (node "stem"): training mode is on. Export the model in evaluation mode.',
    'Dropout',
    [x([3]), floats([], [0.5]), new Value('bool', [])],
  ],
];

it.each(wrong)('says: %s', (message, op, inputs, attrs) => {
  expect(() => infer(op, inputs, attrs)).toThrow(message);
});

describe('parameters that only running would tell', () => {
  it('are refused with the way out', () => {
    expect(() => infer('Reshape', [x([N, 6]), x([2], 'int64')])).toThrow(
      'Reshape (node "stem"): the target shape must be constant, got a value computed while the model runs.',
    );
    expect(() => infer('Slice', [x([N, 6]), x([1], 'int64'), ints([3])])).toThrow('starts must be constant');
  });
});
