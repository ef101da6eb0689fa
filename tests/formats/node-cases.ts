/**
 * @file ONNX's own backend tests of every operator that we define: read by our importer, run by some runtime, compared with
 * the outputs that ONNX ships. Needs no Node: the tests run in browsers too.
 */
import { decodeModel } from '../../src/lib/formats/onnx/model-file.ts';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { readOnnx, type OnnxModel } from '../../src/lib/formats/onnx/read.ts';
import { asFloat32, decodeTensor } from '../../src/lib/formats/onnx/tensors.ts';
import { decode } from '../../src/lib/formats/protobuf/wire.ts';
import type { Graph } from '../../src/lib/graph/graph.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import type { Tensor } from '../../src/lib/tensor/tensor.ts';
import { mismatch, relativeMiss } from './compare.ts';

export interface NodeCase {
  readonly name: string;
  readonly file: Uint8Array;
  readonly model: proto.ModelProto & { graph: proto.GraphProto };
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** The inputs in the file's own element types, in file order. */
  readonly originals: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

export type Verdict =
  { readonly kind: 'passed'; readonly miss: number } | { readonly kind: 'skipped' | 'failed'; readonly reason: string };

export const skipped = (reason: string): Verdict => ({ kind: 'skipped', reason });
const failed = (reason: string): Verdict => ({ kind: 'failed', reason });
export const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The case `name` of the archive, or why it is none. */
export function caseOf(name: string, files: ReadonlyMap<string, Uint8Array>): NodeCase | string {
  const file = files.get(`${name}/model.onnx`)!;
  const model = decodeModel(file, name);
  const declared = [...model.graph.input, ...model.graph.output];
  if (declared.some((v) => !v.type?.tensorType)) return 'inputs or outputs that are no tensors';
  const load = (kind: string, count: number) =>
    Array.from({ length: count }, (_, i) => readPb(files.get(`${name}/test_data_set_0/${kind}_${i}.pb`)!, name));
  try {
    const originals = load('input', model.graph.input.length);
    const inputs = Object.fromEntries(originals.map((t, i) => [model.graph.input[i].name, asFloat32(t)]));
    return { name, file, model, originals, inputs, outputs: load('output', model.graph.output.length).map(asFloat32) };
  } catch (error) {
    return message(error).match(/element type (\w+)/)?.[1] ?? message(error);
  }
}

/** Which inputs become constants, the fewest first: shapes and axes are parameters here, not data. */
function* bindings({ inputs }: NodeCase): Generator<Record<string, Tensor>> {
  const entries = Object.entries(inputs);
  yield {};
  yield Object.fromEntries(entries.filter(([, t], i) => i > 0 && (t.dtype === 'int64' || t.dtype === 'int32')));
  yield Object.fromEntries(entries.slice(1));
  yield Object.fromEntries(entries);
}

/** The model with as few inputs bound as its operator allows. */
function readBound(test: NodeCase): OnnxModel {
  let first: unknown;
  const inputShapes = Object.fromEntries(Object.entries(test.inputs).map(([name, t]) => [name, t.shape]));
  for (const constants of bindings(test)) {
    try {
      return readOnnx(test.file, test.name, { constants, inputShapes, batched: false });
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** What is no fault of ours: said by the importer's refusal. */
const REFUSALS: readonly [RegExp, string][] = [
  [/unsupported operator/, 'operator not defined'],
  [/element type \w+, which|cannot cast to element type/, 'element type without a typed array'],
  [/training mode/, 'training mode'],
];

/** A TensorProto file (.pb). */
export const readPb = (bytes: Uint8Array, name = 'tensor.pb'): Tensor =>
  decodeTensor(decode(proto.Tensor, bytes), { file: name, external: [] });

/** The names of the cases in the archive. */
export const namesOf = (files: ReadonlyMap<string, Uint8Array>): string[] =>
  [...new Set(Array.from(files.keys(), (path) => path.split('/')[0]))].sort();

export type Run = (graph: Graph, feeds: readonly Tensor[]) => Promise<Tensor[]>;

/** Runs the case through our importer and `run`. */
export async function judgeOurs(test: NodeCase, run: Run): Promise<Verdict> {
  let model: OnnxModel;
  try {
    model = readBound(test);
  } catch (error) {
    const known = REFUSALS.find(([pattern]) => pattern.test(message(error)));
    return known ? skipped(known[1]) : failed(message(error));
  }
  try {
    const results = await run(
      model.graph,
      model.inputs.map(({ name }) => test.inputs[name]),
    );
    const miss = firstMismatch(results, test);
    return miss
      ? failed(miss)
      : { kind: 'passed', miss: Math.max(0, ...results.map((got, i) => relativeMiss(got, test.outputs[i]))) };
  } catch (error) {
    return failed(message(error));
  }
}

export const firstMismatch = (results: readonly Tensor[], test: NodeCase): string | null => {
  const misses = results.map((got, i) => mismatch(got, test.outputs[i]));
  const at = misses.findIndex((miss) => miss !== null);
  return at === -1 ? null : `output ${at}: ${misses[at]}`;
};

export const onRuntime =
  (runtime: Runtime): Run =>
  async (graph, feeds) => {
    const program = await runtime.compile(graph);
    try {
      const results = await program.run(feeds);
      return await Promise.all(results.map((r) => r.read()));
    } finally {
      await program.dispose();
    }
  };
