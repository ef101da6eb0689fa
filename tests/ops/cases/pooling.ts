import { N } from '../../../src/lib/graph/dim.ts';
import { exactly, weight, x, type Cases } from '../case.ts';

const windows2x2 = { kernel_shape: [2, 2], strides: [2, 2] };

export const pooling: Cases = {
  MaxPool: [
    { title: 'apart', inputs: [x([N, 2, 4, 4])], attrs: windows2x2 },
    { title: 'overlapping', inputs: [x([N, 2, 5, 4])], attrs: { kernel_shape: [3, 2] } },
    {
      title: 'overlapping, stride 2, padded',
      inputs: [x([N, 1, 6, 5])],
      attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    { title: 'ceil_mode', inputs: [x([N, 1, 5, 6])], attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
    {
      title: 'ceil_mode, no window starts in the padding',
      inputs: [x([N, 1, 4, 4])],
      attrs: { kernel_shape: [2, 2], strides: [3, 3], pads: [0, 0, 1, 1], ceil_mode: 1 },
    },
    {
      title: 'dilated',
      inputs: [x([N, 1, 6, 6])],
      attrs: { kernel_shape: [2, 3], dilations: [3, 2], pads: [1, 0, 0, 2] },
    },
    { title: 'rows no window reaches', inputs: [x([N, 1, 5, 7])], attrs: { kernel_shape: [2, 2], strides: [2, 3] } },
    {
      title: 'SAME_UPPER',
      inputs: [x([N, 1, 5, 4])],
      attrs: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_UPPER', ceil_mode: 1 },
    },
    {
      title: 'SAME_LOWER',
      inputs: [x([N, 1, 5, 4])],
      attrs: { kernel_shape: [2, 3], strides: [2, 1], auto_pad: 'SAME_LOWER' },
    },
    { title: '1-D', inputs: [x([N, 2, 6])], attrs: { kernel_shape: [3], strides: [2] } },
    { title: '3-D', inputs: [x([N, 1, 3, 4, 2])], attrs: { kernel_shape: [2, 2, 2] } },
    { title: 'indices that nobody reads', inputs: [x([N, 2, 4, 4])], attrs: windows2x2, outputs: 2 },
  ],
  MaxPoolGrad: [
    { title: 'apart', domain: 'vitrine', inputs: [weight([2, 1, 4, 4]), weight([2, 1, 2, 2])], attrs: windows2x2 },
    {
      title: 'overlapping, padded',
      domain: 'vitrine',
      inputs: [weight([2, 1, 4, 4]), weight([2, 1, 4, 4])],
      attrs: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
    },
  ],
  AveragePool: [
    { title: 'apart', inputs: [x([N, 2, 4, 4])], attrs: windows2x2 },
    {
      title: 'apart, rows no window reaches',
      inputs: [x([N, 2, 5, 7])],
      attrs: { kernel_shape: [2, 3], strides: [2, 3] },
    },
    { title: 'apart, padded', inputs: [x([N, 1, 5, 4])], attrs: { ...windows2x2, pads: [1, 0, 0, 1] } },
    { title: 'apart, ceil_mode', inputs: [x([N, 1, 5, 4])], attrs: { ...windows2x2, ceil_mode: 1 } },
    {
      title: 'apart, ceil_mode, pads counted',
      inputs: [x([N, 1, 4, 4])],
      attrs: { ...windows2x2, ceil_mode: 1, count_include_pad: 1, pads: [1, 1, 1, 0] },
    },
    { title: 'stride 1', inputs: [x([N, 1, 4, 5])], attrs: { kernel_shape: [3, 2] } },
    { title: 'stride 1, padded', inputs: [x([N, 1, 4, 5])], attrs: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } },
    {
      title: 'stride 1, pads counted',
      inputs: [x([N, 2, 4, 5])],
      attrs: { kernel_shape: [3, 3], pads: [1, 0, 2, 1], count_include_pad: 1 },
    },
    {
      title: 'stride 1, dilated',
      inputs: [x([N, 1, 6, 5])],
      attrs: { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 1, 0] },
    },
    {
      title: 'overlapping, stride 2',
      inputs: [x([N, 2, 5, 6])],
      attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    {
      title: 'overlapping, ceil_mode, pads counted',
      inputs: [x([N, 1, 6, 5])],
      attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 1, 0, 1], count_include_pad: 1 },
    },
    {
      title: 'overlapping, ceil_mode',
      inputs: [x([N, 1, 6, 4])],
      attrs: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
    },
    { title: 'windows that leave gaps', inputs: [x([N, 1, 6, 7])], attrs: { kernel_shape: [2, 2], strides: [3, 4] } },
    {
      title: 'SAME_UPPER',
      inputs: [x([N, 1, 5, 4])],
      attrs: { kernel_shape: [3, 2], strides: [2, 1], auto_pad: 'SAME_UPPER' },
    },
    {
      title: 'SAME_LOWER, pads counted',
      inputs: [x([N, 1, 5, 4])],
      attrs: { kernel_shape: [2, 2], auto_pad: 'SAME_LOWER', count_include_pad: 1 },
    },
    { title: '1-D', inputs: [x([N, 2, 5])], attrs: { kernel_shape: [2], strides: [1] } },
    { title: '3-D', inputs: [x([N, 1, 2, 3, 4])], attrs: { kernel_shape: [2, 2, 2], strides: [2, 2, 2] } },
  ],
  GlobalAveragePool: [
    { title: '2-D', inputs: [x([N, 2, 3, 4])] },
    { title: '1-D', inputs: [x([N, 2, 5])] },
    { title: '3-D', inputs: [x([N, 2, 2, 1, 3])] },
  ],
  GlobalMaxPool: [
    { title: '2-D', inputs: [x([N, 2, 3, 4])] },
    { title: '1-D', inputs: [x([N, 2, 5])] },
    { title: 'one element', inputs: [exactly([2, 1, 1, 1], [0.5, -1])] },
  ],
};
