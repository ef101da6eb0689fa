/**
 * ONNX's own backend tests of every operator that we define: read by our importer, written by our writer, run by
 * onnxruntime, compared with the outputs that ONNX ships.
 */
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../src/lib/formats/onnx/model-file.ts';
import type { ModelProto, GraphProto } from '../../src/lib/formats/onnx/proto.ts';
import { readOnnx, type OnnxModel } from '../../src/lib/formats/onnx/read.ts';
import { asFloat32 } from '../../src/lib/formats/onnx/tensors.ts';
import type { Graph } from '../../src/lib/graph/graph.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import type { Tensor } from '../../src/lib/tensor/tensor.ts';
import { mismatch, readPb, readZip, relativeMiss, runFile, runGraph, sharedPath } from './shared.ts';

interface Case {
  readonly name: string;
  readonly file: Uint8Array;
  readonly model: ModelProto & { graph: GraphProto };
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** The inputs in the file's own element types, in file order. */
  readonly originals: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

type Verdict =
  { readonly kind: 'passed'; readonly miss: number } | { readonly kind: 'skipped' | 'failed'; readonly reason: string };

const skipped = (reason: string): Verdict => ({ kind: 'skipped', reason });
const failed = (reason: string): Verdict => ({ kind: 'failed', reason });
const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

function caseOf(name: string, files: ReadonlyMap<string, Uint8Array>): Case | string {
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
function* bindings({ inputs }: Case): Generator<Record<string, Tensor>> {
  const entries = Object.entries(inputs);
  yield {};
  yield Object.fromEntries(entries.filter(([, t], i) => i > 0 && (t.dtype === 'int64' || t.dtype === 'int32')));
  yield Object.fromEntries(entries.slice(1));
  yield Object.fromEntries(entries);
}

/** The model with as few inputs bound as its operator allows. */
function readBound(test: Case): OnnxModel {
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

const BY_ONNXRUNTIME = 'onnxruntime fails the original file too';

const NO_KERNEL = 'its WASM build has no kernel for this element type';
/** Coordinates of aligned corners: of the output's whole length there, of length times scale before rounding in ONNX. */
const ROUNDED_LENGTH = 'it takes the rounded length of the output for the place of the last corner';

/** What onnxruntime 1.30.0 does not compute as ONNX says, and why. An upgrade that mends or breaks one shows here. */
const failuresOfOnnxruntime: Readonly<Record<string, string>> = {
  test_clip_default_int8_max_expanded: NO_KERNEL,
  test_clip_default_int8_min_expanded: NO_KERNEL,
  test_max_int16: NO_KERNEL,
  test_max_uint16: NO_KERNEL,
  test_min_int16: NO_KERNEL,
  test_min_uint16: NO_KERNEL,
  test_pow_types_float32_uint32: NO_KERNEL,
  test_pow_types_float32_uint64: NO_KERNEL,
  test_top_k_uint64: NO_KERNEL,
  test_resize_downsample_scales_cubic_align_corners: ROUNDED_LENGTH,
  test_resize_downsample_scales_linear_align_corners: ROUNDED_LENGTH,
};

async function judge(test: Case): Promise<Verdict> {
  const verdict = await judgeOurs(test, runGraph);
  if (verdict.kind !== 'failed') return verdict;
  const reason = await failureOfOriginal(test);
  return reason === null ? verdict : skipped(BY_ONNXRUNTIME);
}

type Run = (graph: Graph, feeds: readonly Tensor[]) => Promise<Tensor[]>;

async function judgeOurs(test: Case, run: Run): Promise<Verdict> {
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

const firstMismatch = (results: readonly Tensor[], test: Case): string | null => {
  const misses = results.map((got, i) => mismatch(got, test.outputs[i]));
  const at = misses.findIndex((miss) => miss !== null);
  return at === -1 ? null : `output ${at}: ${misses[at]}`;
};

/** Why onnxruntime does not compute the shipped outputs from the shipped file; null where it does. */
async function failureOfOriginal(test: Case): Promise<string | null> {
  const { input, output } = test.model.graph;
  try {
    const feeds = input.map(({ name }, i) => [name, test.originals[i]] as const);
    const results = await runFile(
      test.file,
      feeds,
      output.map(({ name }) => name),
    );
    return firstMismatch(results.map(asFloat32), test);
  } catch (error) {
    return message(error);
  }
}

const zip = sharedPath('real/onnx_node_tests/node_selected.zip');

describe('ONNX backend node tests', () => {
  it.skipIf(!zip)('agree for every operator that is defined', { timeout: 300_000 }, async () => {
    const files = new Map(Object.entries(readZip(zip!)));
    const names = [...new Set([...files.keys()].map((path) => path.split('/')[0]))].sort();
    const verdicts = new Map<string, Verdict>();
    for (const name of names) {
      const test = caseOf(name, files);
      verdicts.set(name, typeof test === 'string' ? skipped(test) : await judge(test));
    }
    const of = (kind: Verdict['kind']) => [...verdicts].filter(([, v]) => v.kind === kind);
    const failures = of('failed').map(([name, v]) => `${name}: ${'reason' in v ? v.reason : ''}`);
    report(of('passed'), of('skipped'), failures);
    expect(of('passed').length).toBeGreaterThan(1100);
    expect(failures).toEqual([]);
    const theirs = of('skipped').filter(([, v]) => 'reason' in v && v.reason === BY_ONNXRUNTIME);
    expect(theirs.map(([name]) => name).sort()).toEqual(Object.keys(failuresOfOnnxruntime).sort());
  });
  it.skipIf(!zip)('agree on TensorFlow.js, but for what it refuses', { timeout: 300_000 }, async () => {
    const files = new Map(Object.entries(readZip(zip!)));
    const names = [...new Set([...files.keys()].map((path) => path.split('/')[0]))].sort();
    const runtime = await createTfjsRuntime({ backend: 'cpu' });
    const verdicts = new Map<string, Verdict>();
    for (const name of names) {
      const test = caseOf(name, files);
      const verdict = typeof test === 'string' ? skipped(test) : await judgeOurs(test, onTfjs(runtime));
      const refused = verdict.kind === 'failed' && /^TensorFlow\.js: \d+ unsupported node/.test(verdict.reason);
      const known = verdict.kind === 'failed' && !refused && (await failureOfOriginal(test as Case)) !== null;
      verdicts.set(name, refused ? skipped('refused') : known ? skipped(BY_ONNXRUNTIME) : verdict);
    }
    const of = (kind: Verdict['kind']) => [...verdicts].filter(([, v]) => v.kind === kind);
    const failures = of('failed').map(([name, v]) => `${name}: ${'reason' in v ? v.reason : ''}`);
    report(of('passed'), of('skipped'), failures);
    expect(of('passed').length).toBeGreaterThan(300);
    expect(failures).toEqual([]);
  });
  it.runIf(!zip)('are not beside the project', ({ skip }) => skip('no ../shared/real/onnx_node_tests'));
});

const onTfjs =
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

function report(passed: [string, Verdict][], skips: [string, Verdict][], failures: readonly string[]): void {
  const worst = Math.max(...passed.map(([, v]) => (v.kind === 'passed' ? v.miss : 0)));
  const reasons = Map.groupBy(skips, ([, v]) => ('reason' in v ? v.reason : ''));
  console.log(
    [
      `passed ${passed.length}, worst max|a − b| / max|b| ${worst.toExponential(1)}; failed ${failures.length}; skipped ${skips.length}:`,
      ...[...reasons].map(
        ([reason, list]) =>
          `  ${String(list.length).padStart(4)}  ${reason}: ${list.map(([name]) => name.replace('test_', '')).join(' ')}`,
      ),
    ].join('\n'),
  );
}
