import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { float32, int64, makeTensor } from '../../src/lib/tensor/tensor.ts';
import { coarse, graphOf, input } from './graphs.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

afterAll(() => runtime.dispose());

/** y = tanh(w · x) with weights that start at an odd byte of a larger buffer, as they do in a file. */
function weighted() {
  const g = new Builder();
  const x = input([N, 600]);
  const numbers = coarse([600], 3).data;
  const file = new Uint8Array(5000);
  file.set(new Uint8Array(numbers.buffer), 100);
  const w = g.constant(makeTensor('float32', [600], new Float32Array(file.buffer, 100, 600)));
  return { graph: graphOf([x], [g.tanh(g.mul(x, w))]), numbers, file };
}

describe('onnxruntime on WASM in Node', () => {
  it('names its device', () => {
    expect(runtime.device).toMatchObject({ runtime: 'onnxruntime-web', kind: 'wasm', threads: 1, adapter: '' });
    expect(runtime.device.version).toMatch(/^1\.\d+\.\d+/);
  });

  it('runs a graph for the batch size it was compiled for', async () => {
    const { graph, numbers } = weighted();
    const program = await runtime.compile(graph, { batch: 3 });
    const x = coarse([3, 600], 4);
    const [y] = await program.run([x]);
    const { shape, data } = await y.read();
    expect(program.batch).toBe(3);
    expect(shape).toEqual([3, 600]);
    (data as Float32Array).forEach((v, i) => expect(v).toBeCloseTo(Math.tanh(x.data[i] * numbers[i % 600]), 6));
  });

  it('reads weights where they lie, without a copy of ours', () => {
    const { graph, file } = weighted();
    const written = writeModel(graph);
    expect(written.external.map(({ data }) => data.buffer)).toEqual([file.buffer]);
    expect(written.bytes.length).toBeLessThan(1000);
  });

  it('takes a result as the next run’s feed', async () => {
    const g = new Builder();
    const x = input([N, 2]);
    const program = await runtime.compile(graphOf([x], [g.mul(x, 2)]), { keep: [0] });
    const [first] = await program.run([float32([1, 2], [1, -3])]);
    const [second] = await program.run([first]);
    expect(await second.read()).toMatchObject({ dtype: 'float32', shape: [1, 2], data: Float32Array.of(4, -12) });
    first.dispose();
    await expect(program.run([first])).rejects.toThrow('has been disposed of');
  });

  it('feeds whole numbers and truth values', async () => {
    const g = new Builder();
    const [i, b] = [new Value('int64', [3], { name: 'i' }), new Value('bool', [3], { name: 'b' })];
    const program = await runtime.compile(graphOf([i, b], [g.where(b, g.cast(i, 'float32'), -1)]));
    const [y] = await program.run([int64([3], [5, 6, 7]), makeTensor('bool', [3], Uint8Array.of(1, 0, 1))]);
    expect((await y.read()).data).toEqual(Float32Array.of(5, -1, 7));
  });

  it('computes an output that is an input, a constant or another output', async () => {
    const g = new Builder();
    const x = input([2]);
    const y = g.neg(x);
    const program = await runtime.compile(graphOf([x], [x, g.constant(float32([1], [7])), y, y]));
    const results = await Promise.all((await program.run([float32([2], [1, 2])])).map((t) => t.read()));
    expect(results.map((t) => Array.from(t.data as Float32Array))).toEqual([[1, 2], [7], [-1, -2], [-1, -2]]);
  });

  it('runs two programs asked for at once', async () => {
    const { graph } = weighted();
    const [a, b] = await Promise.all([runtime.compile(graph), runtime.compile(graph, { batch: 2 })]);
    const [[p], [q]] = await Promise.all([a.run([coarse([1, 600], 1)]), b.run([coarse([2, 600], 1)])]);
    expect((await q.read()).data.slice(0, 600)).toEqual((await p.read()).data);
  });

  it('runs a file as it is', async () => {
    const { graph } = weighted();
    const { bytes, external } = writeModel(graph);
    const [ours, file] = await Promise.all([runtime.compile(graph), runtime.openFile({ bytes, external })]);
    const x = coarse([1, 600], 9);
    const [[p], [q]] = [await ours.run([x]), await file.run([x])];
    expect((await q.read()).data).toEqual((await p.read()).data);
  });

  it('feeds float32 to a half-precision file', async () => {
    const g = new Builder();
    const x = new Value('float16', [2], { name: 'x' });
    const file = await runtime.openFile(writeModel(graphOf([x], [g.cast(x, 'float32')])));
    const [y] = await file.run([float32([2], [1.5, -0.25])]);
    expect((await y.read()).data).toEqual(Float32Array.of(1.5, -0.25));
  });

  it('says what is wrong with a feed', async () => {
    const { graph } = weighted();
    const program = await runtime.compile(graph);
    await expect(program.run([])).rejects.toThrow('run: 0 feeds for 1 inputs (x).');
    await expect(program.run([coarse([1, 599], 1)])).rejects.toThrow(
      'run: input 0 ("x") has shape [1,599], the program takes [1,600].',
    );
    await expect(program.run([int64([1, 600], Array(600).fill(1))])).rejects.toThrow(
      'is int64, the program takes float32',
    );
    await program.dispose();
    await expect(program.run([coarse([1, 600], 1)])).rejects.toThrow('has been disposed of');
  });

  it('says so when a file is not a model', async () => {
    await expect(runtime.openFile({ bytes: Uint8Array.of(1, 2, 3) })).rejects.toThrow(
      'onnxruntime: the model could not be loaded',
    );
  });
});
