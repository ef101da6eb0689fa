/** @file Convolutions, poolings, products of matrices and resizing. */
import { concrete, divDim, product } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import { reshape, sizeOf, type Tensor } from '../../../tensor/tensor.ts';
import { transposed } from '../../../tensor/transpose.ts';
import {
  channelsFirst,
  channelsLast,
  convolution,
  depthwiseConvolution,
  pooling,
  resizing,
  transposedConvolution,
  type Padding,
} from '../../channels-last.ts';
import * as options from '../options.ts';
import type { Decoded } from '../wire.ts';
import { activated, constant, define, input, lengths, numbers, type Operator, type Site } from './define.ts';

const paddingOf = (padding: number): Padding => (padding === 0 ? 'SAME' : 'VALID');

/** Image and weights have as many axes as the operator works on; windows move forwards. */
function refuseShapes(x: Value, weights: Tensor | null, rank: number, steps: readonly number[]): void {
  if (x.shape.length !== rank || (weights && weights.shape.length !== rank))
    throw new RangeError(
      `its input has the shape [${x.shape}]${weights ? `, its weights [${weights.shape}]` : ''}; ${rank} axes are needed.`,
    );
  if (steps.some((step) => step < 1))
    throw new RangeError(`it has the strides or lengths [${steps}]; they are from 1.`);
}

const biasOf = (site: Site<unknown>, i: number): Tensor | null => (site.x[i] ? constant(site, i) : null);

/** Weights [M, height, width, C / group]. */
const conv2D = define(options.conv2D, (site) => {
  const { g, name, options: o } = site;
  const [x, weights] = [input(site, 0), constant(site, 1)];
  const how = { strides: [o.strideH, o.strideW], dilations: [o.dilationH, o.dilationW], padding: paddingOf(o.padding) };
  refuseShapes(x, weights, 4, [...how.strides, ...how.dilations]);
  const group = concrete(x.shape[3], 'its channels') / weights.shape[3];
  if (!Number.isInteger(group))
    throw new RangeError(
      `its input has ${x.shape[3]} channels, its weights [${weights.shape}] read ${weights.shape[3]}.`,
    );
  const kernel = { weights: transposed(weights, [1, 2, 3, 0]), bias: biasOf(site, 2), group, name };
  return activated(g, convolution(g, x, kernel, how), o.activation);
});

/** Weights [1, height, width, C · multiplier]. */
const depthwise = define(options.depthwiseConv2D, (site) => {
  const { g, name, options: o } = site;
  const [x, weights] = [input(site, 0), constant(site, 1)];
  const how = { strides: [o.strideH, o.strideW], dilations: [o.dilationH, o.dilationW], padding: paddingOf(o.padding) };
  refuseShapes(x, weights, 4, [...how.strides, ...how.dilations]);
  const channels = concrete(x.shape[3], 'its channels');
  const multiplier = weights.shape[3] / channels;
  if (!Number.isInteger(multiplier) || weights.shape[0] !== 1)
    throw new RangeError(`its input has ${channels} channels, its weights have the shape [${weights.shape}].`);
  const [, height, width] = weights.shape;
  const kernel = { weights: reshape(weights, [height, width, channels, multiplier]), bias: biasOf(site, 2), name };
  return activated(g, depthwiseConvolution(g, x, kernel, how), o.activation);
});

/** Weights [depth, height, width, C, M]. */
const conv3D = define(options.conv3D, (site) => {
  const { g, name, options: o } = site;
  const [x, weights] = [input(site, 0), constant(site, 1)];
  const how = {
    strides: [o.strideD, o.strideH, o.strideW],
    dilations: [o.dilationD, o.dilationH, o.dilationW],
    padding: paddingOf(o.padding),
  };
  refuseShapes(x, weights, 5, [...how.strides, ...how.dilations]);
  return activated(g, convolution(g, x, { weights, bias: biasOf(site, 2), name }, how), o.activation);
});

/** Inputs: shape of the output, weights [C, height, width, M], x [N, …, M], bias. */
const transposeConv = define(options.transposeConv, (site) => {
  const { g, name, options: o } = site;
  const [shape, weights, x] = [lengths(site, 0), constant(site, 1), input(site, 2)];
  const how = { strides: [o.strideH, o.strideW], padding: paddingOf(o.padding) };
  refuseShapes(x, weights, 4, how.strides);
  if (shape.length !== 4) throw new RangeError(`its output has the shape [${shape}]; 4 axes are needed.`);
  const kernel = { weights: transposed(weights, [1, 2, 0, 3]), bias: biasOf(site, 3), name };
  const size = shape.slice(1, 3).map((d) => concrete(d, 'its output'));
  return activated(g, transposedConvolution(g, x, kernel, how, size), o.activation);
});

type Pool = Decoded<typeof options.pool2D>;

function pooled(site: Site<Pool>, kind: 'max' | 'average', x: Value): Value {
  const { g, name, options: o } = site;
  const size = [o.filterH, o.filterW];
  const how = { strides: [o.strideH, o.strideW], padding: paddingOf(o.padding) };
  refuseShapes(x, null, 4, [...size, ...how.strides]);
  return pooling(g, kind, x, size, how, name);
}

const pool = (kind: 'max' | 'average'): Operator =>
  define(options.pool2D, (site) => activated(site.g, pooled(site, kind, input(site, 0)), site.options.activation));

/** √ of the mean of x² in each window. */
const l2Pool = define(options.pool2D, (site) => {
  const { g } = site;
  return activated(g, g.sqrt(pooled(site, 'average', g.square(input(site, 0)))), site.options.activation);
});

/** x with all axes but the last made one, unless they are kept. */
function rows(site: Site<Decoded<typeof options.fullyConnected>>, x: Value, width: number): Value {
  if (site.options.keepNumDims || x.shape.length === 2) return x;
  const count = width > 0 ? divDim(product(x.shape), width) : null;
  if (count === null)
    throw new RangeError(`its input has the shape [${x.shape}], its weights read ${width} numbers at a time.`);
  return site.g.reshape(x, [count, width]);
}

/** Weights [M, C]. */
const fullyConnected = define(options.fullyConnected, (site) => {
  const { g, name, options: o } = site;
  const weights = input(site, 1);
  if (o.weightsFormat !== 0)
    throw new RangeError('its weights are shuffled, which is not supported. Export the model with plain weights.');
  if (weights.shape.length !== 2)
    throw new RangeError(`its weights have the shape [${weights.shape}]; two axes are needed.`);
  const x = rows(site, input(site, 0), concrete(weights.shape[1], 'its weights'));
  const bias = site.x[2] ?? null;
  if (x.shape.length === 2)
    return activated(g, g.apply('Gemm', [x, weights, bias], { transB: 1 }, { name }), o.activation);
  const w = weights.constant ? g.constant(transposed(weights.constant, [1, 0]), weights.name) : g.transpose(weights);
  const product3 = g.apply('MatMul', [x, w], {}, { name });
  return activated(g, bias ? g.add(product3, bias) : product3, o.activation);
});

const batchMatMul = define(options.batchMatMul, (site) => {
  const { g, options: o } = site;
  const [a, b] = [input(site, 0), input(site, 1)];
  if (a.shape.length < 2 || b.shape.length < 2)
    throw new RangeError(`its inputs have the shapes [${a.shape}] and [${b.shape}]; two axes are needed at least.`);
  return g.matmul(o.adjX ? g.transpose(a) : a, o.adjY ? g.transpose(b) : b);
});

type Resize = Decoded<typeof options.resizeNearest>;

const resize = (mode: 'nearest' | 'linear', site: Site<Resize>): Value => {
  const { alignCorners, halfPixelCenters } = site.options;
  const coordinates = alignCorners ? 'align_corners' : halfPixelCenters ? 'half_pixel' : 'asymmetric';
  const x = input(site, 0);
  refuseShapes(x, null, 4, []);
  const size = numbers(site, 1);
  if (size.length !== 2) throw new RangeError(`it resizes to [${size}]; a height and a width are needed.`);
  return resizing(site.g, x, { mode, size, coordinates });
};

/** Blocks of pixels and channels, in TensorFlow's order: that of ONNX's SpaceToDepth and of DepthToSpace in mode DCR. */
const blocks = (op: string): Operator =>
  define(options.block, (site) => {
    const x = input(site, 0);
    refuseShapes(x, null, 4, [site.options.blockSize]);
    const attrs = { blocksize: site.options.blockSize };
    return channelsLast(site.g, site.g.apply(op, [channelsFirst(site.g, x)], attrs));
  });

/** How spatial blocks lie among the axes: [N, h · b, w · c, …] and [N · b · c, h, w, …]. */
function blockAxes(count: number, rank: number) {
  const spatial = Array.from({ length: count }, (_, i) => i);
  const others = Array.from({ length: rank - count - 1 }, (_, i) => 1 + 2 * count + i);
  return { spatial, others };
}

function refuseBlocks(x: Value, size: readonly number[], pads: readonly number[]): void {
  if (size.some((n) => n < 1) || size.length >= x.shape.length || pads.length !== 2 * size.length)
    throw new RangeError(`its blocks are [${size}], its pads [${pads}], its input has the shape [${x.shape}].`);
}

/**
 * Blocks made examples, each example's own one after another: for one example that is TensorFlow's order, and for more no operator
 * between this and BATCH_TO_SPACE_ND tells the difference.
 */
const spaceToBatch = define(options.none, (site) => {
  const { g } = site;
  const [size, pads] = [numbers(site, 1), numbers(site, 2)];
  refuseBlocks(input(site, 0), size, pads);
  const { spatial, others } = blockAxes(size.length, input(site, 0).shape.length);
  const begins = spatial.map((i) => pads[2 * i]);
  const ends = spatial.map((i) => pads[2 * i + 1]);
  const rest = others.map(() => 0);
  const x = g.pad(input(site, 0), [0, ...begins, ...rest, 0, ...ends, ...rest]);
  const small = spatial.map((i) => {
    const length = concrete(x.shape[i + 1], 'its input') / size[i];
    if (!Number.isInteger(length))
      throw new RangeError(`blocks of ${size} do not divide its padded input [${x.shape}].`);
    return length;
  });
  const tail = x.shape.slice(1 + size.length);
  const split = g.reshape(x, [x.shape[0], ...small.flatMap((n, i) => [n, size[i]]), ...tail]);
  const perm = [0, ...spatial.map((i) => 2 + 2 * i), ...spatial.map((i) => 1 + 2 * i), ...others];
  return g.reshape(g.transpose(split, perm), [product([x.shape[0], sizeOf(size)]), ...small, ...tail]);
});

/** The inverse of `spaceToBatch`. */
const batchToSpace = define(options.none, (site) => {
  const { g } = site;
  const x = input(site, 0);
  const [size, crops] = [numbers(site, 1), numbers(site, 2)];
  refuseBlocks(x, size, crops);
  const { spatial, others } = blockAxes(size.length, x.shape.length);
  const examples = divDim(x.shape[0], sizeOf(size));
  if (examples === null)
    throw new RangeError(`blocks of ${size} do not divide the ${x.shape[0]} examples of its input.`);
  const small = x.shape.slice(1, 1 + size.length);
  const tail = x.shape.slice(1 + size.length);
  const apart = g.reshape(x, [examples, ...size, ...small, ...tail]);
  const perm = [0, ...spatial.flatMap((i) => [1 + size.length + i, 1 + i]), ...others];
  const large = small.map((n, i) => concrete(n, 'its input') * size[i]);
  const joined = g.reshape(g.transpose(apart, perm), [examples, ...large, ...tail]);
  const begins = spatial.map((i) => -crops[2 * i]);
  const ends = spatial.map((i) => -crops[2 * i + 1]);
  const rest = others.map(() => 0);
  return g.pad(joined, [0, ...begins, ...rest, 0, ...ends, ...rest]);
});

export const layers = {
  CONV_2D: conv2D,
  DEPTHWISE_CONV_2D: depthwise,
  CONV_3D: conv3D,
  TRANSPOSE_CONV: transposeConv,
  MAX_POOL_2D: pool('max'),
  AVERAGE_POOL_2D: pool('average'),
  L2_POOL_2D: l2Pool,
  FULLY_CONNECTED: fullyConnected,
  BATCH_MATMUL: batchMatMul,
  RESIZE_BILINEAR: define(options.resizeBilinear, (site) => resize('linear', site)),
  RESIZE_NEAREST_NEIGHBOR: define(options.resizeNearest, (site) => resize('nearest', site)),
  SPACE_TO_DEPTH: blocks('SpaceToDepth'),
  DEPTH_TO_SPACE: blocks('DepthToSpace'),
  SPACE_TO_BATCH_ND: spaceToBatch,
  BATCH_TO_SPACE_ND: batchToSpace,
} satisfies Record<string, Operator>;
