/** @file The graph's own forward pass against the file as it was dropped, run by the program that the format is made for. */
import type { FormatId, ImportedModel } from '../formats/model.ts';
import { bindShape } from '../graph/dim.ts';
import type { Graph } from '../graph/graph.ts';
import type { ModelFile, Program, Runtime } from '../runtime/runtime.ts';
import { openOriginal } from '../runtime/tfjs/original.ts';
import { random, type Random } from '../tensor/random.ts';
import { relativeError } from '../tensor/arithmetic.ts';
import { float32, toFloat32, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { forwardFlops } from './cost.ts';
import { noRoom } from './memory.ts';
import { isOutOfMemory } from './say.ts';

/** Above this size a second copy of the weights is too much to ask of a tab. */
const LARGEST_CHECKED = 200 * 2 ** 20;

/** Multiply-adds that TensorFlow.js' JavaScript backend, the one that computes on the processor everywhere, does in a few seconds. */
const MOST_IN_JAVASCRIPT = 1e8;

/** Random numbers that are drawn one by one: an input may announce a hundred times more. */
const LONGEST_NOISE = 2 ** 20;

export interface ForwardCheck {
  /** max|ours − theirs| / max|theirs| over all outputs; null where the comparison was not made. */
  readonly value: number | null;
  readonly notes: readonly string[];
}

/** A comparison that was not made, and why. */
export const leftOut = (why: string): ForwardCheck => ({
  value: null,
  notes: [`The forward check was left out: ${why}`],
});

/** What runs files of a format without us; null where neither does. */
const ORIGINALS: Readonly<Record<FormatId, 'onnxruntime' | 'TensorFlow.js' | null>> = {
  onnx: 'onnxruntime',
  'tfjs-layers': 'TensorFlow.js',
  'tfjs-graph': 'TensorFlow.js',
  keras: null,
  tensorflow: null,
  tflite: null,
};

/** Relative difference to the original above which the person is told. */
const VISIBLE_DIFFERENCE = 1e-4;

/**
 * Compares both on one seeded noise input. A file that the original program refuses is reported, not thrown; a pass that
 * there is no room for is thrown, because no question could be answered.
 */
export async function forwardDifference(
  runtime: Runtime,
  file: ModelFile,
  model: ImportedModel,
): Promise<ForwardCheck> {
  const { graph, format } = model;
  const original = ORIGINALS[format];
  if (!original)
    return leftOut('neither of the programs that it is made with, onnxruntime and TensorFlow.js, reads this format.');
  if (original === 'onnxruntime' && runtime.device.runtime === 'tfjs')
    return leftOut('the model runs on TensorFlow.js, which does not read ONNX files. On WASM or WebGPU it is made.');
  const noise = noiseOf(random(1));
  const feeds = graph.inputs.map(({ shape }) => noise(bindShape(shape, 1)));
  const runOurs = () => run(runtime, graph, feeds);
  if (bytesOf(file, format) > LARGEST_CHECKED) {
    if (runtime.device.kind === 'wasm') await runOurs();
    return leftOut('the model is large.');
  }
  if (original === 'TensorFlow.js' && forwardFlops(graph) > MOST_IN_JAVASCRIPT)
    return leftOut('TensorFlow.js, which it is made with, would take long for it on the processor.');
  let theirs: readonly FloatTensor[];
  try {
    theirs = await runAndDispose(await openInOriginal(runtime, file, model), feeds);
  } catch (error) {
    // The file as it is takes more room than the graph, which may still fit.
    if (isOutOfMemory(error)) await runOurs();
    const why = error instanceof Error ? error.message : String(error);
    return {
      value: null,
      notes: [`${original} could not run the file as it is, so the forward pass was not compared: ${why}`],
    };
  }
  return compared(await runOurs(), theirs, model, original);
}

async function run(runtime: Runtime, graph: Graph, feeds: readonly FloatTensor[]): Promise<FloatTensor[]> {
  try {
    return await runAndDispose(await runtime.compile(graph), feeds);
  } catch (error) {
    throw isOutOfMemory(error) ? noRoom(runtime, graph, error) : error;
  }
}

/** onnxruntime maps the files of weights; TensorFlow.js wants one copy of them all. */
const bytesOf = ({ bytes, external = [] }: ModelFile, format: FormatId): number =>
  format === 'onnx' ? bytes.byteLength : external.reduce((n, { data }) => n + data.byteLength, bytes.byteLength);

function openInOriginal(
  runtime: Runtime,
  file: ModelFile,
  { format, inputs, outputs }: ImportedModel,
): Promise<Program> {
  if (format !== 'tfjs-layers' && format !== 'tfjs-graph') return runtime.openFile(file);
  return openOriginal({ ...file, format, inputs: inputs.map(({ name }) => name), outputs });
}

function compared(
  ours: readonly FloatTensor[],
  theirs: readonly FloatTensor[],
  { outputs }: ImportedModel,
  original: string,
): ForwardCheck {
  const lengths = ours.map((y, i) => [y.data.length, theirs[i]?.data.length ?? 0]);
  const odd = lengths.findIndex(([own, other]) => own !== other);
  if (odd >= 0) {
    const [own, other] = lengths[odd];
    const note = `Vitrine's forward pass cannot be compared: output "${outputs[odd]}" has ${own} numbers here, ${other} in ${original}.`;
    return { value: null, notes: [note] };
  }
  const value = Math.max(...ours.map((y, i) => relativeError(y, theirs[i])));
  const note = `Vitrine's forward pass differs from ${original} running the file by ${value.toExponential(1)} (relative).`;
  return { value, notes: value > VISIBLE_DIFFERENCE ? [note] : [] };
}

/** Normal noise; beyond LONGEST_NOISE elements it repeats. */
const noiseOf = (rng: Random) => (shape: readonly number[]) => {
  const x = zeros('float32', shape);
  const length = Math.min(x.data.length, LONGEST_NOISE);
  for (let i = 0; i < length; i++) x.data[i] = rng.normal();
  for (let at = length; at < x.data.length; at += length)
    x.data.copyWithin(at, 0, Math.min(length, x.data.length - at));
  return x;
};

/** Every output as a flat copy. */
async function runAndDispose(program: Program, feeds: readonly FloatTensor[]): Promise<FloatTensor[]> {
  try {
    const results = await program.run(feeds);
    const values = await Promise.all(results.map(async (r) => toFloat32(await r.read()).data.slice()));
    results.forEach((r) => r.dispose());
    return values.map((v) => float32([v.length], v));
  } finally {
    await program.dispose();
  }
}
