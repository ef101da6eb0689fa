/**
 * @file TensorFlow's vocabulary: images are [N, height, width, channels]. ONNX's convolutions and poolings want channels in front, so
 * each is written between two Transposes, which `ops/passes/transposes.ts` moves along and cancels. Weights are brought into
 * ONNX's order once, on the host.
 */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { makeTensor, type Tensor } from '../tensor/tensor.ts';
import { transposed } from '../tensor/transpose.ts';

export { transposed };

/** 'SAME' as TensorFlow does it: the odd one of an odd number of rows goes to the end. Numbers: [begin, end] of each spatial axis. */
export type Padding = 'VALID' | 'SAME' | readonly (readonly [number, number])[];

export interface Windowed {
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilations?: readonly number[];
}

const spatialRank = (x: Value): number => x.shape.length - 2;

/** [N, …, C] → [N, C, …]. */
export const channelsFirst = (g: Builder, x: Value): Value => {
  const rank = spatialRank(x);
  return g.transpose(x, [0, rank + 1, ...Array.from({ length: rank }, (_, i) => i + 1)]);
};

/** [N, C, …] → [N, …, C]. */
export const channelsLast = (g: Builder, x: Value): Value => {
  const rank = spatialRank(x);
  return g.transpose(x, [0, ...Array.from({ length: rank }, (_, i) => i + 2), 1]);
};

function windowAttributes({ strides, padding, dilations }: Windowed) {
  const explicit = typeof padding === 'string' ? null : padding;
  return {
    strides,
    ...(dilations && { dilations }),
    ...(padding === 'SAME' && { auto_pad: 'SAME_UPPER' }),
    ...(explicit && { pads: [...explicit.map(([begin]) => begin), ...explicit.map(([, end]) => end)] }),
  };
}

export interface Kernel {
  /** [k…, C / group, M] as TensorFlow has it. */
  readonly weights: Tensor;
  readonly bias?: Tensor | null | undefined;
  readonly group?: number;
  /** The layer's name, for the node, and for its weights as "name/kernel" and "name/bias". */
  readonly name: string;
}

/** Convolution in one, two or three dimensions: x [N, …, C] with weights [k…, C / group, M] → [N, …, M]. */
export function convolution(g: Builder, x: Value, { weights, bias, group = 1, name }: Kernel, how: Windowed): Value {
  const rank = spatialRank(x);
  const spatial = Array.from({ length: rank }, (_, i) => i);
  const w = g.constant(transposed(weights, [rank + 1, rank, ...spatial]), `${name}/kernel`);
  const b = bias ? [g.constant(bias, `${name}/bias`)] : [];
  const attrs = { kernel_shape: weights.shape.slice(0, rank), group, ...windowAttributes(how) };
  return channelsLast(g, g.apply('Conv', [channelsFirst(g, x), w, ...b], attrs, { name }));
}

/** Depthwise convolution: x [N, …, C] with weights [k…, C, multiplier] → [N, …, C · multiplier]. */
export function depthwiseConvolution(
  g: Builder,
  x: Value,
  { weights, ...kernel }: Omit<Kernel, 'group'>,
  how: Windowed,
): Value {
  const rank = spatialRank(x);
  const channels = weights.shape[rank];
  const shape = [...weights.shape.slice(0, rank), 1, channels * weights.shape[rank + 1]];
  return convolution(
    g,
    x,
    { ...kernel, weights: makeTensor(weights.dtype, shape, weights.data), group: channels },
    how,
  );
}

/**
 * Transposed convolution, the gradient of a convolution with respect to its input: x [N, …, M] with weights [k…, C, M] → [N, …, C].
 * `output`: the spatial lengths of the result, which a stride leaves open.
 */
export function transposedConvolution(
  g: Builder,
  x: Value,
  { weights, bias, name }: Omit<Kernel, 'group'>,
  { strides, padding, dilations }: Windowed,
  output: readonly number[],
): Value {
  const rank = spatialRank(x);
  const spatial = Array.from({ length: rank }, (_, i) => i);
  const kernel = weights.shape.slice(0, rank);
  const total = spatial.map((i) => {
    const reach = (kernel[i] - 1) * (dilations?.[i] ?? 1) + 1;
    return ((x.shape[i + 1] as number) - 1) * strides[i] + reach - output[i];
  });
  const begins = total.map((n, i) =>
    typeof padding === 'string' ? (padding === 'SAME' ? Math.max(0, Math.floor(n / 2)) : 0) : padding[i][0],
  );
  const ends = total.map((n, i) => Math.max(0, n - begins[i]));
  const rest = total.map((n, i) => begins[i] + ends[i] - n);
  const w = g.constant(transposed(weights, [rank + 1, rank, ...spatial]), `${name}/kernel`);
  const b = bias ? [g.constant(bias, `${name}/bias`)] : [];
  const attrs = {
    kernel_shape: kernel,
    strides,
    ...(dilations && { dilations }),
    pads: [...begins, ...ends],
    output_padding: rest,
  };
  return channelsLast(g, g.apply('ConvTranspose', [channelsFirst(g, x), w, ...b], attrs, { name }));
}

/** Pooling of x [N, …, C] over windows of the given lengths; an average leaves the padding out, as TensorFlow does. */
export function pooling(
  g: Builder,
  kind: 'max' | 'average',
  x: Value,
  size: readonly number[],
  how: Windowed,
  name = '',
): Value {
  const op = kind === 'max' ? 'MaxPool' : 'AveragePool';
  return channelsLast(
    g,
    g.apply(op, [channelsFirst(g, x)], { kernel_shape: size, ...windowAttributes(how) }, { name }),
  );
}

export interface Normalization {
  /** Vectors of one number a channel; scale and offset may be left out. */
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly scale: Tensor;
  readonly offset: Tensor;
  readonly epsilon: number;
  readonly name: string;
}

/** Batch normalisation over the last axis, with the statistics of training. */
export function batchNormalization(
  g: Builder,
  x: Value,
  { mean, variance, scale, offset, epsilon, name }: Normalization,
): Value {
  const parameter = (tensor: Tensor, what: string) => g.constant(tensor, `${name}/${what}`);
  const inputs = [
    parameter(scale, 'gamma'),
    parameter(offset, 'beta'),
    parameter(mean, 'moving_mean'),
    parameter(variance, 'moving_variance'),
  ];
  const normalized = g.apply('BatchNormalization', [channelsFirst(g, x), ...inputs], { epsilon }, { name });
  return channelsLast(g, normalized);
}

export interface Resizing {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  /** Height and width of the result. */
  readonly size: readonly number[];
  readonly coordinates: 'asymmetric' | 'half_pixel' | 'align_corners';
}

/** Resizes x [N, height, width, C]. Nearest takes the row at or before, except where half pixels say otherwise. */
export function resizing(g: Builder, x: Value, { mode, size, coordinates }: Resizing, name = ''): Value {
  const from = channelsFirst(g, x);
  const sizes = g.ints([...from.shape.slice(0, 2), ...size]);
  const nearest = coordinates === 'align_corners' ? 'round_prefer_ceil' : 'floor';
  const attrs = {
    mode,
    coordinate_transformation_mode: coordinates,
    ...(mode === 'nearest' && { nearest_mode: nearest }),
  };
  return channelsLast(g, g.apply('Resize', [from, null, null, sizes], attrs, { name }));
}
