/**
 * @file What single kernels take, from onnxruntime's profile, on WASM in Node on one thread. It prints the profile on standard
 * output; so this module takes hold of that before onnxruntime is loaded. Profiling itself adds some microseconds a node.
 */
import fs from 'node:fs';
import type * as OrtModule from 'onnxruntime-web/wasm';
import { writeModel } from '../src/lib/formats/onnx/write.ts';
import type { Graph } from '../src/lib/graph/graph.ts';
import { lower } from '../src/lib/runtime/lower/lower.ts';
import type { FloatTensor } from '../src/lib/tensor/tensor.ts';

export interface Kernel {
  readonly op: string;
  /** Microseconds, the fastest of all runs. */
  readonly time: number;
}

const printed: string[] = [];

async function loadOrt(): Promise<typeof OrtModule> {
  const write = fs.writeSync;
  const hold = (fd: number, text: unknown, ...rest: unknown[]): number => {
    if (fd !== 1 || typeof text !== 'string') return Reflect.apply(write, fs, [fd, text, ...rest]) as number;
    printed.push(text);
    return text.length;
  };
  Object.assign(fs, { writeSync: hold });
  const ort = await import('onnxruntime-web/wasm');
  ort.env.logLevel = 'error';
  ort.env.wasm.numThreads = 1;
  return ort;
}

let loaded: Promise<typeof OrtModule> | null = null;

/** Every kernel of the graph in the form that WASM runs, for one example. */
export async function kernelsOf(graph: Graph, feeds: readonly FloatTensor[], runs: number): Promise<Kernel[]> {
  const ort = await (loaded ??= loadOrt());
  const { bytes, external, inputs } = writeModel(lower(graph, 'wasm'));
  const session = await ort.InferenceSession.create(bytes, {
    externalData: external?.map(({ path, data }) => ({ path, data })),
    enableProfiling: true,
    logSeverityLevel: 3,
  });
  const named = inputs.map((name, i) => [name, new ort.Tensor('float32', feeds[i].data, feeds[i].shape)] as const);
  for (let i = 0; i < runs; i++) await session.run(Object.fromEntries(named));
  printed.length = 0;
  session.endProfiling();
  await session.release();
  return [...fastest(printed).values()];
}

interface Event {
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name: string; readonly node_index: string };
}

function fastest(lines: readonly string[]): Map<string, Kernel> {
  const kernels = new Map<string, Kernel>();
  for (const line of lines.filter((text) => text.includes('_kernel_time"'))) {
    const { dur, args } = JSON.parse(line.trim().replace(/,$/, '')) as Event;
    const before = kernels.get(args.node_index);
    if (!before || dur < before.time) kernels.set(args.node_index, { op: args.op_name, time: dur });
  }
  return kernels;
}
