/** @file Layers models of TensorFlow.js, drawn from a seed: what the runtimes are compared on. */
import * as layers from '@tensorflow/tfjs-layers';

export const CLASSES = 16;

export interface LayersModel {
  /** Side of its square image. */
  readonly side: number;
  readonly build: () => layers.LayersModel;
}

/** Draws weights; the next one draws others. */
function seeded() {
  let seed = 1;
  return {
    kernel: () => layers.initializers.heNormal({ seed: seed++ }),
    around: (mean: number) => layers.initializers.randomNormal({ mean, stddev: 0.1, seed: seed++ }),
  };
}

type Random = ReturnType<typeof seeded>;

/** With what training would have left in it. */
const normalization = ({ around }: Random) =>
  layers.layers.batchNormalization({
    gammaInitializer: around(1),
    betaInitializer: around(0),
    movingMeanInitializer: around(0),
    movingVarianceInitializer: 'ones',
  });

/** Convolutions, poolings and a dense layer, as small classifiers in pages have them. */
function plain(side: number): layers.LayersModel {
  const random = seeded();
  const conv = (filters: number, more: object = {}) =>
    layers.layers.conv2d({
      filters,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: random.kernel(),
      ...more,
    });
  const pool = () => layers.layers.maxPooling2d({ poolSize: 2 });
  return layers.sequential({
    layers: [
      conv(16, { inputShape: [side, side, 3] }),
      conv(16),
      pool(),
      conv(32),
      conv(32),
      pool(),
      conv(64),
      layers.layers.globalAveragePooling2d({}),
      layers.layers.dense({ units: CLASSES, kernelInitializer: random.kernel() }),
    ],
  });
}

/** MobileNet: depthwise and pointwise convolutions in turn, each with a batch normalisation and ReLU6. */
function mobileNet(side: number): layers.LayersModel {
  const random = seeded();
  const input = layers.input({ shape: [side, side, 3] });
  const relu6 = (x: layers.SymbolicTensor) =>
    layers.layers.reLU({ maxValue: 6 }).apply(normalization(random).apply(x)) as layers.SymbolicTensor;
  const conv = (filters: number, kernelSize: number, strides: number) =>
    layers.layers.conv2d({
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: random.kernel(),
    });
  const depthwise = (strides: number) =>
    layers.layers.depthwiseConv2d({
      kernelSize: 3,
      strides,
      padding: 'same',
      useBias: false,
      depthwiseInitializer: random.kernel(),
    });
  let x = relu6(conv(16, 3, 2).apply(input) as layers.SymbolicTensor);
  for (const [filters, strides] of [
    [32, 1],
    [64, 2],
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
  ]) {
    x = relu6(depthwise(strides).apply(x) as layers.SymbolicTensor);
    x = relu6(conv(filters, 1, 1).apply(x) as layers.SymbolicTensor);
  }
  return withHead(input, x, random);
}

function withHead(input: layers.SymbolicTensor, x: layers.SymbolicTensor, random: Random): layers.LayersModel {
  const pooled = layers.layers.globalAveragePooling2d({}).apply(x) as layers.SymbolicTensor;
  const dense = layers.layers.dense({ units: CLASSES, kernelInitializer: random.kernel() });
  return layers.model({ inputs: input, outputs: dense.apply(pooled) as layers.SymbolicTensor });
}

/** ResNet: a large first convolution, an overlapping pooling, and blocks that add what came in to what they made of it. */
function resNet(side: number): layers.LayersModel {
  const random = seeded();
  const input = layers.input({ shape: [side, side, 3] });
  const conv = (x: layers.SymbolicTensor, filters: number, kernelSize: number, strides: number) => {
    const kernelInitializer = random.kernel();
    const y = layers.layers
      .conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer })
      .apply(x);
    return normalization(random).apply(y) as layers.SymbolicTensor;
  };
  const relu = (x: layers.SymbolicTensor) => layers.layers.reLU().apply(x) as layers.SymbolicTensor;
  const block = (x: layers.SymbolicTensor, filters: number, strides: number) => {
    const residual = conv(relu(conv(x, filters, 3, strides)), filters, 3, 1);
    const shortcut = strides === 1 ? x : conv(x, filters, 1, strides);
    return relu(layers.layers.add().apply([residual, shortcut]) as layers.SymbolicTensor);
  };
  const stem = relu(conv(input, 32, 7, 2));
  let x = layers.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(stem) as layers.SymbolicTensor;
  for (const [filters, strides] of [
    [32, 1],
    [32, 1],
    [64, 2],
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
  ])
    x = block(x, filters, strides);
  return withHead(input, x, random);
}

export const layersModels: Readonly<Record<string, LayersModel>> = {
  plain: { side: 96, build: () => plain(96) },
  MobileNet: { side: 128, build: () => mobileNet(128) },
  ResNet: { side: 128, build: () => resNet(128) },
};
