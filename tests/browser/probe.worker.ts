/** @file Which of ONNX's operators onnxruntime's WebGPU provider itself runs, asked one by one. */
import { expose } from 'comlink';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import type { Tensor } from '../../src/lib/tensor/tensor.ts';
import { BATCH, plainNodes, type OpProgram } from '../runtime/op-programs.ts';

/** `too new`: the operator is younger than the operator set that is written. */
export type Answer = 'gpu' | 'cpu' | 'fails' | 'too new';

const text = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function ask({ graph, feeds }: OpProgram): Promise<Answer> {
  const ort = await import('onnxruntime-web/webgpu');
  ort.env.wasm.wasmPaths = new URL('/ort/', self.location.origin).href;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
  let written;
  try {
    written = writeModel(graph, { batch: BATCH, weights: 'embedded' });
  } catch (error) {
    if (/cannot be written/.test(text(error))) return 'too new';
    throw error;
  }
  const { bytes, inputs } = written;
  const toOrt = ({ dtype, data, shape }: Tensor) => new ort.Tensor(dtype as 'float32', data as Float32Array, shape);
  try {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ['webgpu'],
      logSeverityLevel: 4,
      // Nothing that the provider lacks is computed elsewhere without a word.
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    });
    try {
      await session.run(Object.fromEntries(inputs.map((name, i) => [name, toOrt(feeds[i])])));
      return 'gpu';
    } finally {
      await session.release();
    }
  } catch (error) {
    return /fallback to CPU EP has been explicitly disabled/.test(text(error)) ? 'cpu' : 'fails';
  }
}

async function probe(): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  for (const node of plainNodes()) answers[node.title] = await ask(node);
  return answers;
}

export type Probe = typeof probe;
expose(probe);
