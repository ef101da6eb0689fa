import { describe, expect, it } from 'vitest';
import { N, batch } from '../../src/lib/graph/dim.ts';
import { constantsOf, print, Value, type Graph } from '../../src/lib/graph/graph.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { float32, makeTensor, toNumbers } from '../../src/lib/tensor/tensor.ts';
import { relativeMiss } from './compare.ts';
import { projectPath, readArray, readBytes, runFile, runGraph } from './shared.ts';

const g = new Builder();
const names = ['mlp', 'cnn_plain', 'cnn_relu_maxpool', 'resnet_mix', 'seg'];
const folder = (name: string) => projectPath(`tests/goldens/data/${name}`);
const fed = readArray(`${folder('resnet_mix')}/input.npy`);
const batchOfAll = fed.shape[0];

describe('reading, writing and reading again', () => {
  it.each(names)('%s: gives the same graph for one example', (name) => {
    const first = readOnnx(readBytes(`${folder(name)}/model.onnx`), name, { batched: false });
    const { bytes, external } = writeModel(first.graph);
    const again = readOnnx(bytes, name, { batched: false, external });
    const plain = (graph: Graph) => print(graph).replaceAll(/\bc\d+\b|constant\w*/g, 'c');
    expect(plain(again.graph)).toBe(plain(first.graph));
    const weights = (graph: Graph) => constantsOf(graph).map((v) => [v.shape, toNumbers(v.constant!)]);
    expect(weights(again.graph)).toEqual(weights(first.graph));
    expect(again.outputs).toEqual(first.outputs);
  });
});

describe('weights', () => {
  it('are referred to where they lie in the dropped file, and onnxruntime takes them from there', async () => {
    const file = readBytes(`${folder('resnet_mix')}/model.onnx`);
    const { graph } = readOnnx(file, 'resnet_mix.onnx');
    const { bytes, external, inputs, outputs } = writeModel(graph, { batch: batchOfAll });
    expect(external.map(({ data }) => data.buffer)).toEqual([file.buffer]);
    expect(bytes.length).toBeLessThan(file.length);
    const [got] = await runFile(bytes, [[inputs[0], fed]], outputs, external);
    expect(relativeMiss(got, readArray(`${folder('resnet_mix')}/output.npy`))).toBeLessThan(1e-5);
  });

  it('lie in the file itself when it is made for download', async () => {
    const { graph } = readOnnx(readBytes(`${folder('resnet_mix')}/model.onnx`), 'resnet_mix.onnx');
    const { bytes, external, inputs, outputs } = writeModel(graph, {
      batch: batchOfAll,
      weights: 'embedded',
      metadata: { target: 'class 3' },
    });
    expect(external).toEqual([]);
    const [got] = await runFile(bytes, [[inputs[0], fed]], outputs);
    expect(relativeMiss(got, readArray(`${folder('resnet_mix')}/output.npy`))).toBeLessThan(1e-5);
    expect(readOnnx(bytes, 'copy.onnx').info).toMatchObject({
      producer: 'Vitrine',
      opset: 20,
      irVersion: 9,
      metadata: { target: 'class 3' },
    });
  });
});

describe('a written graph', () => {
  const x = new Value('float32', [N, 2], { name: 'x' });
  const graphOf = (...outputs: Value[]): Graph => ({ name: 'g', inputs: [x], outputs });
  const feed = float32([3, 2], [1, 2, 3, 4, 5, 6]);

  it('has N bound everywhere, also in shapes that nodes read', async () => {
    const y = g.reshape(g.concat([x, g.expand(g.scalar(7), [N, 2])], 1), [batch(2), 2]);
    const [got] = await runGraph(graphOf(y), [feed], { batch: 3 });
    expect(got).toEqual(float32([6, 2], [1, 2, 7, 7, 3, 4, 7, 7, 5, 6, 7, 7]));
  });

  it('gives every output a name of its own: inputs, constants and values that are outputs twice', async () => {
    const y = g.mul(x, 2);
    const results = await runGraph(graphOf(y, x, y, g.constant(float32([1], [9]))), [feed], { batch: 3 });
    expect(results.map((t) => [...t.data])).toEqual([[2, 4, 6, 8, 10, 12], [...feed.data], [2, 4, 6, 8, 10, 12], [9]]);
  });

  it('keeps names apart that were equal', () => {
    const a = g.apply('Relu', [x], {}, { outputs: ['x'] });
    const b = g.apply('Neg', [a], {}, { outputs: ['x'] });
    const { inputs, outputs } = writeModel(graphOf(b));
    expect(inputs).toEqual(['x']);
    expect(outputs).not.toEqual(['x']);
  });

  it('writes floats as floats where they are whole numbers', async () => {
    const y = g.apply('LeakyRelu', [x], { alpha: 1 });
    expect((await runGraph(graphOf(y), [feed], { batch: 3 }))[0].data).toEqual(feed.data);
  });

  it('keeps int64 constants exact', async () => {
    const big = g.constant(makeTensor('int64', [1], BigInt64Array.of(2n ** 60n + 1n)));
    const [got] = await runGraph(graphOf(g.add(big, big)), [feed], { batch: 3 });
    expect(got.data[0]).toBe(2n ** 61n + 2n);
  });

  it('refuses operators that no runtime knows, by name and count', () => {
    const image = new Value('float32', [N, 1, 4, 4], { name: 'x' });
    const swish = g.apply('Swish', [g.apply('Swish', [image])]);
    const pooled = g.apply('MaxPool', [image], { kernel_shape: [2, 2], strides: [2, 2] });
    const back = g.apply(
      'MaxPoolGrad',
      [image, pooled],
      { kernel_shape: [2, 2], strides: [2, 2] },
      { domain: 'vitrine' },
    );
    expect(() => writeModel({ name: 'g', inputs: [image], outputs: [swish, back] })).toThrow(
      /Swish \(×2\), MaxPoolGrad \(×1\) cannot be written at opset 20/,
    );
  });
});
