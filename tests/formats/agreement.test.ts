/** Whole models: what our writer writes computes what the model's makers say it computes. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { toFloat32, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { mismatch, projectPath, readArray, readBytes, readPb, readZip, relativeMiss, runFile, runGraph, sharedPath } from './shared.ts';

const report: string[] = [];

const goldens = sharedPath('goldens/captum') ?? projectPath('tests/goldens/data');

/** [folder, file] of every golden model; LSTM is not among the operators that are claimed. */
const goldenFiles = readdirSync(goldens, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(`${goldens}/${name}`).filter((file) => file.endsWith('.onnx')).map((file) => [name, file] as const));

describe('models of the attribution goldens', () => {
  it.for(goldenFiles)('%s/%s computes its output.npy for the whole batch at once', async ([folder, file], { skip }) => {
    const bytes = readBytes(`${goldens}/${folder}/${file}`);
    const [input, output] = [readArray(`${goldens}/${folder}/input.npy`), readArray(`${goldens}/${folder}/output.npy`)];
    let model;
    try {
      model = readOnnx(bytes, file);
    } catch (error) {
      if (error instanceof Error && /unsupported operator: LSTM/.test(error.message)) skip('LSTM is not defined');
      throw error;
    }
    expect(model.batched).toBe(true);
    const [got] = await runGraph(model.graph, [input], { batch: input.shape[0] });
    expect(relativeMiss(got, output)).toBeLessThan(1e-5);
    report.push(`${folder}/${file}: ${relativeMiss(got, output).toExponential(1)}`);
  });
  it('lists the differences', () => console.log(`max|a − b| / max|b| against the shipped outputs:\n  ${report.join('\n  ')}`));
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
    const input: Tensor = { dtype: 'float32', shape: [n, ...chw], data: Float32Array.from({ length: size }, (_, i) => i / size) };
    expect(model.batched).toBe(true);
    const [got] = await runGraph(model.graph, [input], { batch: 1 });
    expect(mismatch(got, expected)).toBeNull();
    console.log(`${basename(path)}: ${relativeMiss(got, expected).toExponential(1)}`);
  });
});

const real = ['mnist_ort.onnx', 'mnist_cnn_pytorch.onnx', 'squeezenet_fp16.onnx'];

describe.skipIf(!sharedPath('real/onnx'))('models of others', () => {
  it.for(real)('%s: each row of a batch of two is what the file gives for that example', async (file) => {
    const bytes = readBytes(sharedPath(`real/onnx/${file}`)!);
    const model = readOnnx(bytes, file);
    const [, ...chw] = model.inputs[0].shape as number[];
    const size = chw.reduce((a, d) => a * d, 1);
    const pair: Tensor<'float32'> = { dtype: 'float32', shape: [2, ...chw], data: Float32Array.from({ length: 2 * size }, (_, i) => Math.fround(200 * Math.sin(i * i) ** 2)) };
    const [both] = await runGraph(model.graph, [pair], { batch: 2 });
    const classes = both.data.length / 2;
    for (const row of [0, 1]) {
      const one: Tensor<'float32'> = { dtype: 'float32', shape: [1, ...chw], data: pair.data.slice(row * size, (row + 1) * size) };
      const half = model.inputs[0].dtype === 'float16';
      const single = readOnnx(bytes, file, { batched: false });
      const [got] = half ? await runGraph(single.graph, [one]) : await runFile(bytes, [[model.inputs[0].name, one]], model.outputs);
      const expected = toFloat32(got).data;
      const mine = toFloat32(both).data.slice(row * classes, (row + 1) * classes);
      expect(relativeMiss({ dtype: 'float32', shape: [classes], data: mine }, { dtype: 'float32', shape: [classes], data: expected })).toBeLessThan(1e-5);
    }
  });
});
