import { N } from '../../../src/lib/graph/dim.ts';
import { floats, weight, x, type Cases } from '../case.ts';

const wide = { low: -30, high: 30 };

export const softmax: Cases = {
  Softmax: [
    { title: 'last axis', inputs: [x([N, 4])] },
    { title: 'middle axis', inputs: [x([N, 3, 2])], attrs: { axis: 1 } },
    { title: 'negative axis', inputs: [x([N, 3, 2, 2])], attrs: { axis: -3 } },
    { title: 'saturated', inputs: [x([N, 5], wide)] },
    { title: 'one element', inputs: [x([N, 1])] },
  ],
  LogSoftmax: [
    { title: 'last axis', inputs: [x([N, 4])] },
    { title: 'middle axis', inputs: [x([N, 3, 2])], attrs: { axis: 1 } },
    { title: 'saturated', inputs: [x([N, 5], wide)] },
  ],
  Hardmax: [
    { title: 'last axis', inputs: [weight([2, 4])] },
    { title: 'middle axis', inputs: [weight([2, 3, 2])], attrs: { axis: 1 } },
    { title: 'equal elements', inputs: [floats([1, 3], [1, 2, 2])] },
  ],
};
