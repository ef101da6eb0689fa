import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import type { FormatId, ImportedModel } from '../../src/lib/formats/model.ts';
import { expectedBy } from '../../src/lib/model/preset.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { preprocessingFor, presets } from '../../src/lib/vision/preprocess.ts';
import { uniform } from '../reference/random.ts';

const image = () => new Value('float32', [N, 8, 8, 3], { name: 'image' });

const WHOLE = { layout: 'NHWC', channels: 3, height: 8, width: 8 } as const;
type Beside = Parameters<typeof expectedBy>[3];
const expectedOf = (imported: ImportedModel, beside: Beside = []) => expectedBy(imported, 0, WHOLE, beside);
const presetFor = (imported: ImportedModel, beside: Beside = []) => expectedOf(imported, beside).preprocessing.preset;

/** A model that begins as `begin` says. */
function model(format: FormatId, producer = '', begin = (_: Builder, x: Value): Value => x): ImportedModel {
  const [g, x] = [new Builder(), image()];
  return {
    format,
    graph: { name: 'm', inputs: [x], outputs: [g.relu(begin(g, x))] },
    info: { producer, version: '', opset: null },
    inputs: [{ name: 'image', dtype: 'float32', shape: [null, 8, 8, 3] }],
    outputs: ['y'],
    external: [],
    batched: true,
    notes: [],
  };
}

const metadata = (content: object, name = 'metadata.json') => ({
  name,
  bytes: new TextEncoder().encode(JSON.stringify(content)),
});

describe('what a model is guessed to be fed', () => {
  it.each<[FormatId, string, string]>([
    ['onnx', 'pytorch 2.1', 'torchvision'],
    ['onnx', 'tf2onnx 1.16', 'minus-one-to-one'],
    ['onnx', 'caffe2', 'caffe'],
    ['keras', 'Keras 2.4.0', 'zero-to-one'],
    ['tfjs-layers', '', 'zero-to-one'],
    ['tflite', '', 'minus-one-to-one'],
    ['tensorflow', '', 'minus-one-to-one'],
  ])('%s by “%s”: %s', (format, producer, preset) => {
    expect(presetFor(model(format, producer))).toBe(preset);
    expect(expectedOf(model(format, producer)).because).toBe('');
    expect(presets.map(({ id }) => id)).toContain(preset);
  });

  it('is pixels as they are where the first layer rescales them', () => {
    expect(presetFor(model('keras', '', (g, x) => g.mul(x, 1 / 255)))).toBe('zero-to-255');
    expect(presetFor(model('tflite', '', (g, x) => g.sub(g.mul(x, 1 / 127.5), 1)))).toBe('zero-to-255');
    expect(presetFor(model('tfjs-graph', '', (g, x) => g.div(x, 255)))).toBe('zero-to-255');
    expect(presetFor(model('keras', '', (g, x) => g.mul(x, 2)))).toBe('zero-to-one');
    expect(presetFor(model('keras', '', (g, x) => g.div(x, 0.225)))).toBe('zero-to-one');
  });

  it('is pixels as they are also where they are resized before they are rescaled', () => {
    const resized = (g: Builder, x: Value) =>
      g.apply('Resize', [g.transpose(x, [0, 3, 1, 2]), null, null, g.ints([N, 3, 4, 4])], { mode: 'linear' });
    expect(presetFor(model('keras', '', (g, x) => g.mul(resized(g, x), 1 / 255)))).toBe('zero-to-255');
    expect(presetFor(model('keras', '', (g, x) => g.mul(resized(g, x), 1 / 2)))).toBe('zero-to-one');
  });

  describe('where a batch normalisation stands behind the first convolution', () => {
    const normalised = (weights: number[], bias: number[], mean: number[], variance: number[]) =>
      model('keras', 'Keras 2.4.0', (g, x) => {
        const count = mean.length;
        const w = g.constant(float32([count, 3, 1, 1], weights));
        const y = g.apply('Conv', [g.transpose(x, [0, 3, 1, 2]), w, g.constant(float32([count], bias))]);
        const scale = [mean.map(() => 1), mean.map(() => 0), mean, variance];
        return g.apply('BatchNormalization', [y, ...scale.map((v) => g.constant(float32([count], v)))]);
      });
    // Channels of Σ|w| = 3 and of 6, with biases 1 and 0.
    const two = (mean: number[], variance: number[]) => normalised([1, -1, 1, 2, -2, 2], [1, 0], mean, variance);

    it('is pixels of 0…255 where it counted on no smaller ones, Caffe’s where their mean was taken off', () => {
      expect(presetFor(two([120, 230], [9.1 ** 2, 18.1 ** 2]))).toBe('zero-to-255');
      expect(presetFor(two([101, -181], [70 ** 2, 140 ** 2]))).toBe('zero-to-255');
      expect(presetFor(two([1, 2], [70 ** 2, 140 ** 2]))).toBe('caffe');
      expect(presetFor(two([9.9, -17.9], [8.9 ** 2, 17.9 ** 2]))).toBe('zero-to-one');
      expect(presetFor(two([500, 0], [1, 1]))).toBe('zero-to-one');
    });

    it.each([
      ['zero-to-one', 'zero-to-one', 'tflite'],
      ['minus-one-to-one', 'minus-one-to-one', 'keras'],
      ['torchvision', 'torchvision', 'keras'],
      ['zero-to-255', 'zero-to-255', 'keras'],
      ['caffe', 'caffe', 'keras'],
    ] as const)('is %s where its statistics are those of photos fed so', (fed, preset, format) => {
      const { scale, mean, std, order } = preprocessingFor(fed, WHOLE);
      const random = uniform(9);
      // Photos: channels that go together, with the mean and deviation of ImageNet.
      const photos = Array.from({ length: 4000 }, () => {
        const [light, ...tints] = Array.from({ length: 4 }, () => random() + random() + random() - 1.5);
        return tints.map((tint, c) => [0.485, 0.456, 0.406][c] + 0.46 * light + 0.15 * tint);
      });
      const pixels = photos.map((rgb) =>
        (order === 'BGR' ? rgb.toReversed() : rgb).map(
          (v, c) => (Math.min(1, Math.max(0, v)) * scale - mean[c]) / std[c],
        ),
      );
      const filters = Array.from({ length: 16 }, () => [0, 1, 2].map(() => random() - 0.3));
      const statistics = filters.map((w) => {
        const y = pixels.map((p) => p.reduce((sum, v, c) => sum + v * w[c], 0));
        const average = y.reduce((a, b) => a + b, 0) / y.length;
        return [average, y.reduce((a, b) => a + (b - average) ** 2, 0) / y.length];
      });
      const [means, variances] = [0, 1].map((k) => statistics.map((row) => row[k]));
      const made = normalised(
        filters.flat(),
        means.map(() => 0),
        means,
        variances,
      );
      expect(presetFor({ ...made, format })).toBe(preset);
      expect(expectedOf(made).because).toMatch(/batch normalisation/);
    });
  });

  it('is pixels of 0…255 where the first convolution’s weights are too small for others', () => {
    const begin = (size: number) => (g: Builder, x: Value) =>
      g.apply('Conv', [
        g.transpose(x, [0, 3, 1, 2]),
        g.constant(
          float32(
            [2, 3, 1, 1],
            [1, -1, 1, 1, 1, 1].map((v) => v * size),
          ),
        ),
      ]);
    expect(expectedOf(model('tflite', '', begin(0.05)))).toMatchObject({
      preprocessing: { preset: 'zero-to-255' },
      because: 'its first weights are too small for other numbers',
    });
    expect(expectedOf(model('tflite', '', begin(0.2)))).toMatchObject({
      preprocessing: { preset: 'minus-one-to-one' },
      because: '',
    });
  });

  it('is what the metadata of the file name, by a preset where there is one', () => {
    const named = (mean: number[], deviation: number[], range?: readonly [number, number]): ImportedModel => {
      const plain = model('tflite');
      return {
        ...plain,
        inputs: [{ ...plain.inputs[0], normalization: { mean, deviation }, ...(range && { range }) }],
      };
    };
    expect(presetFor(named([127.5], [127.5]))).toBe('minus-one-to-one');
    expect(presetFor(named([0], [255]))).toBe('zero-to-one');
    expect(presetFor(named([0, 0, 0], [1, 1, 1]))).toBe('zero-to-255');
    expect(
      presetFor(
        named(
          [0.485, 0.456, 0.406].map((v) => v * 255),
          [0.229, 0.224, 0.225].map((v) => v * 255),
        ),
      ),
    ).toBe('torchvision');
    expect(expectedOf(named([100, 110, 120], [50, 60, 70]))).toMatchObject({
      preprocessing: { preset: 'custom', scale: 255, mean: [100, 110, 120], std: [50, 60, 70] },
      because: 'the file’s metadata give its mean and deviation',
    });
    expect(presetFor(named([1, 2], [1, 2]))).toBe('minus-one-to-one');
    // A quantised input of −1…1 cannot hold pixels of 0…255, whatever the metadata say.
    expect(presetFor(named([0], [1], [-1, 0.992]))).toBe('minus-one-to-one');
    expect(expectedOf(named([0], [1], [-1, 0.992])).because).toBe('its input can hold no other numbers');
    expect(presetFor(named([0], [1], [0, 255]))).toBe('zero-to-255');
  });

  it('is what a quantised input can hold', () => {
    const taking = (low: number, high: number): ImportedModel => {
      const plain = model('tflite');
      return { ...plain, inputs: [{ ...plain.inputs[0], range: [low, high] }] };
    };
    expect(presetFor(taking(0, 255))).toBe('zero-to-255');
    expect(presetFor(taking(0, 255 * 0.00392156))).toBe('zero-to-one');
    expect(presetFor(taking(-128 * 0.0078125, 127 * 0.0078125))).toBe('minus-one-to-one');
    expect(presetFor(taking(-2.124, 2.627))).toBe('torchvision');
    expect(presetFor(taking(0, 6))).toBe('minus-one-to-one');
  });

  it('is Teachable Machine’s where its metadata lies beside the model', () => {
    const said = { tfjsVersion: '1.3.1', tmVersion: '2.4.5', labels: ['a', 'b'], imageSize: 224 };
    expect(presetFor(model('tfjs-layers'), [metadata(said)])).toBe('teachable-machine');
    expect(presetFor(model('tfjs-layers'), [metadata(said, 'net/metadata.json')])).toBe('teachable-machine');
    expect(presetFor(model('tfjs-layers'), [metadata({ labels: ['a'] })])).toBe('zero-to-one');
    expect(presetFor(model('tfjs-layers'), [metadata(said, 'other.json')])).toBe('zero-to-one');
  });
});
