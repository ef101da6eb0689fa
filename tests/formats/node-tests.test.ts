/**
 * ONNX's own backend tests of every operator that we define: read by our importer, written by our writer, run by
 * onnxruntime, compared with the outputs that ONNX ships.
 */
import { describe, expect, it } from 'vitest';
import { asFloat32 } from '../../src/lib/formats/onnx/tensors.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import {
  caseOf,
  firstMismatch,
  judgeOurs,
  message,
  namesOf,
  onRuntime,
  skipped,
  type NodeCase,
  type Verdict,
} from './node-cases.ts';
import { readZip, runFile, runGraph, sharedPath } from './shared.ts';

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

async function judge(test: NodeCase): Promise<Verdict> {
  const verdict = await judgeOurs(test, runGraph);
  if (verdict.kind !== 'failed') return verdict;
  const reason = await failureOfOriginal(test);
  return reason === null ? verdict : skipped(BY_ONNXRUNTIME);
}

/** Why onnxruntime does not compute the shipped outputs from the shipped file; null where it does. */
async function failureOfOriginal(test: NodeCase): Promise<string | null> {
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
    const verdicts = new Map<string, Verdict>();
    for (const name of namesOf(files)) {
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
    const runtime = await createTfjsRuntime({ backend: 'cpu' });
    const verdicts = new Map<string, Verdict>();
    for (const name of namesOf(files)) {
      const test = caseOf(name, files);
      const verdict = typeof test === 'string' ? skipped(test) : await judgeOurs(test, onRuntime(runtime));
      const refused = verdict.kind === 'failed' && /^TensorFlow\.js: \d+ unsupported node/.test(verdict.reason);
      const known = verdict.kind === 'failed' && !refused && (await failureOfOriginal(test as NodeCase)) !== null;
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
