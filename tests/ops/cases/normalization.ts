import { N } from '../../../src/lib/graph/dim.ts';
import { weight, x, type Cases } from '../case.ts';

const positive = { low: 0.5, high: 2 };
const kink = { avoid: [0] };

export const normalization: Cases = {
  BatchNormalization: [
    { title: '2-D', inputs: [x([N, 3, 2, 2]), weight([3]), weight([3]), weight([3]), weight([3], positive)] },
    {
      title: 'features',
      inputs: [x([N, 3]), weight([3]), weight([3]), weight([3]), weight([3], positive)],
      attrs: { epsilon: 0.01 },
    },
  ],
  InstanceNormalization: [
    { title: '2-D', inputs: [x([N, 2, 3, 2]), weight([2]), weight([2])] },
    { title: '1-D', inputs: [x([N, 2, 4]), weight([2]), weight([2])], attrs: { epsilon: 0.1 } },
  ],
  GroupNormalization: [
    { title: 'two groups', inputs: [x([N, 4, 2, 2]), weight([4]), weight([4])], attrs: { num_groups: 2 } },
    { title: 'one group', inputs: [x([N, 2, 3]), weight([2]), weight([2])], attrs: { num_groups: 1, epsilon: 0.1 } },
    { title: 'without spatial axes', inputs: [x([N, 4]), weight([4]), weight([4])], attrs: { num_groups: 2 } },
  ],
  LayerNormalization: [
    { title: 'last axis', inputs: [x([N, 2, 4]), weight([4]), weight([4])] },
    {
      title: 'from the second axis',
      inputs: [x([N, 2, 3]), weight([2, 3]), weight([3])],
      attrs: { axis: 1, epsilon: 0.01 },
    },
    { title: 'without bias', inputs: [x([N, 2, 4]), weight([4])] },
    { title: 'statistics', inputs: [x([N, 2, 4]), weight([4]), weight([4])], outputs: 3 },
  ],
  RMSNormalization: [
    { title: 'last axis', inputs: [x([N, 2, 4]), weight([4])] },
    { title: 'from the second axis', inputs: [x([N, 2, 3]), weight([2, 3])], attrs: { axis: 1, epsilon: 0.01 } },
  ],
  LpNormalization: [
    { title: 'L2', inputs: [x([N, 4])] },
    { title: 'L2, middle axis', inputs: [x([N, 3, 2])], attrs: { axis: 1 } },
    { title: 'L1', inputs: [x([N, 4], kink)], attrs: { p: 1 } },
    { title: 'L1, first of two', inputs: [x([N, 3, 2], kink)], attrs: { p: 1, axis: -2 } },
  ],
  MeanVarianceNormalization: [
    { title: 'over each example', inputs: [x([N, 2, 2, 2])], attrs: { axes: [1, 2, 3] } },
    { title: 'over each map', inputs: [x([N, 2, 3])], attrs: { axes: [-1] } },
    { title: 'over the batch by default', inputs: [x([2, 2, 2, 2])] },
  ],
  LRN: [
    { title: 'three channels', inputs: [x([N, 4, 2, 1])], attrs: { size: 3, alpha: 0.5 } },
    { title: 'five channels', inputs: [x([N, 6, 1, 2])], attrs: { size: 5, alpha: 0.75, beta: 0.5, bias: 2 } },
    { title: 'more than there are', inputs: [x([N, 2, 2, 2])], attrs: { size: 5, alpha: 1 } },
  ],
};
