/** One row for each TensorFlow Lite operator that is read: what it is given, and what TensorFlow.js makes of it. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { OperatorName } from '../../src/lib/formats/tflite/operators/table.ts';
import { controlFlow } from './tflite-control-flow.ts';
import { fed, image, int, ints, pairs, weights, type Case, type T } from './tflite-tensors.ts';

const unary = (truth: (x: T) => T): Case[] => [
  { x: [image], truth },
  { x: [fed(1, 5)], truth },
];
const positive = (truth: (x: T) => T): Case[] => [{ x: [{ ...image, name: 'positive' }], truth }];
const fused = (f: (a: T, b: T) => T): Case[] => [
  { x: [image, weights(4)], truth: f },
  { x: [image, image], options: { activation: 1 }, truth: (a, b) => tf.relu(f(a, b)) },
  { x: [image, weights(1, 6, 1, 4)], options: { activation: 3 }, truth: (a, b) => tf.relu6(f(a, b)) },
  { x: [image, weights(4)], options: { activation: 2 }, truth: (a, b) => tf.clipByValue(f(a, b), -1, 1) },
  { x: [image, weights(4)], options: { activation: 4 }, truth: (a, b) => tf.tanh(f(a, b)) },
];
const binary = (f: (a: T, b: T) => T, type?: Case['type']): Case[] => [
  { x: [image, weights(7, 4)], truth: f, ...(type && { type }) },
  { x: [image, image], truth: f, ...(type && { type }) },
];
const logical = (f: (a: T, b: T) => T): Case[] => [
  {
    x: [
      { shape: [1, 4], type: 'bool' },
      { shape: [1, 4], type: 'bool', data: [1, 0, 1, 0] },
    ],
    truth: (a, b) => f(tf.cast(a, 'bool'), tf.cast(b, 'bool')),
    type: 'bool',
  },
];

const SAME = { padding: 0, strideH: 1, strideW: 1 };
const VALID_2 = { padding: 1, strideH: 2, strideW: 2 };

const convolution = (x: T, w: T, b: T, stride: number, padding: 'same' | 'valid', dilation = 1) =>
  tf.add(
    tf.conv2d(x as tf.Tensor4D, tf.transpose(w, [1, 2, 3, 0]) as tf.Tensor4D, stride, padding, 'NHWC', dilation),
    b,
  );

/** tf.js numbers the channels of a depthwise convolution in the same way. */
const depthwise = (
  x: T,
  w: T,
  b: T,
  stride: number,
  padding: 'same' | 'valid',
  dilation: number,
  multiplier: number,
) => {
  const [, height, width, all] = w.shape;
  const kernel = tf.reshape(w, [height, width, all / multiplier, multiplier]) as tf.Tensor4D;
  return tf.add(tf.depthwiseConv2d(x as tf.Tensor4D, kernel, stride, padding, 'NHWC', dilation), b);
};

const pools = (kind: 'max' | 'avg', around: [(x: T) => T, (x: T) => T] = [(x) => x, (x) => x]): Case[] =>
  (['same', 'valid'] as const).map((padding) => ({
    x: [image],
    options: { padding: padding === 'same' ? 0 : 1, strideH: 2, strideW: 1, filterH: 3, filterW: 2 },
    truth: (x) => around[1](tf.pool(around[0](x) as tf.Tensor4D, [3, 2], kind, padding, undefined, [2, 1])),
  }));

const reduced = (f: (x: T, axes: number[], keep: boolean) => T): Case[] => [
  { x: [image, ints(1, 2)], options: { keepDims: 0 }, truth: (x) => f(x, [1, 2], false) },
  { x: [image, ints(-1)], options: { keepDims: 1 }, truth: (x) => f(x, [3], true) },
  { x: [image, int(2)], truth: (x) => f(x, [2], false) },
];

const dense = (x: T, w: T) => tf.matMul(tf.reshape(x, [-1, w.shape[1]!]) as tf.Tensor2D, w as tf.Tensor2D, false, true);
const sizes: [number, number] = [9, 5];
type Resizer = (x: tf.Tensor4D, size: [number, number], corners?: boolean, half?: boolean) => T;
const resized = (f: Resizer): Case[] => [
  { x: [image, ints(...sizes)], truth: (x) => f(x as tf.Tensor4D, sizes, false, false) },
  { x: [image, ints(...sizes)], options: { alignCorners: 1 }, truth: (x) => f(x as tf.Tensor4D, sizes, true, false) },
  {
    x: [image, ints(...sizes)],
    options: { halfPixelCenters: 1 },
    truth: (x) => f(x as tf.Tensor4D, sizes, false, true),
  },
  {
    x: [image, ints(3, 14)],
    options: { halfPixelCenters: 1 },
    truth: (x) => f(x as tf.Tensor4D, [3, 14], false, true),
  },
];

const split = (count: number, axis: number): Case => ({
  x: [int(axis), image],
  options: { numSplits: count },
  truth: (_a, x) => tf.split(x, count, axis),
});
const square = fed(1, 4, 6, 8);

export const cases: Readonly<Record<OperatorName, readonly Case[]>> = {
  ADD: fused(tf.add),
  SUB: fused(tf.sub),
  MUL: fused(tf.mul),
  DIV: fused(tf.div),
  FLOOR_DIV: binary((a, b) => tf.floor(tf.div(a, b))),
  FLOOR_MOD: binary((a, b) => tf.sub(a, tf.mul(tf.floor(tf.div(a, b)), b))),
  MAXIMUM: binary(tf.maximum),
  MINIMUM: binary(tf.minimum),
  POW: [{ x: [{ ...image, name: 'positive' }, weights(4)], truth: (a, b) => tf.pow(a, b) }],
  SQUARED_DIFFERENCE: binary(tf.squaredDifference),
  ADD_N: [{ x: [image, image, image], truth: (...x) => tf.addN(x) }],
  EQUAL: binary(tf.equal, 'bool'),
  NOT_EQUAL: binary(tf.notEqual, 'bool'),
  LESS: binary(tf.less, 'bool'),
  LESS_EQUAL: binary(tf.lessEqual, 'bool'),
  GREATER: binary(tf.greater, 'bool'),
  GREATER_EQUAL: binary(tf.greaterEqual, 'bool'),
  LOGICAL_AND: logical(tf.logicalAnd),
  LOGICAL_OR: logical(tf.logicalOr),
  LOGICAL_NOT: [
    { x: [{ shape: [1, 4], type: 'bool' }], truth: (a) => tf.logicalNot(tf.cast(a, 'bool')), type: 'bool' },
  ],
  SELECT: [
    {
      x: [{ shape: [1, 3], type: 'bool', data: [1, 0, 1] }, fed(1, 3), weights(1, 3)],
      truth: (c, a, b) => tf.where(tf.cast(c, 'bool'), a, b),
    },
    {
      x: [{ shape: [2], type: 'bool', data: [1, 0] }, fed(2, 3), weights(2, 3)],
      truth: (c, a, b) => tf.where(tf.reshape(tf.cast(c, 'bool'), [2, 1]), a, b),
    },
  ],
  SELECT_V2: [
    {
      x: [{ shape: [3], type: 'bool', data: [1, 0, 1] }, fed(1, 2, 3), weights(3)],
      truth: (c, a, b) => tf.where(tf.cast(c, 'bool'), a, b),
    },
  ],
  ABS: unary(tf.abs),
  NEG: unary(tf.neg),
  EXP: unary(tf.exp),
  LOG: positive(tf.log),
  SQRT: positive(tf.sqrt),
  RSQRT: positive(tf.rsqrt),
  SQUARE: unary(tf.square),
  SIN: unary(tf.sin),
  COS: unary(tf.cos),
  FLOOR: unary(tf.floor),
  CEIL: unary(tf.ceil),
  ROUND: unary(tf.round),
  SIGN: unary(tf.sign),
  RELU: unary(tf.relu),
  RELU6: unary(tf.relu6),
  RELU_N1_TO_1: unary((x) => tf.clipByValue(x, -1, 1)),
  RELU_0_TO_1: unary((x) => tf.clipByValue(x, 0, 1)),
  PRELU: [{ x: [image, weights(1, 1, 4)], truth: (x, a) => tf.prelu(x, a) }],
  LEAKY_RELU: [{ x: [image], options: { alpha: 0.3 }, truth: (x) => tf.leakyRelu(x, 0.3) }],
  ELU: unary(tf.elu),
  GELU: [
    { x: [image], truth: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)) },
    {
      x: [image],
      options: { approximate: 1 },
      truth: (x) => {
        const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
        return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
      },
    },
  ],
  HARD_SWISH: unary((x) => tf.div(tf.mul(x, tf.relu6(tf.add(x, 3))), 6)),
  LOGISTIC: unary(tf.sigmoid),
  TANH: unary(tf.tanh),
  SOFTMAX: [
    { x: [fed(1, 7)], options: { beta: 1 }, truth: (x) => tf.softmax(x) },
    { x: [image], options: { beta: 0.5 }, truth: (x) => tf.softmax(tf.mul(x, 0.5)) },
  ],
  LOG_SOFTMAX: unary((x) => tf.logSoftmax(x)),
  LOCAL_RESPONSE_NORMALIZATION: [
    {
      x: [image],
      options: { radius: 1, bias: 2, alpha: 0.3, beta: 0.6 },
      truth: (x) => tf.localResponseNormalization(x as tf.Tensor4D, 1, 2, 0.3, 0.6),
    },
  ],
  L2_NORMALIZATION: unary((x) => tf.div(x, tf.sqrt(tf.sum(tf.square(x), -1, true)))),
  CAST: [
    { x: [{ shape: [1, 3], type: 'int32' }], options: { from: 2, to: 0 }, truth: (x) => tf.cast(x, 'float32') },
    { x: [fed(1, 3)], options: { from: 0, to: 2 }, truth: (x) => tf.cast(x, 'int32'), type: 'int32' },
  ],
  QUANTIZE: unary(tf.clone),
  DEQUANTIZE: unary(tf.clone),
  ZEROS_LIKE: unary(tf.zerosLike),
  CONV_2D: [
    { x: [image, weights(5, 3, 3, 4), weights(5)], options: SAME, truth: (x, w, b) => convolution(x, w, b, 1, 'same') },
    {
      x: [image, weights(5, 3, 2, 4), weights(5)],
      options: { ...VALID_2, activation: 1 },
      truth: (x, w, b) => tf.relu(convolution(x, w, b, 2, 'valid')),
    },
    {
      x: [image, weights(5, 3, 3, 4), weights(5)],
      options: { ...SAME, strideH: 2, strideW: 2 },
      truth: (x, w, b) => convolution(x, w, b, 2, 'same'),
    },
    {
      x: [image, weights(5, 2, 2, 4), weights(5)],
      options: { ...SAME, dilationH: 2, dilationW: 2 },
      truth: (x, w, b) => convolution(x, w, b, 1, 'same', 2),
    },
    {
      x: [image, weights(6, 3, 3, 2), weights(6)],
      options: SAME,
      truth: (x, w, b) => {
        const [xs, ws, bs] = [tf.split(x, 2, 3), tf.split(w, 2, 0), tf.split(b, 2)];
        return tf.concat(
          xs.map((part, i) => convolution(part, ws[i], bs[i], 1, 'same')),
          3,
        );
      },
    },
  ],
  DEPTHWISE_CONV_2D: [
    {
      x: [image, weights(1, 3, 3, 4), weights(4)],
      options: { ...SAME, strideH: 2, strideW: 2, activation: 3 },
      truth: (x, w, b) => tf.relu6(depthwise(x, w, b, 2, 'same', 1, 1)),
    },
    {
      x: [image, weights(1, 2, 2, 8), weights(8)],
      options: { padding: 1, strideH: 1, strideW: 1, dilationH: 2, dilationW: 2, depthMultiplier: 2 },
      truth: (x, w, b) => depthwise(x, w, b, 1, 'valid', 2, 2),
    },
  ],
  CONV_3D: [
    {
      x: [fed(1, 4, 5, 6, 2), weights(2, 3, 2, 2, 3), weights(3)],
      options: { padding: 0, strideD: 1, strideH: 2, strideW: 1 },
      truth: (x, w, b) => tf.add(tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, [1, 2, 1], 'same'), b),
    },
  ],
  TRANSPOSE_CONV: (['same', 'valid'] as const).map((padding) => {
    const shape = padding === 'same' ? [1, 12, 14, 3] : [1, 13, 15, 3];
    return {
      x: [ints(...shape), weights(3, 3, 3, 4), image, weights(3)],
      options: { padding: padding === 'same' ? 0 : 1, strideH: 2, strideW: 2 },
      truth: (_s: T, w: T, x: T, b: T) => {
        const kernel = tf.transpose(w, [1, 2, 0, 3]) as tf.Tensor4D;
        return tf.add(
          tf.conv2dTranspose(
            x as tf.Tensor4D,
            kernel,
            [x.shape[0], ...shape.slice(1)] as [number, number, number, number],
            2,
            padding,
          ),
          b,
        );
      },
    };
  }),
  MAX_POOL_2D: pools('max'),
  AVERAGE_POOL_2D: pools('avg'),
  L2_POOL_2D: pools('avg', [tf.square, tf.sqrt]),
  FULLY_CONNECTED: [
    { x: [fed(1, 6), weights(5, 6), weights(5)], truth: (x, w, b) => tf.add(dense(x, w), b) },
    { x: [fed(1, 2, 3), weights(5, 6)], options: { activation: 1 }, truth: (x, w) => tf.relu(dense(x, w)) },
    {
      x: [fed(1, 2, 3), weights(5, 3), weights(5)],
      options: { keepNumDims: 1 },
      truth: (x, w, b) => tf.reshape(tf.add(dense(x, w), b), [x.shape[0], 2, 5]),
    },
  ],
  BATCH_MATMUL: [
    { x: [fed(1, 2, 3), fed(1, 3, 4)], truth: (a, b) => tf.matMul(a, b) },
    {
      x: [fed(1, 3, 2), weights(1, 4, 3)],
      options: { adjX: 1, adjY: 1 },
      truth: (a, b) => tf.matMul(a, tf.tile(b, [a.shape[0], 1, 1]), true, true),
    },
  ],
  RESIZE_BILINEAR: resized(tf.image.resizeBilinear),
  RESIZE_NEAREST_NEIGHBOR: resized(tf.image.resizeNearestNeighbor),
  SPACE_TO_DEPTH: [
    {
      x: [square],
      options: { blockSize: 2 },
      truth: (x) => tf.reshape(tf.transpose(tf.reshape(x, [-1, 2, 2, 3, 2, 8]), [0, 1, 3, 2, 4, 5]), [-1, 2, 3, 32]),
    },
  ],
  DEPTH_TO_SPACE: [{ x: [square], options: { blockSize: 2 }, truth: (x) => tf.depthToSpace(x as tf.Tensor4D, 2) }],
  SPACE_TO_BATCH_ND: [
    {
      x: [{ ...fed(1, 5, 6, 3), name: 'one' }, ints(2, 3), pairs(1, 0, 0, 0)],
      truth: (x) =>
        tf.spaceToBatchND(
          x,
          [2, 3],
          [
            [1, 0],
            [0, 0],
          ],
        ),
    },
  ],
  BATCH_TO_SPACE_ND: [
    {
      x: [fed(6, 3, 2, 3), ints(2, 3), pairs(1, 0, 0, 2)],
      truth: (x) =>
        tf.batchToSpaceND(
          x,
          [2, 3],
          [
            [1, 0],
            [0, 2],
          ],
        ),
    },
  ],
  RESHAPE: [
    { x: [image, ints(1, -1)], truth: (x) => tf.reshape(x, [x.shape[0], 168]) },
    { x: [image], options: { newShape: [-1, 42, 4] }, truth: (x) => tf.reshape(x, [-1, 42, 4]) },
    { x: [image, ints(1, 1, 42, 2, 2)], truth: (x) => tf.reshape(x, [x.shape[0], 1, 42, 2, 2]) },
  ],
  SQUEEZE: [{ x: [fed(1, 1, 1, 4)], options: { squeezeDims: [1, 2] }, truth: (x) => tf.squeeze(x, [1, 2]) }],
  EXPAND_DIMS: [
    { x: [fed(1, 4), int(1)], truth: (x) => tf.expandDims(x, 1) },
    { x: [fed(1, 4), int(-1)], truth: (x) => tf.expandDims(x, -1) },
  ],
  TRANSPOSE: [{ x: [image, ints(0, 3, 1, 2)], truth: (x) => tf.transpose(x, [0, 3, 1, 2]) }],
  CONCATENATION: [
    { x: [image, image], options: { axis: -1 }, truth: (a, b) => tf.concat([a, b], -1) },
    { x: [image, image], options: { axis: 1, activation: 1 }, truth: (a, b) => tf.relu(tf.concat([a, b], 1)) },
    {
      x: [fed(1, 3, 4), weights(1, 1, 4)],
      options: { axis: 1 },
      truth: (a, b) => tf.concat([a, tf.tile(b, [a.shape[0], 1, 1])], 1),
    },
  ],
  PACK: [{ x: [fed(1, 4), fed(1, 4)], options: { count: 2, axis: 1 }, truth: (a, b) => tf.stack([a, b], 1) }],
  UNPACK: [{ x: [fed(1, 3, 4)], options: { count: 3, axis: 1 }, truth: (x) => tf.unstack(x, 1) }],
  SPLIT: [split(2, 3), split(3, 1)],
  SPLIT_V: [{ x: [image, ints(1, -1, 2), int(3)], options: { numSplits: 3 }, truth: (x) => tf.split(x, [1, 1, 2], 3) }],
  PAD: [
    {
      x: [image, pairs(0, 0, 1, 2, 0, 1, 0, 0)],
      truth: (x) =>
        tf.pad(x, [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0],
        ]),
    },
  ],
  PADV2: [
    {
      x: [image, pairs(0, 0, 1, 2, 0, 1, 0, 0), { shape: [], data: [-3] }],
      truth: (x) =>
        tf.pad(
          x,
          [
            [0, 0],
            [1, 2],
            [0, 1],
            [0, 0],
          ],
          -3,
        ),
    },
  ],
  MIRROR_PAD: ([0, 1] as const).map((mode) => ({
    x: [image, pairs(0, 0, 1, 2, 3, 1, 0, 0)],
    options: { mode },
    truth: (x: T) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 2],
          [3, 1],
          [0, 0],
        ],
        mode === 0 ? 'reflect' : 'symmetric',
      ),
  })),
  SLICE: [{ x: [image, ints(0, 1, 2, 0), ints(1, 3, -1, 2)], truth: (x) => tf.slice(x, [0, 1, 2, 0], [-1, 3, -1, 2]) }],
  STRIDED_SLICE: [
    {
      x: [image, ints(0, 1, -1, 0), ints(1, 5, 0, 4), ints(1, 2, -1, 1)],
      options: { endMask: 9 },
      truth: (x) => tf.stridedSlice(x, [0, 1, -1, 0], [0, 5, 0, 4], [1, 2, -1, 1], 0, 9),
    },
    {
      x: [image, ints(0, 2, 0), ints(1, 3, 0), ints(1, 1, 2)],
      options: { shrinkAxisMask: 2, beginMask: 4, endMask: 4 },
      // x[:, 2, ::2]. TensorFlow.js's own shrinkAxisMask, on its CPU, reads begin and strides of the wrong axes behind the removed one.
      truth: (x) => tf.squeeze(tf.stridedSlice(x, [0, 2, 0], [0, 3, 0], [1, 1, 2], 4, 5), [1]),
    },
  ],
  BROADCAST_TO: [{ x: [fed(1, 1, 4), ints(1, 3, 4)], truth: (x) => tf.broadcastTo(x, [x.shape[0], 3, 4]) }],
  FILL: [{ x: [ints(2, 3), { shape: [], data: [1.5] }], truth: () => tf.fill([2, 3], 1.5) }],
  TILE: [{ x: [fed(1, 3, 4), ints(1, 2, 3)], truth: (x) => tf.tile(x, [1, 2, 3]) }],
  RANGE: [{ x: [int(2), int(11), int(3)], truth: () => tf.tensor1d([2, 5, 8], 'int32'), type: 'int32' }],
  REVERSE_V2: [{ x: [image, ints(1, -1)], truth: (x) => tf.reverse(x, [1, 3]) }],
  SHAPE: [{ x: [weights(2, 3, 4)], truth: () => tf.tensor1d([2, 3, 4], 'int32'), type: 'int32' }],
  RANK: [{ x: [weights(2, 3, 4)], truth: () => tf.scalar(3, 'int32'), type: 'int32' }],
  MEAN: reduced((x, axes, keep) => tf.mean(x, axes, keep)),
  SUM: reduced((x, axes, keep) => tf.sum(x, axes, keep)),
  REDUCE_MAX: reduced((x, axes, keep) => tf.max(x, axes, keep)),
  REDUCE_MIN: reduced((x, axes, keep) => tf.min(x, axes, keep)),
  REDUCE_PROD: reduced((x, axes, keep) => tf.prod(x, axes, keep)),
  ARG_MAX: [{ x: [image, int(-1)], truth: (x) => tf.argMax(x, 3), type: 'int64' }],
  ARG_MIN: [{ x: [image, int(1)], truth: (x) => tf.argMin(x, 1), type: 'int32' }],
  TOPK_V2: [
    {
      x: [fed(1, 9), int(3)],
      truth: (x) => {
        const { values, indices } = tf.topk(x, 3);
        return [values, indices];
      },
    },
  ],
  CUMSUM: [
    { x: [image, int(2)], truth: (x) => tf.cumsum(x, 2) },
    { x: [image, int(-1)], options: { exclusive: 1, reverse: 1 }, truth: (x) => tf.cumsum(x, 3, true, true) },
  ],
  GATHER: [{ x: [image, ints(3, 0)], options: { axis: 3 }, truth: (x) => tf.gather(x, [3, 0], 3) }],
  GATHER_ND: [
    {
      x: [weights(2, 3, 4), pairs(1, 2, 0, 1)],
      truth: (x) =>
        tf.gatherND(x, [
          [1, 2],
          [0, 1],
        ]),
    },
  ],
  ONE_HOT: [
    {
      x: [ints(2, 0, 1), int(4), { shape: [], data: [5] }, { shape: [], data: [-1] }],
      options: { axis: -1 },
      truth: () => tf.oneHot(tf.tensor1d([2, 0, 1], 'int32'), 4, 5, -1),
    },
  ],
  WHERE: [
    {
      x: [{ shape: [2, 2], type: 'bool', data: [1, 0, 1, 1] }],
      truth: () =>
        tf.tensor2d(
          [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
          undefined,
          'int32',
        ),
      type: 'int64',
    },
  ],
  ...controlFlow,
};
