/** Running what the importer read on onnxruntime, and the files that its answers are compared with. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import * as ort from 'onnxruntime-web/wasm';
import type { Graph } from '../../src/lib/graph/graph.ts';
import { writeModel, type WriteOptions } from '../../src/lib/formats/onnx/write.ts';
import { lower } from '../../src/lib/runtime/lower/lower.ts';
import type { DType } from '../../src/lib/tensor/dtype.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { makeTensor, type Tensor } from '../../src/lib/tensor/tensor.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A file beside the project, or null where it is not there. */
export function sharedPath(path: string): string | null {
  const full = `${root}../shared/${path}`;
  return existsSync(full) ? full : null;
}

export const projectPath = (path: string): string => `${root}${path}`;

export const readBytes = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path));

export const readArray = (path: string): Tensor => readNpy(readBytes(path), path);

export const readZip = (path: string): Record<string, Uint8Array> => unzipSync(readBytes(path));

/** Runs a graph through our own lowering and writer. */
export async function runGraph(
  graph: Graph,
  feeds: readonly Tensor[],
  options: WriteOptions & { readonly batch?: number } = {},
): Promise<Tensor[]> {
  const written = writeModel(lower(graph, 'wasm', options.batch ?? 1), options);
  return runFile(
    written.bytes,
    written.inputs.map((name, i) => [name, feeds[i]]),
    written.outputs,
    written.external,
  );
}

type NamedTensor = readonly [name: string, tensor: Tensor];

/** Runs a file on onnxruntime as it is. */
export async function runFile(
  bytes: Uint8Array,
  feeds: readonly NamedTensor[],
  outputs: readonly string[],
  external: readonly { path: string; data: Uint8Array }[] = [],
): Promise<Tensor[]> {
  const session = await ort.InferenceSession.create(bytes, { externalData: [...external], logSeverityLevel: 4 });
  try {
    const used = new Set(session.inputNames);
    const results = await session.run(
      Object.fromEntries(feeds.filter(([name]) => used.has(name)).map(([name, t]) => [name, toOrt(t)])),
    );
    return outputs.map((name) => fromOrt(results[name]));
  } finally {
    await session.release();
  }
}

const toOrt = (t: Tensor): ort.Tensor => new ort.Tensor(t.dtype as 'float32', t.data as Float32Array, t.shape);

/** Half precision comes as a Float16Array where the platform has one; ours are bits. */
function fromOrt(t: ort.Tensor): Tensor {
  const data = t.data as unknown as Uint16Array;
  return makeTensor(
    t.type as DType,
    t.dims,
    (t.type === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data) as never,
  );
}
