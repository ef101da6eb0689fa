import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import type { FormatId, ImportedModel } from '../../src/lib/formats/model.ts';
import { presetFor } from '../../src/lib/model/preset.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { presets } from '../../src/lib/vision/preprocess.ts';

const image = () => new Value('float32', [N, 8, 8, 3], { name: 'image' });

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
    expect(presets.map(({ id }) => id)).toContain(preset);
  });

  it('is pixels as they are where the first layer rescales them', () => {
    expect(presetFor(model('keras', '', (g, x) => g.mul(x, 1 / 255)))).toBe('zero-to-255');
    expect(presetFor(model('tflite', '', (g, x) => g.sub(g.mul(x, 1 / 127.5), 1)))).toBe('zero-to-255');
    expect(presetFor(model('tfjs-graph', '', (g, x) => g.div(x, 255)))).toBe('zero-to-255');
    expect(presetFor(model('keras', '', (g, x) => g.mul(x, 2)))).toBe('zero-to-one');
    expect(presetFor(model('keras', '', (g, x) => g.div(x, 0.225)))).toBe('zero-to-one');
  });

  it('is pixels as they are where batch normalisation behind the first convolution counted on no smaller ones', () => {
    const normalised = (mean: number[], variance: number[]) =>
      model('keras', 'Keras 2.4.0', (g, x) => {
        // Channels of Σ|w| = 3 and of 6, with biases 1 and 0.
        const w = g.constant(float32([2, 3, 1, 1], [1, -1, 1, 2, -2, 2]));
        const y = g.apply('Conv', [g.transpose(x, [0, 3, 1, 2]), w, g.constant(float32([2], [1, 0]))]);
        const four = [[1, 1], [0, 0], mean, variance].map((numbers) => g.constant(float32([2], numbers)));
        return g.apply('BatchNormalization', [y, ...four]);
      });
    expect(presetFor(normalised([0, 0], [9.1 ** 2, 18.1 ** 2]))).toBe('zero-to-255');
    expect(presetFor(normalised([10.1, -18.1], [1, 1]))).toBe('zero-to-255');
    expect(presetFor(normalised([9.9, -17.9], [8.9 ** 2, 17.9 ** 2]))).toBe('zero-to-one');
    expect(presetFor(normalised([500, 0], [1, 1]))).toBe('zero-to-one');
  });

  it('is what a quantised input can hold', () => {
    const taking = (low: number, high: number): ImportedModel => {
      const plain = model('tflite');
      return { ...plain, inputs: [{ ...plain.inputs[0], range: [low, high] }] };
    };
    expect(presetFor(taking(0, 255))).toBe('zero-to-255');
    expect(presetFor(taking(0, 255 * 0.00392156))).toBe('zero-to-one');
    expect(presetFor(taking(-128 * 0.0078125, 127 * 0.0078125))).toBe('minus-one-to-one');
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
