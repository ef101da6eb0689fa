/** Whole models: what our writer writes computes what the model's makers say it computes. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { decodeTensor, fromFloat32 } from '../../src/lib/formats/onnx/tensors.ts';
import { decode, encode } from '../../src/lib/formats/protobuf/wire.ts';
import { float32, toFloat32, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { uniform } from '../reference/random.ts';
import { tensorProto } from './build-file.ts';
import { mismatch, relativeMiss } from './compare.ts';
import { readPb } from './node-cases.ts';
import { projectPath, readArray, readBytes, readZip, runFile, runGraph, sharedPath } from './shared.ts';

const report: string[] = [];
afterAll(() => console.log(`max|a − b| / max|b| against the shipped outputs:\n  ${report.join('\n  ')}`));

const goldens = sharedPath('goldens/captum') ?? projectPath('tests/goldens/data');

/** [folder, file] of every golden model. */
const goldenFiles = readdirSync(goldens, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) =>
    readdirSync(`${goldens}/${name}`)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => [name, file] as const),
  );

describe('models of the attribution goldens', () => {
  it.for(goldenFiles)('%s/%s computes its output.npy for the whole batch at once', async ([folder, file]) => {
    const bytes = readBytes(`${goldens}/${folder}/${file}`);
    const [input, output] = [readArray(`${goldens}/${folder}/input.npy`), readArray(`${goldens}/${folder}/output.npy`)];
    const model = readOnnx(bytes, file);
    expect(model.batched).toBe(true);
    const [got] = await runGraph(model.graph, [input], { batch: input.shape[0] });
    expect(relativeMiss(got, output)).toBeLessThan(1e-5);
    report.push(`${folder}/${file}: ${relativeMiss(got, output).toExponential(1)}`);
  });
});

const light = sharedPath('real/onnx_node_tests/light.zip');

describe.skipIf(!light)('architectures of the ONNX light models', () => {
  const files = light ? readZip(light) : {};
  const models = Object.keys(files).filter((path) => path.endsWith('.onnx'));

  it.for(models)('%s computes its shipped output', { timeout: 60_000 }, async (path) => {
    const model = readOnnx(files[path], path);
    const expected = toFloat32(readPb(files[path.replace('.onnx', '_output_0.pb')]));
    const [n, ...chw] = model.inputs[0].shape as number[];
    const size = chw.reduce((a, d) => a * d, n);
    // The input that ONNX's own runner generates for these models: arange(n) / n.
    const input: Tensor = {
      dtype: 'float32',
      shape: [n, ...chw],
      data: Float32Array.from({ length: size }, (_, i) => i / size),
    };
    expect(model.batched).toBe(true);
    const [got] = await runGraph(model.graph, [input], { batch: 1 });
    expect(mismatch(got, expected)).toBeNull();
    report.push(`${basename(path)}: ${relativeMiss(got, expected).toExponential(1)}`);
  });

  /** Their shipped weights are constants, so many wrong graphs give the shipped output: random ones tell more. */
  const moderate = models.filter((path) => /squeezenet|shufflenet|inception_v1/.test(path));

  it.for(moderate)(
    '%s with random weights, two examples at once: the logits that onnxruntime makes of the file',
    { timeout: 60_000 },
    async (path) => {
      const bytes = withRandomWeights(files[path]);
      const model = readOnnx(bytes, path);
      const [, ...chw] = model.inputs[0].shape as number[];
      const size = chw.reduce((a, d) => a * d, 1);
      const pair: Tensor<'float32'> = {
        dtype: 'float32',
        shape: [2, ...chw],
        data: Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * i * 0.11)),
      };
      const [both] = await runGraph(model.graph, [pair], { batch: 2 });
      const second: Tensor = { dtype: 'float32', shape: [1, ...chw], data: pair.data.slice(size) };
      const [expected] = await runFile(bytes, [[model.inputs[0].name, second]], model.outputs);
      const mine: Tensor = { ...expected, data: (both.data as Float32Array).slice(expected.data.length) };
      expect(new Set(expected.data as Float32Array).size).toBeGreaterThan(expected.data.length / 2);
      expect(relativeMiss(mine, expected)).toBeLessThan(1e-4);
    },
  );
});

/** The file up to its logits, every ConstantOfShape (a weight that was taken out) replaced by random numbers of He's scale. */
function withRandomWeights(bytes: Uint8Array): Uint8Array {
  const model = decode(proto.Model, bytes);
  const graph = model.graph!;
  const shapes = new Map(
    graph.initializer.map((t) => [t.name, [...decodeTensor(t, { file: 'light', external: [] }).data].map(Number)]),
  );
  const next = uniform(7);
  const weights = graph.node
    .filter((n) => n.opType === 'ConstantOfShape')
    .map((n) => tensorProto(n.output[0], randomWeight(shapes.get(n.input[0])!, next)));
  const rest = graph.node.filter((n) => n.opType !== 'ConstantOfShape');
  const [last] = rest.slice(-1);
  const output = last.opType === 'Softmax' ? [{ name: last.input[0], type: null, docString: '' }] : graph.output;
  return encode(proto.Model, {
    ...model,
    graph: { ...graph, node: rest, initializer: [...graph.initializer, ...weights], output },
  });
}

/** Vectors (scales, means, variances) are positive and near 1. */
function randomWeight(shape: number[], next: () => number): Tensor {
  const fanIn = shape.slice(1).reduce((n, d) => n * d, 1);
  const length = (shape[0] ?? 1) * fanIn;
  const scale = shape.length > 1 ? Math.sqrt(6 / fanIn) : 0;
  return float32(
    shape,
    Float32Array.from({ length }, () => (scale ? scale * (2 * next() - 1) : 0.5 + next())),
  );
}

const real = ['mnist_ort.onnx', 'mnist_cnn_pytorch.onnx', 'squeezenet_fp16.onnx'];

describe.skipIf(!sharedPath('real/onnx'))('models of others', () => {
  it.for(real)('%s: each row of a batch of two is what the file gives for that example', async (file) => {
    const bytes = readBytes(sharedPath(`real/onnx/${file}`)!);
    const model = readOnnx(bytes, file);
    const [, ...chw] = model.inputs[0].shape as number[];
    const size = chw.reduce((a, d) => a * d, 1);
    const pair: Tensor<'float32'> = {
      dtype: 'float32',
      shape: [2, ...chw],
      data: Float32Array.from({ length: 2 * size }, (_, i) => Math.fround(200 * Math.sin(i * i) ** 2)),
    };
    const [both] = await runGraph(model.graph, [pair], { batch: 2 });
    const classes = both.data.length / 2;
    for (const row of [0, 1]) {
      const one: Tensor<'float32'> = {
        dtype: 'float32',
        shape: [1, ...chw],
        data: pair.data.slice(row * size, (row + 1) * size),
      };
      const half = model.inputs[0].dtype === 'float16';
      const [got] = await runFile(
        bytes,
        [[model.inputs[0].name, half ? fromFloat32(one, 'float16') : one]],
        model.outputs,
      );
      const expected = toFloat32(got).data;
      const mine = toFloat32(both).data.slice(row * classes, (row + 1) * classes);
      expect(
        relativeMiss(
          { dtype: 'float32', shape: [classes], data: mine },
          { dtype: 'float32', shape: [classes], data: expected },
        ),
      ).toBeLessThan(half ? 2e-2 : 1e-5);
    }
  });
});
