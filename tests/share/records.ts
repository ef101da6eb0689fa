/** Records to share, small and large. */
import type { SharedRecord } from '../../src/lib/share/record.ts';

const hex = (seed: number): string =>
  Array.from({ length: 64 }, (_, i) => ((seed * 2654435761 + i * 40503 * (i + seed)) >>> 7) % 16)
    .map((digit) => digit.toString(16))
    .join('');

export const typical: SharedRecord = {
  model: { bundled: 'vitrine-16', name: 'vitrine-16.onnx', bytes: 1_175_602, sha256: hex(1), url: '' },
  output: null,
  image: { bundled: 'cat-0', name: 'Grey cat', bytes: 51_234, sha256: hex(2), url: '' },
  preprocessing: {
    preset: 'custom',
    layout: 'NCHW',
    order: 'RGB',
    width: 96,
    height: 96,
    resize: 'centre-crop',
    cropFraction: 1,
    scale: 1,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  others: [],
  target: { kind: 'logit', index: 2 },
  neuron: null,
  through: null,
  method: 'integrated-gradients',
  options: {},
  baseline: { kind: 'black' },
  layer: null,
  seed: 0,
  view: {
    opacity: 0.9,
    diverging: null,
    sequential: 'ember',
    sign: 'all',
    percentile: 99,
    smooth: true,
    fade: true,
    backdrop: 'grey',
  },
  version: '0.1.0',
  device: { runtime: 'onnxruntime-web', kind: 'wasm', threads: 4, version: '1.30.0' },
  label: 'cat',
  otherLabel: '',
  numbers: { value: 12.3457, delta: -0.00123457, sum: 13.1, max: 0.0512 },
  place: null,
};

/** After a look inside the model. */
export const placed: SharedRecord = {
  ...typical,
  place: {
    tab: 'maximise',
    layer: 'relu3',
    channel: 12,
    position: { y: 4, x: 5 },
    details: {
      maps: { order: 'mean', scale: 'shared' },
      filters: {},
      maximise: { objective: 'channel', parametrisation: 'maco', steps: '512', seed: '7', second: '3', weight: '-0.5' },
    },
  },
};

/** Of a neuron in place of a class. */
export const ofNeuron: SharedRecord = {
  ...typical,
  neuron: { layer: 'relu3', channel: 12, position: { y: 4, x: 5 } },
  label: '',
  numbers: { value: 1.2345, delta: 0.000123457, sum: 1.2346, max: 0.0112 },
};

/** A class by way of a neuron. */
export const throughNeuron: SharedRecord = { ...typical, method: 'neuron-conductance', through: ofNeuron.neuron };

/** Against as many other images as the page takes, some with long names. */
export const againstImages: SharedRecord = {
  ...typical,
  method: 'expected-gradients',
  baseline: {
    kind: 'images',
    images: Array.from({ length: 11 }, (_, i) => ({
      bundled: i === 0 ? 'fish-2' : '',
      name: i % 2 ? `IMG_20260811_1745${i} (a copy of the one before it).jpeg` : `holiday ${i}.png`,
      bytes: 123_456 + i,
      sha256: hex(20 + i),
      url: '',
    })),
  },
};

/** Of a model of two images. */
export const pair: SharedRecord = {
  ...typical,
  model: { bundled: '', name: 'same-thing.onnx', bytes: 4021, sha256: hex(6), url: '' },
  others: [
    {
      image: { bundled: '', name: 'the other one.png', bytes: 61_234, sha256: hex(7), url: '' },
      preprocessing: { ...typical.preprocessing, preset: 'caffe', order: 'BGR', width: 48, height: 64, scale: 255 },
    },
  ],
};

/** Every field away from its default, and names as long as they may be. */
export const long: SharedRecord = {
  model: {
    bundled: '',
    name: `${'résnet-fine-tuned-on-my-own-photographs-'.repeat(2)}2026.onnx`,
    bytes: 102_400_123,
    sha256: hex(3),
    url: 'https://huggingface.co/onnxmodelzoo/legacy_models/resolve/main/validated/vision/classification/resnet/model/resnet50-v1-7.onnx',
  },
  output: 'auxiliary_classifier/logits:0',
  image: {
    bundled: '',
    name: 'IMG_20260811_174501_portrait (copy of the second one).jpeg',
    bytes: 8_123_456,
    sha256: hex(4),
    url: 'https://upload.wikimedia.org/wikipedia/commons/thumb/3/3a/Cat03.jpg/1200px-Cat03.jpg',
  },
  preprocessing: {
    preset: 'caffe',
    layout: 'NHWC',
    order: 'BGR',
    width: 448,
    height: 299,
    resize: 'fit',
    cropFraction: 0.9,
    scale: 255,
    mean: [103.939, 116.779, 123.68],
    std: [1.00001, 1.00002, 1.00003],
  },
  others: [],
  target: { kind: 'difference', index: 281, other: 999 },
  neuron: null,
  through: null,
  method: 'guided-grad-cam',
  options: { steps: 300, rule: 'gauss-legendre', absolute: true, noise: 0.12345, samples: 128, patch: 16, stride: 8 },
  baseline: {
    kind: 'image',
    image: { bundled: '', name: 'snow on the mountain.png', bytes: 1234, sha256: hex(5), url: '' },
  },
  layer: '/features/denseblock4/denselayer16/conv2/Conv_output_0_with_a_name_as_exporters_make_them',
  seed: 4_294_967_295,
  view: {
    opacity: 0.35,
    diverging: 'iris',
    sequential: 'lagoon',
    sign: 'absolute',
    percentile: 97.5,
    smooth: false,
    fade: false,
    backdrop: 'none',
  },
  version: '12.34.56-beta.7',
  device: { runtime: 'onnxruntime-web', kind: 'webgpu', threads: 16, version: '1.30.0' },
  label: 'Egyptian cat, tabby',
  otherLabel: 'toilet tissue, toilet paper, bathroom tissue',
  numbers: { value: -1.23457e-8, delta: 9.87654e-7, sum: -123457, max: 8.7654e-5 },
  place: null,
};
