/** @file The graph's own forward pass against onnxruntime running the file as it was dropped. */
import type { ImportedModel } from '../formats/model.ts';
import { bindShape } from '../graph/dim.ts';
import type { ModelFile, Program, Runtime } from '../runtime/runtime.ts';
import { random, type Random } from '../tensor/random.ts';
import { relativeError } from '../tensor/arithmetic.ts';
import { float32, toFloat32, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { noRoom } from './memory.ts';
import { isOutOfMemory } from './say.ts';

/** Above this size a second copy of the weights is too much to ask of a tab. */
const LARGEST_CHECKED = 200 * 2 ** 20;

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

/**
 * Compares both on one seeded noise input. A file that onnxruntime refuses is reported, not thrown; a pass that there is
 * no room for is thrown, because no question could be answered.
 */
export async function forwardDifference(
  runtime: Runtime,
  file: ModelFile,
  { graph, inputs, format }: ImportedModel,
): Promise<ForwardCheck> {
  if (format !== 'onnx') return leftOut('onnxruntime, which it is made with, reads ONNX files only.');
  const noise = noiseOf(random(1));
  const feeds = inputs.map((_, i) => noise(bindShape(graph.inputs[i].shape, 1)));
  const runOurs = async () => {
    try {
      return await runAndDispose(await runtime.compile(graph), feeds);
    } catch (error) {
      throw isOutOfMemory(error) ? noRoom(runtime, graph, error) : error;
    }
  };
  if (file.bytes.byteLength > LARGEST_CHECKED) {
    if (runtime.device.kind === 'wasm') await runOurs();
    return leftOut('the model is large.');
  }
  let theirs: readonly FloatTensor[];
  try {
    theirs = await runAndDispose(await runtime.openFile(file), feeds);
  } catch (error) {
    // The file as it is takes more room than the graph, which may still fit.
    if (isOutOfMemory(error)) await runOurs();
    const why = error instanceof Error ? error.message : String(error);
    return {
      value: null,
      notes: [`onnxruntime could not run the file as it is, so the forward pass was not compared: ${why}`],
    };
  }
  const ours = await runOurs();
  return { value: Math.max(...ours.map((y, i) => relativeError(y, theirs[i]))), notes: [] };
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
