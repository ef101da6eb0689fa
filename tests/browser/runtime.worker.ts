/** @file The runtime where it works in the page: inside a module worker. */
import { expose } from 'comlink';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { chooseRuntime } from '../../src/lib/runtime/device.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { DeviceInfo, OrtDevice, Runtime, TfjsBackend } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { selfTestGraph, selfTestInput } from '../../src/lib/runtime/self-test.ts';
import { float32, makeTensor, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { folderOf, sampleOf } from '../goldens/folder.ts';
import { casesOf, runFolder } from '../goldens/run.ts';
import { failureList } from '../goldens/table.ts';
import { coarse, graphOf, input } from '../runtime/graphs.ts';
import { disagreement, opPrograms } from '../runtime/op-programs.ts';

const wasmPaths = new URL('/ort/', self.location.origin).href;
/** Files of a golden model with strided convolutions and poolings, by path. */
const golden = import.meta.glob<string>('../goldens/data/cnn_relu_maxpool/*', {
  query: '?url',
  import: 'default',
  eager: true,
});
let runtime: Runtime;

/** y = tanh(w · x) with `size` weights that start inside a larger buffer, as they do in a file. */
function weighted(size: number) {
  const g = new Builder();
  const x = input([N, size]);
  const values = coarse([size], 3).data;
  const file = new Uint8Array(4 * size + 1000);
  file.set(new Uint8Array(values.buffer), 100);
  const w = g.constant(makeTensor('float32', [size], new Float32Array(file.buffer, 100, size)));
  return graphOf([x], [g.tanh(g.mul(x, w))]);
}

/** WGSL promises an absolute error of 2⁻¹¹ for sine and cosine, and no more. */
const toleranceOf = (title: string): number => (/^(Sin|Cos):/.test(title) ? 2 ** -11 : 1e-4);

const read = async (program: Awaited<ReturnType<Runtime['compile']>>, feeds: readonly FloatTensor[]) => {
  const results = await program.run(feeds);
  const tensors = await Promise.all(results.map((r) => r.read()));
  results.forEach((r) => r.dispose());
  return tensors.map((t) => Array.from(t.data as Float32Array));
};

const tests = {
  async start(device: OrtDevice): Promise<DeviceInfo> {
    runtime = await createOrtRuntime({ device, wasmPaths });
    return runtime.device;
  },

  async startTfjs(backend: TfjsBackend): Promise<DeviceInfo> {
    runtime = await createTfjsRuntime({ backend, wasmPaths: new URL('/tfjs/', self.location.origin).href });
    // Small tensors, as all of these are, would be computed on the processor, and the shaders left untested.
    if (backend === 'webgpu' || backend === 'webgl')
      (await import('@tensorflow/tfjs-core')).env().set(`${backend.toUpperCase()}_CPU_FORWARD`, false);
    return runtime.device;
  },

  async choose(choice: 'auto' | OrtDevice) {
    const { runtime: chosen, available, notes } = await chooseRuntime({ choice, wasmPaths });
    return { kind: chosen.device.kind, available, notes };
  },

  /** Probabilities and gradient of the self-test's network. */
  async network(): Promise<number[][]> {
    return read(await runtime.compile(selfTestGraph()), [selfTestInput()]);
  },

  /** Largest difference to the same weights held in the file itself. */
  async externalWeights(): Promise<number> {
    const graph = weighted(5000);
    const x = coarse([1, 5000], 9);
    const [ours] = await read(await runtime.compile(graph), [x]);
    const [embedded] = await read(await runtime.openFile(writeModel(graph, { weights: 'embedded' })), [x]);
    return Math.max(...ours.map((v, i) => Math.abs(v - embedded[i])));
  },

  /** x doubled `times` times, the results staying on the device. */
  async resident(times: number): Promise<number[]> {
    const g = new Builder();
    const x = input([N, 2]);
    const program = await runtime.compile(graphOf([x], [g.mul(x, 2)]), { keep: [0] });
    let [y] = await program.run([coarse([1, 2], 5)]);
    for (let i = 1; i < times; i++) {
      const [next] = await program.run([y]);
      y.dispose();
      y = next;
    }
    return Array.from((await y.read()).data as Float32Array);
  },

  /** Three compilations and runs asked for at once. */
  async atOnce(): Promise<number[]> {
    const programs = await Promise.all([1, 2, 3].map((batch) => runtime.compile(weighted(10), { batch })));
    const results = await Promise.all(programs.map((p, i) => p.run([coarse([i + 1, 10], 1)])));
    return results.map(([y]) => y.shape[0]);
  },

  /** The same image normalised with a small and with a large epsilon. */
  async epsilons(): Promise<number[]> {
    const g = new Builder();
    const x = input([1, 1, 2]);
    const [one, zero] = [1, 0].map((v) => g.constant(float32([1], [v])));
    const normalized = (epsilon: number) => g.apply('InstanceNormalization', [x, one, zero], { epsilon });
    const program = await runtime.compile(graphOf([x], [normalized(1e-5), normalized(3)]));
    return (await read(program, [float32([1, 1, 2], [-1, 1])])).flat();
  },

  /** Disagreements with the reference among the cases whose titles `wanted` finds, which is all of them by default. */
  async operators(wanted = /^/): Promise<{ programs: number; wrong: string[] }> {
    const programs = opPrograms().filter(({ title }) => wanted.test(title));
    const wrong: string[] = [];
    for (const program of programs) {
      const found = await disagreement(runtime, program, toleranceOf(program.title));
      if (found) wrong.push(found);
    }
    return { programs: programs.length, wrong };
  },

  /** A case of each method of few passes on a golden model: how many were met, and what was not. */
  async goldens(): Promise<{ met: number; failures: string }> {
    const files = await Promise.all(
      Object.entries(golden).map(async ([path, url]) => {
        const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
        return [path.slice(path.lastIndexOf('/') + 1), bytes] as const;
      }),
    );
    const bytes = new Map(files);
    const { cases, files: models, ...folder } = folderOf((file) => bytes.get(file)!);
    const short = cases.filter(({ id }) => !/^(ig|occlusion)/.test(id));
    const results = await runFolder(sampleOf({ ...folder, cases: short, files: models.slice(0, 1) }), runtime);
    return { met: casesOf(results, 'passed').length, failures: failureList(results) };
  },

  /** Tensors that TensorFlow.js holds. */
  async tensors(): Promise<number> {
    return (await import('@tensorflow/tfjs-core')).memory().numTensors;
  },

  /** Bytes of WebAssembly memory after each of `times` models of 5 MB, opened and closed. */
  async openAndClose(times: number): Promise<number[]> {
    const heap: number[] = [];
    for (let i = 0; i < times; i++) {
      const program = await runtime.compile(weighted(1_250_000));
      (await program.run([coarse([1, 1_250_000], 1)])).forEach((y) => y.dispose());
      await program.dispose();
      heap.push(runtime.heapBytes);
    }
    return heap;
  },
};

export type RuntimeTests = typeof tests;
expose(tests);
