/** @file Convolutions and poolings by TensorFlow.js, on channels-last data [N, …, C] in one, two or three dimensions. */
import type * as tfjs from '@tensorflow/tfjs-core';
import { sizeOf, stridesOf } from '../tensor/tensor.ts';
import type { TensorFlow, TfTensor } from './tensorflow.ts';
import { extent, type Windows } from './windows.ts';

type Pair = [number, number];
type Padding2D = [Pair, Pair, Pair, Pair];

const explicit = ({ begins, ends }: Pick<Windows, 'begins' | 'ends'>): Padding2D => [
  [0, 0],
  [begins[0], ends[0]],
  [begins[1], ends[1]],
  [0, 0],
];

/** The windows with a first axis of length one: a line is an image of one row. */
const asImage = (w: Windows): Windows => ({
  kernel: [1, ...w.kernel],
  strides: [1, ...w.strides],
  dilations: [1, ...w.dilations],
  begins: [0, ...w.begins],
  ends: [0, ...w.ends],
  output: [1, ...w.output],
});

/** What follows a convolution in the same kernel, by ONNX's name for it. */
export type FusedActivation = '' | 'Relu' | 'Relu6';

export interface Convolution {
  readonly windows: Windows;
  /** 1, or the number of channels: one filter (or several) a channel. */
  readonly group: number;
  readonly activation: FusedActivation;
}

/** x [N, …, C] with weights […, C / group, M] and a bias [M]. Of strides and dilations one must be 1 along all axes. */
export function convolve(
  tf: TensorFlow,
  x: TfTensor,
  w: TfTensor,
  bias: TfTensor | undefined,
  how: Convolution,
): TfTensor {
  const { windows, group, activation } = how;
  if (x.rank === 3) {
    const image = { ...how, windows: asImage(windows) };
    return tf.squeeze(convolve(tf, tf.expandDims(x, 1), tf.expandDims(w, 0), bias, image), [1]);
  }
  if (x.rank === 5) return convolveVolume(tf, x, w, bias, how);
  const [height, width, , outChannels] = w.shape;
  const call = {
    x: x as tfjs.Tensor4D,
    filter: (group === 1 ? w : tf.reshape(w, [height, width, group, outChannels / group])) as tfjs.Tensor4D,
    strides: windows.strides as Pair,
    pad: explicit(windows),
    dilations: windows.dilations as Pair,
    activation: activation === '' ? ('linear' as const) : (activation.toLowerCase() as 'relu' | 'relu6'),
    ...(bias && { bias }),
  };
  // The depthwise one takes pads in numbers as the other does; its type forgot them.
  return group === 1 ? tf.fused.conv2d(call) : tf.fused.depthwiseConv2d({ ...call, pad: call.pad as never });
}

function convolveVolume(
  tf: TensorFlow,
  x: TfTensor,
  w: TfTensor,
  bias: TfTensor | undefined,
  { windows: { strides, begins, ends }, activation }: Convolution,
): TfTensor {
  const padded = tf.pad(x, [[0, 0], ...begins.map((begin, i): Pair => [begin, ends[i]]), [0, 0]]);
  const y = tf.conv3d(
    padded as tfjs.Tensor5D,
    w as tfjs.Tensor5D,
    strides as unknown as [number, number, number],
    'valid',
  );
  const sum = bias ? tf.add(y, bias) : y;
  return activation === '' ? sum : activation === 'Relu' ? tf.relu(sum) : tf.relu6(sum);
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

/** A pooling by TensorFlow.js, and what makes one value of the k-th elements of windows with gaps. */
interface Pooling {
  readonly pool: (tf: TensorFlow, x: tfjs.Tensor4D, kernel: Pair, strides: Pair, pad: Padding2D) => TfTensor;
  /** Where there is padding. */
  readonly fill: number;
  readonly ofTaps: (tf: TensorFlow, taps: (x: tfjs.Tensor4D) => TfTensor[], x: tfjs.Tensor4D) => TfTensor;
}

const total = (lengths: readonly number[]): number => lengths.reduce((n, d) => n * d, 1);

/** A kernel of its own for images without gaps; otherwise along each axis in turn, which maxima and means both are. */
function poolBy(tf: TensorFlow, x: TfTensor, windows: Windows, pooling: Pooling): TfTensor {
  const { kernel, strides, dilations, begins, ends } = windows;
  if (x.rank === 4 && dilations.every((d) => d === 1) && kernel.some((k) => k > 1))
    return pooling.pool(tf, x as tfjs.Tensor4D, kernel as Pair, strides as Pair, explicit({ begins, ends }));
  return kernel.reduce((value, k, i) => {
    const line = lineOf(windows, i);
    if (k === 1 && line.stride === 1 && line.begin + line.end === 0) return value;
    const [before, after] = [value.shape.slice(0, i + 1), value.shape.slice(i + 2)];
    const image = tf.reshape(value, [total(before), value.shape[i + 1], 1, total(after)]);
    return tf.reshape(poolLine(tf, image as tfjs.Tensor4D, line, pooling), [...before, line.output, ...after]);
  }, x);
}

const lineOf = ({ kernel, strides, dilations, begins, ends, output }: Windows, i: number): Line => ({
  kernel: kernel[i],
  stride: strides[i],
  dilation: dilations[i],
  begin: begins[i],
  end: ends[i],
  output: output[i],
});

function poolLine(tf: TensorFlow, x: tfjs.Tensor4D, line: Line, { pool, fill, ofTaps }: Pooling): TfTensor {
  const { kernel, stride, dilation, begin, end } = line;
  if (dilation > 1 || kernel === 1) return ofTaps(tf, (v) => tapsOf(tf, v, line, fill), x);
  return pool(tf, x, [kernel, 1], [stride, 1], explicit({ begins: [begin, 0], ends: [end, 0] }));
}

/** The k-th elements of all windows, for each k. */
function tapsOf(tf: TensorFlow, x: tfjs.Tensor4D, line: Line, fill: number): TfTensor[] {
  const around: Padding2D = [
    [0, 0],
    [line.begin, line.end],
    [0, 0],
    [0, 0],
  ];
  const padded = tf.pad(x, around, fill);
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

/** The smallest float32: WGSL may assume that no infinity occurs. */
const LOWEST = -3.4028234663852886e38;

const maximum: Pooling = {
  pool: (tf, x, kernel, strides, pad) => tf.maxPool(x, kernel, strides, pad),
  fill: LOWEST,
  ofTaps: (tf, taps, x) => taps(x).reduce((a, b) => tf.maximum(a, b)),
};

const mean: Pooling = {
  pool: (tf, x, kernel, strides, pad) => tf.avgPool(x, kernel, strides, pad),
  fill: 0,
  ofTaps: (tf, taps, x) => {
    const sum = (v: tfjs.Tensor4D) => taps(v).reduce((a, b) => tf.add(a, b));
    return tf.div(sum(x), sum(tf.ones([1, x.shape[1], 1, 1])));
  },
};

/** The maximum of each window of x [N, …, C]; padding never wins. */
export const poolMaximum = (tf: TensorFlow, x: TfTensor, windows: Windows): TfTensor => poolBy(tf, x, windows, maximum);

/** The mean of each window of x [N, …, C], over its elements within x. */
export const poolMean = (tf: TensorFlow, x: TfTensor, windows: Windows): TfTensor => poolBy(tf, x, windows, mean);

/**
 * Each element of dy added to the first maximum of its window of x [N, …, C], by the host: the kernel of the wasm backend sends
 * it to the last maximum and loses what belongs to numbers below zero, and cpu's takes fifty times as long.
 */
export function sendToMaxima(tf: TensorFlow, x: TfTensor, dy: TfTensor, windows: Windows): TfTensor {
  const [from, flow] = [x.dataSync() as Float32Array, dy.dataSync() as Float32Array];
  const result = new Float32Array(from.length);
  const channels = x.shape[x.rank - 1];
  let next = 0;
  forEachWindow(x.shape, windows, (places, count) => {
    for (let c = 0; c < channels; c++) {
      let best = places[0] + c;
      for (let k = 1; k < count; k++) if (from[places[k] + c] > from[best]) best = places[k] + c;
      result[best] += flow[next++];
    }
  });
  return tf.tensor(result, x.shape);
}

/** Visits the windows of x [N, …, C] in row-major order: where the `count` places within x begin that each covers. */
function forEachWindow(
  shape: readonly number[],
  { kernel, strides, dilations, begins, output }: Windows,
  visit: (places: Int32Array, count: number) => void,
): void {
  const steps = stridesOf(shape);
  const along = kernel.map((k, axis) =>
    Array.from({ length: output[axis] }, (_, window) =>
      Array.from({ length: k }, (_unused, tap) => window * strides[axis] - begins[axis] + tap * dilations[axis])
        .filter((at) => at >= 0 && at < shape[axis + 1])
        .map((at) => at * steps[axis + 1]),
    ),
  );
  const examples = Array.from({ length: shape[0] }, (_, n) => [n * steps[0]]);
  const rows = along
    .slice(0, -1)
    .reduce<number[][]>((all, lists) => all.flatMap((row) => lists.map((list) => sums(row, list))), examples);
  const places = new Int32Array(sizeOf(kernel));
  for (const row of rows) {
    for (const column of along[along.length - 1]) {
      let count = 0;
      for (const a of row) for (const b of column) places[count++] = a + b;
      visit(places, count);
    }
  }
}

const sums = (row: readonly number[], list: readonly number[]): number[] => row.flatMap((a) => list.map((b) => a + b));

/** The windows with pads at the end as far as the last ones reach, whatever ceil_mode made of them. */
export function reaching(windows: Windows, spatial: readonly number[]): Windows {
  const { kernel, strides, dilations, begins, output } = windows;
  const ends = output.map((n, i) =>
    Math.max(0, (n - 1) * strides[i] + extent(kernel[i], dilations[i]) - begins[i] - spatial[i]),
  );
  return { ...windows, ends };
}
