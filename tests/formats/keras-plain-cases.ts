/** @file Layers on one tensor: core, shapes, convolutions, poolings, normalisations. */
import type { LayerClass } from '../../src/lib/formats/keras/layers/table.ts';
import {
  bilinear,
  first,
  image,
  line,
  on,
  planes,
  same,
  vector,
  volume,
  written,
  type Row,
  type Symbolic,
} from './keras-case.ts';
import { tf } from './tfjs-models.ts';

const conv2d: Row = [
  on(image, () =>
    tf.layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' }),
  ),
  on(image, () =>
    tf.layers.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, useBias: false, activation: 'softmax' }),
  ),
  on(planes, () => tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', ...first, activation: 'tanh' })),
];
const conv1d: Row = [
  written(
    line,
    { filters: 4, kernel_size: 3, padding: 'causal', dilation_rate: [2], use_bias: false },
    (x, [w]) =>
      tf.conv1d(
        x.pad([
          [0, 0],
          [4, 0],
          [0, 0],
        ]) as tf.Tensor3D,
        w as tf.Tensor3D,
        1,
        'valid',
        'NWC',
        2,
      ),
    [[3, 3, 4]],
  ),
  on(line, () => tf.layers.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })),
];
const conv3d: Row = [
  on(volume, () => tf.layers.conv3d({ filters: 3, kernelSize: 2, strides: [1, 2, 2], padding: 'same' })),
];

type Pool = 'maxPooling' | 'averagePooling';
const pool2d = (kind: Pool): Row => [
  on(image, () => tf.layers[`${kind}2d`]({ poolSize: [2, 3], strides: [2, 1], padding: 'same' })),
  on(image, () => tf.layers[`${kind}2d`]({ poolSize: 2 })),
  on(planes, () => tf.layers[`${kind}2d`]({ poolSize: 2, ...first })),
];
const pool1d = (kind: Pool): Row => [
  on(line, () => tf.layers[`${kind}1d`]({ poolSize: 3, strides: 2, padding: 'same' })),
  on(line, () => tf.layers[`${kind}1d`]({ poolSize: 2 })),
];
const pool3d = (kind: Pool): Row => [
  on(volume, () => tf.layers[`${kind}3d`]({ poolSize: 2, strides: 1, padding: 'same' })),
];

/** Sizes and moments over axes. */
const standard = (x: tf.Tensor, axes: number[], epsilon: number) => {
  const { mean, variance } = tf.moments(x, axes, true);
  return x.sub(mean).div(variance.add(epsilon).sqrt());
};

const scaledBy = (x: tf.Tensor, [gamma, beta]: readonly tf.Tensor[]) => x.mul(gamma).add(beta);

/** Layers on one tensor. */
export const plainCases = {
  InputLayer: [{ inputs: [vector], build: ([x]) => tf.layers.activation({ activation: 'relu' }).apply(x) as Symbolic }],
  Dense: [
    on(vector, () => tf.layers.dense({ units: 4, activation: 'sigmoid' })),
    on(line, () => tf.layers.dense({ units: 4, activation: 'softmax' })),
    on(image, () => tf.layers.dense({ units: 2, useBias: false })),
  ],
  Embedding: [on([6], () => tf.layers.embedding({ inputDim: 9, outputDim: 4 }), 9)],
  Activation: (
    [
      ...[
        'elu',
        'selu',
        'relu',
        'relu6',
        'linear',
        'sigmoid',
        'hardSigmoid',
        'softplus',
        'softsign',
        'tanh',
        'softmax',
      ],
      ...['logSoftmax', 'swish', 'mish', 'gelu', 'gelu_new'],
    ] as 'relu'[]
  ).map((activation) => on(line, () => tf.layers.activation({ activation }))),
  ReLU: [
    on(line, () => tf.layers.reLU({ maxValue: 0.4 })),
    on(line, () => tf.layers.reLU()),
    written(
      line,
      { max_value: 0.5, negative_slope: 0.25, threshold: 0.1 },
      (x) => tf.where(x.greaterEqual(0.1), x.minimum(0.5), x.sub(0.1).mul(0.25)) as tf.Tensor,
    ),
    written(line, { max_value: null, negative_slope: 0.25, threshold: 0 }, (x) => tf.leakyRelu(x, 0.25)),
  ],
  LeakyReLU: [
    on(line, () => tf.layers.leakyReLU({ alpha: 0.2 })),
    written(line, { negative_slope: 0.4 }, (x) => tf.leakyRelu(x, 0.4)),
  ],
  PReLU: [on(image, () => tf.layers.prelu({ sharedAxes: [1, 2] })), on(image, () => tf.layers.prelu())],
  ELU: [
    on(line, () => tf.layers.elu()),
    written(line, { alpha: 0.5 }, (x) => tf.where(x.greater(0), x, x.exp().sub(1).mul(0.5))),
  ],
  Softmax: [
    on(line, () => tf.layers.softmax({ axis: -1 })),
    on(line, () => tf.layers.softmax({ axis: [1, 2] })),
    written(line, { axis: 1 }, (x) => x.exp().div(x.exp().sum(1, true))),
  ],
  ThresholdedReLU: [on(line, () => tf.layers.thresholdedReLU({ theta: 0.3 }))],
  Masking: [on(line, () => tf.layers.masking({ maskValue: 1 }), 2)],
  RepeatVector: [on(vector, () => tf.layers.repeatVector({ n: 3 }))],
  Dropout: [on(line, () => tf.layers.dropout({ rate: 0.5 }))],
  SpatialDropout1D: [on(line, () => tf.layers.spatialDropout1d({ rate: 0.5 }))],
  SpatialDropout2D: [written(image, { rate: 0.5 }, same)],
  SpatialDropout3D: [written(volume, { rate: 0.5 }, same)],
  GaussianDropout: [on(line, () => tf.layers.gaussianDropout({ rate: 0.5 }))],
  GaussianNoise: [on(line, () => tf.layers.gaussianNoise({ stddev: 1 }))],
  AlphaDropout: [on(line, () => tf.layers.alphaDropout({ rate: 0.5 }))],
  ActivityRegularization: [written(line, { l1: 0.1 }, same)],
  Identity: [written(line, {}, same)],

  Flatten: [
    on(image, () => tf.layers.flatten()),
    on(planes, () => tf.layers.flatten({ dataFormat: 'channelsFirst' })),
    written(vector, {}, same),
  ],
  Reshape: [on(image, () => tf.layers.reshape({ targetShape: [3, -1, 7] }))],
  Permute: [on(image, () => tf.layers.permute({ dims: [3, 1, 2] }))],
  ZeroPadding1D: [
    written(line, { padding: [1, 2] }, (x) =>
      x.pad([
        [0, 0],
        [1, 2],
        [0, 0],
      ]),
    ),
  ],
  ZeroPadding2D: [
    on(image, () =>
      tf.layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 3],
        ],
      }),
    ),
    on(image, () => tf.layers.zeroPadding2d({ padding: [1, 2] })),
    on(planes, () => tf.layers.zeroPadding2d({ padding: 1, ...first })),
  ],
  ZeroPadding3D: [
    written(volume, { padding: 1 }, (x) =>
      x.pad([
        [0, 0],
        [1, 1],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    ),
  ],
  Cropping1D: [written(line, { cropping: [1, 2] }, (x) => x.slice([0, 1, 0], [-1, 5, -1]))],
  Cropping2D: [
    on(image, () =>
      tf.layers.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    ),
    on(planes, () =>
      tf.layers.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
        ...first,
      }),
    ),
  ],
  Cropping3D: [written(volume, { cropping: 1 }, (x) => x.slice([0, 1, 1, 1, 0], [-1, 3, 2, 4, -1]))],
  UpSampling1D: [written(line, { size: 2 }, (x) => x.expandDims(2).tile([1, 1, 2, 1]).reshape([x.shape[0], 16, 3]))],
  UpSampling2D: [
    on(image, () => tf.layers.upSampling2d({ size: [2, 3] })),
    on(image, () => tf.layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })),
    on(planes, () => tf.layers.upSampling2d({ size: [2, 2], ...first })),
    written(image, { size: [2, 2], interpolation: 'bilinear' }, (x) => bilinear(x, [14, 12])),
  ],
  UpSampling3D: [
    written([2, 1, 1, 2], { size: [2, 1, 1] }, (x) =>
      x.expandDims(2).tile([1, 1, 2, 1, 1, 1]).reshape([x.shape[0], 4, 1, 1, 2]),
    ),
  ],

  Conv1D: conv1d,
  Conv2D: conv2d,
  Conv3D: conv3d,
  Convolution1D: [
    written(
      line,
      { filters: 2, kernel_size: [3], use_bias: false },
      (x, [w]) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, 'valid'),
      [[3, 3, 2]],
    ),
  ],
  Convolution2D: [
    written(
      image,
      { filters: 4, kernel_size: [3, 3], groups: 1, use_bias: false },
      (x, [w]) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid'),
      [[3, 3, 3, 4]],
    ),
    written(
      [5, 5, 4],
      { filters: 2, kernel_size: [3, 3], groups: 2, use_bias: false },
      (x, [w]) => {
        const [a, b] = tf.split(x as tf.Tensor4D, 2, 3) as tf.Tensor4D[];
        const [u, v] = tf.split(w as tf.Tensor4D, 2, 3) as tf.Tensor4D[];
        return tf.concat([tf.conv2d(a, u, 1, 'valid'), tf.conv2d(b, v, 1, 'valid')], 3);
      },
      [[3, 3, 2, 2]],
    ),
  ],
  Convolution3D: [
    written(
      volume,
      { filters: 2, kernel_size: [2, 2, 2], use_bias: false },
      (x, [w]) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'valid'),
      [[2, 2, 2, 2, 2]],
    ),
  ],
  Conv1DTranspose: [
    written(
      line,
      { filters: 4, kernel_size: [3], strides: [2], padding: 'same', use_bias: false },
      (x, [w]) =>
        tf
          .conv2dTranspose(
            x.expandDims(1) as tf.Tensor4D,
            w.expandDims(0) as tf.Tensor4D,
            [x.shape[0], 1, 16, 4],
            [1, 2],
            'same',
          )
          .squeeze([1]),
      [[3, 4, 3]],
    ),
  ],
  Conv2DTranspose: [
    on(image, () => tf.layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })),
    on(image, () => tf.layers.conv2dTranspose({ filters: 4, kernelSize: [2, 4], strides: [3, 2], activation: 'relu' })),
    on(planes, () => tf.layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', ...first })),
    written(
      image,
      { filters: 2, kernel_size: [3, 3], strides: [2, 2], padding: 'same', output_padding: [0, 1], use_bias: false },
      (x, [w]) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [x.shape[0], 13, 12, 2], 2, 'same'),
      [[3, 3, 2, 3]],
    ),
  ],
  Conv3DTranspose: [
    on(volume, () => tf.layers.conv3dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })),
  ],
  DepthwiseConv1D: [
    written(
      line,
      { kernel_size: [3], depth_multiplier: 2, use_bias: false },
      (x, [w]) =>
        tf.depthwiseConv2d(x.expandDims(1) as tf.Tensor4D, w.expandDims(0) as tf.Tensor4D, 1, 'valid').squeeze([1]),
      [[3, 3, 2]],
    ),
  ],
  DepthwiseConv2D: [
    on(image, () =>
      tf.layers.depthwiseConv2d({
        kernelSize: 3,
        depthMultiplier: 2,
        strides: 2,
        padding: 'same',
        activation: 'relu6',
      }),
    ),
  ],
  SeparableConv1D: [
    written(
      line,
      { filters: 4, kernel_size: [3], padding: 'same', use_bias: false },
      (x, [d, p]) =>
        tf
          .separableConv2d(
            x.expandDims(1) as tf.Tensor4D,
            d.expandDims(0) as tf.Tensor4D,
            p.expandDims(0) as tf.Tensor4D,
            1,
            'same',
          )
          .squeeze([1]),
      [
        [3, 3, 1],
        [1, 3, 4],
      ],
    ),
  ],
  SeparableConv2D: [
    on(image, () =>
      tf.layers.separableConv2d({ filters: 4, kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu' }),
    ),
  ],

  MaxPooling1D: pool1d('maxPooling'),
  MaxPooling2D: pool2d('maxPooling'),
  MaxPooling3D: pool3d('maxPooling'),
  AveragePooling1D: pool1d('averagePooling'),
  AveragePooling2D: pool2d('averagePooling'),
  AveragePooling3D: pool3d('averagePooling'),
  GlobalMaxPooling1D: [on(line, () => tf.layers.globalMaxPooling1d({}))],
  GlobalMaxPooling2D: [
    on(image, () => tf.layers.globalMaxPooling2d({ dataFormat: 'channelsLast' })),
    on(planes, () => tf.layers.globalMaxPooling2d(first)),
  ],
  GlobalMaxPooling3D: [written(volume, { keepdims: true }, (x) => x.max([1, 2, 3], true))],
  GlobalAveragePooling1D: [on(line, () => tf.layers.globalAveragePooling1d({}))],
  GlobalAveragePooling2D: [
    on(image, () => tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' })),
    on(planes, () => tf.layers.globalAveragePooling2d(first)),
  ],
  GlobalAveragePooling3D: [written(volume, {}, (x) => x.mean([1, 2, 3]))],

  BatchNormalization: [
    on(image, () => tf.layers.batchNormalization({ epsilon: 0.01 })),
    // TF.js' CPU backend repeats the statistics along the last axis whatever the axis is.
    written(
      planes,
      { axis: 1, center: false, epsilon: 0.01 },
      (x, w) => {
        const [gamma, mean, variance] = w.map((v) => v.reshape([3, 1, 1]));
        return x.sub(mean).div(variance.add(0.01).sqrt()).mul(gamma);
      },
      [[3], [3], [3]],
    ),
    on(vector, () => tf.layers.batchNormalization({ scale: false })),
  ],
  LayerNormalization: [
    on(image, () => tf.layers.layerNormalization()),
    on(image, () => tf.layers.layerNormalization({ axis: [1, 2], epsilon: 0.01, center: false })),
    on(image, () => tf.layers.layerNormalization({ axis: [2, 3] })),
  ],
  GroupNormalization: [
    written(
      [4, 5, 6],
      { groups: 3, axis: -1, epsilon: 0.01 },
      (x, w) => scaledBy(standard(x.reshape([x.shape[0], 4, 5, 3, 2]), [1, 2, 4], 0.01).reshape(x.shape), w),
      [[6], [6]],
    ),
    written([6], { groups: -1, scale: false, center: false, epsilon: 0.01 }, (x) => x.mul(0)),
  ],
  UnitNormalization: [written(line, { axis: [1, 2] }, (x) => x.div(x.square().sum([1, 2], true).sqrt()))],
  Normalization: [
    written(line, { axis: [-1], mean: [[[0.1, 0.2, 0.3]]], variance: [4, 1, 0.25] }, (x) =>
      x.sub([0.1, 0.2, 0.3]).div([2, 1, 0.5]),
    ),
    written(line, { axis: [-1] }, (x, [m, v]) => x.sub(m).div(v.sqrt().maximum(1e-7)), [[3], [3], []]),
  ],
} satisfies Partial<Record<LayerClass, Row>>;
