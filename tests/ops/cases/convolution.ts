import { N } from '../../../src/lib/graph/dim.ts';
import { weight, x, type Cases } from '../case.ts';

export const convolution: Cases = {
  Conv: [
    { title: '2-D', inputs: [x([N, 2, 5, 4]), weight([3, 2, 3, 3]), weight([3])] },
    {
      title: '2-D, padded',
      inputs: [x([N, 2, 4, 4]), weight([3, 2, 3, 3])],
      attrs: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
    },
    { title: 'pointwise', inputs: [x([N, 3, 2, 2]), weight([2, 3, 1, 1]), weight([2])] },
    { title: 'asymmetric pads', inputs: [x([N, 1, 4, 3]), weight([2, 1, 3, 2])], attrs: { pads: [2, 0, 1, 1] } },
    {
      title: 'padded beyond the kernel',
      inputs: [x([N, 1, 3, 3]), weight([1, 1, 2, 2])],
      attrs: { pads: [3, 0, 2, 4] },
    },
    {
      title: 'dilated',
      inputs: [x([N, 1, 7, 6]), weight([2, 1, 3, 2])],
      attrs: { dilations: [2, 3], pads: [1, 2, 3, 0] },
    },
    {
      title: 'stride 2',
      inputs: [x([N, 2, 5, 5]), weight([3, 2, 3, 3])],
      attrs: { strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    {
      title: 'stride 2, a row no window reaches',
      inputs: [x([N, 2, 6, 4]), weight([2, 2, 3, 3]), weight([2])],
      attrs: { strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    { title: 'pointwise, stride 2', inputs: [x([N, 2, 4, 5]), weight([3, 2, 1, 1])], attrs: { strides: [2, 2] } },
    { title: 'stride beyond the kernel', inputs: [x([N, 1, 7, 8]), weight([2, 1, 2, 2])], attrs: { strides: [3, 4] } },
    { title: 'patches', inputs: [x([N, 2, 4, 4]), weight([3, 2, 2, 2]), weight([3])], attrs: { strides: [2, 2] } },
    {
      title: 'strides that differ',
      inputs: [x([N, 1, 4, 5]), weight([1, 1, 2, 3])],
      attrs: { strides: [1, 2], pads: [1, 1, 0, 1] },
    },
    {
      title: 'stride 2, dilated',
      inputs: [x([N, 1, 8, 8]), weight([2, 1, 3, 3])],
      attrs: { strides: [2, 3], dilations: [2, 2], pads: [2, 1, 1, 2] },
    },
    { title: 'groups', inputs: [x([N, 4, 4, 3]), weight([6, 2, 3, 2])], attrs: { group: 2, pads: [1, 0, 1, 1] } },
    {
      title: 'groups, stride 2',
      inputs: [x([N, 4, 4, 4]), weight([6, 2, 3, 3])],
      attrs: { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    {
      title: 'depthwise',
      inputs: [x([N, 3, 4, 4]), weight([3, 1, 3, 3]), weight([3])],
      attrs: { group: 3, pads: [1, 1, 1, 1] },
    },
    { title: 'depthwise, multiplied', inputs: [x([N, 2, 3, 3]), weight([4, 1, 2, 2])], attrs: { group: 2 } },
    {
      title: 'depthwise, stride 2',
      inputs: [x([N, 2, 5, 4]), weight([2, 1, 3, 3])],
      attrs: { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] },
    },
    { title: 'SAME_UPPER', inputs: [x([N, 1, 5, 4]), weight([1, 1, 2, 3])], attrs: { auto_pad: 'SAME_UPPER' } },
    {
      title: 'SAME_UPPER, stride 2',
      inputs: [x([N, 1, 6, 5]), weight([2, 1, 3, 3])],
      attrs: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    },
    { title: 'SAME_LOWER', inputs: [x([N, 1, 5, 4]), weight([1, 1, 2, 4])], attrs: { auto_pad: 'SAME_LOWER' } },
    {
      title: 'SAME_LOWER, stride 3',
      inputs: [x([N, 1, 7, 5]), weight([1, 1, 2, 4])],
      attrs: { auto_pad: 'SAME_LOWER', strides: [3, 2] },
    },
    { title: 'VALID', inputs: [x([N, 1, 5, 5]), weight([1, 1, 2, 2])], attrs: { auto_pad: 'VALID', strides: [2, 2] } },
    { title: '1-D', inputs: [x([N, 2, 7]), weight([3, 2, 3]), weight([3])], attrs: { pads: [2, 1], dilations: [2] } },
    { title: '1-D, stride 2', inputs: [x([N, 2, 8]), weight([3, 2, 3])], attrs: { strides: [2], pads: [1, 0] } },
    { title: '3-D', inputs: [x([N, 2, 3, 3, 2]), weight([2, 2, 2, 3, 1])], attrs: { pads: [1, 1, 0, 0, 1, 0] } },
    { title: '3-D, stride 2', inputs: [x([N, 1, 4, 3, 4]), weight([2, 1, 2, 2, 2])], attrs: { strides: [2, 1, 2] } },
  ],
  ConvTranspose: [
    { title: '2-D', inputs: [x([N, 2, 3, 3]), weight([2, 3, 3, 2]), weight([3])] },
    {
      title: 'stride 2',
      inputs: [x([N, 2, 3, 2]), weight([2, 2, 3, 3])],
      attrs: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    },
    {
      title: 'upsampling by its stride',
      inputs: [x([N, 2, 2, 3]), weight([2, 1, 2, 2]), weight([1])],
      attrs: { strides: [2, 2], kernel_shape: [2, 2] },
    },
    {
      title: 'groups, dilated',
      inputs: [x([N, 4, 2, 3]), weight([4, 3, 2, 2])],
      attrs: { group: 2, dilations: [2, 3], strides: [1, 2] },
    },
    {
      title: 'depthwise',
      inputs: [x([N, 2, 3, 3]), weight([2, 1, 3, 3])],
      attrs: { group: 2, strides: [2, 2], pads: [0, 1, 1, 0] },
    },
    {
      title: 'output_shape beyond the full output',
      inputs: [x([N, 1, 3, 2]), weight([1, 2, 3, 2]), weight([2])],
      attrs: { strides: [3, 2], output_shape: [10, 4] },
    },
    {
      title: 'output_shape',
      inputs: [x([N, 1, 3, 3]), weight([1, 2, 3, 3])],
      attrs: { strides: [3, 2], output_shape: [8, 6] },
    },
    {
      title: 'SAME_UPPER',
      inputs: [x([N, 1, 3, 3]), weight([1, 2, 3, 4])],
      attrs: { strides: [2, 2], auto_pad: 'SAME_UPPER' },
    },
    {
      title: 'SAME_LOWER',
      inputs: [x([N, 1, 3, 3]), weight([1, 2, 3, 4])],
      attrs: { strides: [2, 2], auto_pad: 'SAME_LOWER' },
    },
    { title: '1-D', inputs: [x([N, 2, 4]), weight([2, 2, 3])], attrs: { strides: [2], pads: [1, 0] } },
    { title: '3-D', inputs: [x([N, 1, 2, 2, 2]), weight([1, 2, 2, 1, 2])], attrs: { strides: [2, 1, 1] } },
  ],
};
