/** @file Convolutions and poolings by TensorFlow.js, which knows channels-last images, and no strides beside dilations. */
import type * as tfjs from '@tensorflow/tfjs-core';
import type { TensorFlow, TfTensor } from './tensorflow.ts';
import { extent, type Windows } from './windows.ts';

type Padding2D = [[number, number], [number, number], [number, number], [number, number]];

const explicit = (begins: readonly number[], ends: readonly number[]): Padding2D => [
  [0, 0],
  [begins[0], ends[0]],
  [begins[1], ends[1]],
  [0, 0],
];

/** The axes after `first`, brought to its place and back. */
const channelsLast = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
const channelsFirst = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];

/** Weights [M, C, …] as TensorFlow.js has them: […, C, M]. */
const kernelLast = (rank: number): number[] => [...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1, 0];

/** The windows with a first axis of length one: a line is an image of one row. */
const asImage = (w: Windows): Windows => ({
  kernel: [1, ...w.kernel],
  strides: [1, ...w.strides],
  dilations: [1, ...w.dilations],
  begins: [0, ...w.begins],
  ends: [0, ...w.ends],
  output: [1, ...w.output],
});

/** The same convolution with zeros between the weights in place of dilations. Kernel axes lead: [k…, C, M]. */
function withoutDilations(tf: TensorFlow, w: TfTensor, windows: Windows): { w: TfTensor; windows: Windows } {
  const { kernel, dilations } = windows;
  if (dilations.every((d) => d === 1)) return { w, windows };
  const spread = kernel.reduce((value, k, axis) => spreadAxis(tf, value, axis, k, dilations[axis]), w);
  return {
    w: spread,
    windows: { ...windows, kernel: kernel.map((k, i) => extent(k, dilations[i])), dilations: kernel.map(() => 1) },
  };
}

function spreadAxis(tf: TensorFlow, w: TfTensor, axis: number, length: number, d: number): TfTensor {
  if (d === 1 || length === 1) return w;
  const apart = tf.expandDims(w, axis + 1);
  const padded = tf.pad(
    apart,
    apart.shape.map((_, i) => [0, i === axis + 1 ? d - 1 : 0] as [number, number]),
  );
  const joined = tf.reshape(padded, w.shape.with(axis, length * d));
  return tf.slice(
    joined,
    w.shape.map(() => 0),
    w.shape.with(axis, (length - 1) * d + 1),
  );
}

/** Conv on x [N, …, C] with weights […, C/group, M]. */
export function convolveLast(
  tf: TensorFlow,
  x: TfTensor,
  w: TfTensor,
  bias: TfTensor | undefined,
  windows: Windows,
  group: number,
): TfTensor {
  const dense = windows.strides.some((s) => s > 1) || x.rank === 5 ? withoutDilations(tf, w, windows) : { w, windows };
  const y = group === 1 ? convolveDense(tf, x, dense.w, dense.windows) : convolveGroups(tf, x, dense, group);
  return bias ? tf.add(y, bias) : y;
}

function convolveDense(tf: TensorFlow, x: TfTensor, w: TfTensor, windows: Windows): TfTensor {
  const { strides, dilations, begins, ends } = windows;
  if (x.rank === 5) {
    const padded = padVolume(tf, x, begins, ends);
    return tf.conv3d(padded as tfjs.Tensor5D, w as tfjs.Tensor5D, strides as [number, number, number], 'valid');
  }
  return tf.conv2d(
    x as tfjs.Tensor4D,
    w as tfjs.Tensor4D,
    strides as [number, number],
    explicit(begins, ends),
    'NHWC',
    dilations as [number, number],
  );
}

function padVolume(tf: TensorFlow, x: TfTensor, begins: readonly number[], ends: readonly number[]): TfTensor {
  if ([...begins, ...ends].every((p) => p === 0)) return x;
  return tf.pad(x, [[0, 0], ...begins.map((b, i) => [b, ends[i]] as [number, number]), [0, 0]]);
}

/** One filter a channel has a kernel of its own; other groups are convolved one by one. */
function convolveGroups(
  tf: TensorFlow,
  x: TfTensor,
  { w, windows }: { w: TfTensor; windows: Windows },
  group: number,
): TfTensor {
  const outChannels = w.shape[w.rank - 1];
  if (x.rank === 4 && x.shape[3] === group) {
    const [height, width] = w.shape;
    const filter = tf.reshape(w, [height, width, group, outChannels / group]);
    const { strides, dilations, begins, ends } = windows;
    return tf.depthwiseConv2d(
      x as tfjs.Tensor4D,
      filter as tfjs.Tensor4D,
      strides as [number, number],
      explicit(begins, ends),
      'NHWC',
      dilations as [number, number],
    );
  }
  const [xs, ws] = [tf.split(x, group, x.rank - 1), tf.split(w, group, w.rank - 1)];
  return tf.concat(
    xs.map((part, i) => convolveDense(tf, part, ws[i], windows)),
    x.rank - 1,
  );
}

/** Conv on x [N, C, …] with weights [M, C/group, …]. */
export function runConvolution(
  tf: TensorFlow,
  x: TfTensor,
  w: TfTensor,
  bias: TfTensor | undefined,
  windows: Windows,
  group: number,
): TfTensor {
  if (x.rank === 3) {
    const y = runConvolution(tf, tf.expandDims(x, 2), tf.expandDims(w, 2), bias, asImage(windows), group);
    return tf.squeeze(y, [2]);
  }
  const last = tf.transpose(x, channelsLast(x.rank));
  const y = convolveLast(tf, last, tf.transpose(w, kernelLast(w.rank)), bias, windows, group);
  return tf.transpose(y, channelsFirst(x.rank));
}

/** ConvTranspose on x [N, H, W, C] with weights [kh, kw, M/group, C], giving [N, …output, M]. */
export function transposeConvolveLast(
  tf: TensorFlow,
  x: TfTensor,
  w: TfTensor,
  bias: TfTensor | undefined,
  windows: Windows,
  group: number,
): TfTensor {
  const dense = withoutDilations(tf, w, windows);
  const channels = w.shape[2] as number;
  const { strides, begins, ends, output } = dense.windows;
  const pads = explicit(
    begins,
    ends.map((end) => Math.max(end, 0)),
  );
  const parts = group === 1 ? [x] : tf.split(x, group, 3);
  const weights = group === 1 ? [dense.w] : tf.split(dense.w, group, 3);
  const results = parts.map((part, i) =>
    tf.conv2dTranspose(
      part as tfjs.Tensor4D,
      weights[i] as tfjs.Tensor4D,
      [x.shape[0], output[0], output[1], channels],
      strides as [number, number],
      pads,
    ),
  );
  const y = results.length === 1 ? results[0] : tf.concat(results, 3);
  return bias ? tf.add(y, bias) : y;
}

/** ConvTranspose on x [N, C, …] with weights [C, M/group, …], in one or two dimensions. */
export function runTransposedConvolution(
  tf: TensorFlow,
  x: TfTensor,
  w: TfTensor,
  bias: TfTensor | undefined,
  windows: Windows,
  group: number,
): TfTensor {
  if (x.rank === 3) {
    const y = runTransposedConvolution(tf, tf.expandDims(x, 2), tf.expandDims(w, 2), bias, asImage(windows), group);
    return tf.squeeze(y, [2]);
  }
  const last = tf.transpose(x, [0, 2, 3, 1]);
  const y = transposeConvolveLast(tf, last, tf.transpose(w, [2, 3, 1, 0]), bias, windows, group);
  return tf.transpose(y, [0, 3, 1, 2]);
}

/** Windows along one axis of an image [before, length, 1, after]. */
interface Line {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly end: number;
  readonly output: number;
}

type AlongAxis = (tf: TensorFlow, x: tfjs.Tensor4D, line: Line, axis: number) => TfTensor;

/**
 * A pooling over boxes as one along each axis in turn, which maxima and means both are. An axis between those before
 * and those after it is an image of one column, so channels may be first and no axis has to move.
 */
export function poolAxes(tf: TensorFlow, x: TfTensor, windows: Windows, along: AlongAxis): TfTensor {
  return windows.kernel.reduce((value, kernel, i) => {
    const line = lineOf(windows, i, value.shape[i + 2]);
    if (kernel === 1 && line.stride === 1 && line.begin + line.end === 0) return value;
    const [before, after] = [value.shape.slice(0, i + 2), value.shape.slice(i + 3)];
    const product = (lengths: number[]) => lengths.reduce((n, d) => n * d, 1);
    const image = tf.reshape(value, [product(before), value.shape[i + 2], 1, product(after)]);
    return tf.reshape(along(tf, image as tfjs.Tensor4D, line, i), [...before, line.output, ...after]);
  }, x);
}

/** With the padding at the end that the last window reaches into, whatever ceil_mode made of it. */
function lineOf({ kernel, strides, dilations, begins, output }: Windows, i: number, length: number): Line {
  const reach = (output[i] - 1) * strides[i] + extent(kernel[i], dilations[i]);
  return {
    kernel: kernel[i],
    stride: strides[i],
    dilation: dilations[i],
    begin: begins[i],
    end: Math.max(0, reach - begins[i] - length),
    output: output[i],
  };
}

/** For windows with gaps: the k-th elements of all windows, for each k. `fill` stands where there is padding. */
function tapsOf(tf: TensorFlow, x: tfjs.Tensor4D, line: Line, fill: number): TfTensor[] {
  const padded = tf.pad(
    x,
    [
      [0, 0],
      [line.begin, line.end],
      [0, 0],
      [0, 0],
    ],
    fill,
  );
  const [n, , , c] = x.shape;
  return Array.from({ length: line.kernel }, (_, k) =>
    tf.stridedSlice(
      padded,
      [0, k * line.dilation, 0, 0],
      [n, k * line.dilation + (line.output - 1) * line.stride + 1, 1, c],
      [1, line.stride, 1, 1],
    ),
  );
}

const paddingOf = (line: Line): Padding2D => explicit([line.begin, 0], [line.end, 0]);

/** The smallest float32: WGSL may assume that no infinity occurs. */
const LOWEST = -3.4028234663852886e38;

export const maxAlong: AlongAxis = (tf, x, line) =>
  line.dilation > 1
    ? tapsOf(tf, x, line, LOWEST).reduce((a, b) => tf.maximum(a, b))
    : tf.maxPool(x, [line.kernel, 1], [line.stride, 1], paddingOf(line));

/** Means over the elements within x, each multiplied by `share` of its window where that is not null. */
export const meanAlong =
  (share: (axis: number) => readonly number[] | null): AlongAxis =>
  (tf, x, line, axis) => {
    const mean =
      line.dilation > 1 ? meanOfTaps(tf, x, line) : tf.avgPool(x, [line.kernel, 1], [line.stride, 1], paddingOf(line));
    const factors = share(axis);
    return factors ? tf.mul(mean, tf.tensor4d([...factors], [1, factors.length, 1, 1])) : mean;
  };

function meanOfTaps(tf: TensorFlow, x: tfjs.Tensor4D, line: Line): TfTensor {
  const sum = (v: tfjs.Tensor4D) => tapsOf(tf, v, line, 0).reduce((a, b) => tf.add(a, b));
  return tf.div(sum(x), sum(tf.ones([1, x.shape[1], 1, 1])));
}
