/** @file What the methods' graphs and drivers share: inputs, the model on another input, and running in chunks. */
import { Node, Value, type Graph } from '../graph/graph.ts';
import type { Shape } from '../graph/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import type { Builder } from '../ops/builder.ts';
import { sum } from '../tensor/arithmetic.ts';
import { assertFloat, concat0, float32, zeros, type FloatTensor, type Tensor } from '../tensor/tensor.ts';
import { exampleShape, headOf, seedOf, valuesOf } from './target.ts';
import type { Compiled, ModelGraph, Question, Resident, SelfCheck } from './types.ts';

export const graphInput = (name: string, shape: Shape, dtype: DType = 'float32'): Value =>
  new Value(dtype, shape, { name });

/** An input that holds one example in the shape of `like`: [1, …]. */
export const oneLike = (like: Value, name: string): Value => graphInput(name, exampleShape(like));

/** An input that holds one number an example, broadcast against `like`: [N, 1, 1, …]. */
export const numberPerExample = (like: Value, name: string): Value =>
  graphInput(
    name,
    like.shape.map((d, axis) => (axis === 0 ? d : 1)),
  );

/** The model with `input` in place of its own: maps each of its values to the one computed from `input`. */
export const modelOn = (model: ModelGraph, input: Value): ((value: Value) => Value) =>
  cloneBetween(new Map([[model.input, input]]), [model.logits, model.probabilities]);

/**
 * Σ over the examples: [N, …] → [1, …]. The only place where examples are meant to mix: shape inference, which refuses
 * that everywhere else, is not asked.
 */
export function sumOverBatch(g: Builder, x: Value): Value {
  if (x.shape[0] === 1) return x;
  const total = { dtype: x.dtype, shape: [1, ...x.shape.slice(1)] };
  return new Node('ReduceSum', [x, g.ints([0])], { keepdims: 1 }, [total]).outputs[0];
}

const numbers = new WeakMap<Value, number>();
let given = 0;

/** A name for a value in program keys. */
export function keyOf(value: Value): string {
  if (!numbers.has(value)) numbers.set(value, given++);
  return `${value.name}#${numbers.get(value)}`;
}

/** How many of `total` examples to run at once: what the engine prefers, or fewer, so that no run is filled up in vain. */
export async function batchFor({ model, engine }: Question, total: number): Promise<number> {
  if (!model.batched || total < 2) return 1;
  const most = await engine.preferredBatch(total);
  return Math.ceil(total / Math.ceil(total / most));
}

/** Calls `run(start)` for start = 0, batch, 2·batch, …; between calls it reports progress and heeds the signal. */
export async function inChunks(
  { signal, onProgress }: Question,
  total: number,
  batch: number,
  run: (start: number) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < total; start += batch) {
    signal?.throwIfAborted();
    await run(start);
    onProgress?.({ done: Math.min(start + batch, total), total });
  }
  signal?.throwIfAborted();
}

/** Lets waiting messages in, a cancel among them, where a method works for long without running a program. */
export async function pause({ signal }: Pick<Question, 'signal'>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}

const isResident = (value: Tensor | Resident): value is Resident => 'read' in value;

export async function readAll(results: readonly Resident[]): Promise<FloatTensor[]> {
  const tensors = await Promise.all(results.map((result) => result.read()));
  // Memory that a read may share with the device is free for the next run once it is disposed of.
  const copies = tensors.map((tensor) => {
    assertFloat(tensor, 'Explanation');
    return float32(tensor.shape, tensor.data.slice());
  });
  results.forEach((result) => result.dispose());
  return copies;
}

/**
 * Sums over `total` samples in chunks. The program's first inputs are the sums so far, its outputs are the sums after
 * the chunk; between chunks they stay on the device. `feeds` gives the other inputs for the samples from `start` on.
 */
export async function accumulate(
  question: Question,
  program: Compiled,
  shapes: readonly (readonly number[])[],
  total: number,
  feeds: (start: number) => readonly Tensor[],
): Promise<FloatTensor[]> {
  let sums: readonly (Tensor | Resident)[] = shapes.map((shape) => zeros('float32', shape));
  const drop = () => sums.forEach((s) => isResident(s) && s.dispose());
  try {
    await inChunks(question, total, program.batch, async (start) => {
      const next = await program.run([...sums, ...feeds(start)]);
      drop();
      sums = next;
    });
  } catch (error) {
    drop();
    throw error;
  }
  return readAll(sums.filter(isResident));
}

/**
 * `batch` numbers from `values[start]` on, as an input made by `numberPerExample`. Past the end `pad` stands, or the last
 * number, so that what is thrown away is computed from a point like the others.
 */
export function chunkOf(
  values: readonly number[],
  start: number,
  batch: number,
  rank: number,
  pad?: number,
): FloatTensor {
  const at = (i: number) => (i < values.length ? values[i] : (pad ?? values[values.length - 1]));
  return float32(
    [batch, ...Array<number>(rank - 1).fill(1)],
    Array.from({ length: batch }, (_, i) => at(start + i)),
  );
}

/** Runs a program of one example once and reads its results. */
export async function runOnce(
  { signal }: Question,
  program: Compiled,
  feeds: readonly Tensor[],
): Promise<FloatTensor[]> {
  signal?.throwIfAborted();
  return readAll(await program.run(feeds));
}

const FEW = 8;

/** F of each of `xs` ([1, …] each), by the model's forward pass alone. */
export async function values(question: Question, xs: readonly FloatTensor[]): Promise<number[]> {
  const { target } = question;
  // Few examples go one by one: another program for a batch of two would cost more than it saves.
  const batch = xs.length < FEW ? 1 : await batchFor(question, xs.length);
  const program = await forwardProgram(question, batch);
  const seed = seedOf(question);
  const found: number[] = [];
  for (let start = 0; start < xs.length; start += batch) {
    const rows = Array.from({ length: batch }, (_, i) => xs[Math.min(start + i, xs.length - 1)]);
    const [logits, probabilities] = await runOnce(question, program, [concat0(rows)]);
    found.push(...valuesOf({ logits, probabilities }[headOf(target)], seed).slice(0, xs.length - start));
  }
  return found;
}

/**
 * The model's own pass, image → [logits, probabilities]. One program serves predictions and every F, because each program
 * holds a copy of the weights and a softmax costs nothing beside the model.
 */
export function forwardProgram({ model, engine }: Pick<Question, 'model' | 'engine'>, batch = 1): Promise<Compiled> {
  const build = (): Graph => ({ name: 'forward', inputs: [model.input], outputs: [model.logits, model.probabilities] });
  return engine.program('forward', build, { batch });
}

/** By how much Σ scores misses what `claim` says it is. */
export function sumCheck(kind: SelfCheck['kind'], claim: string, scores: FloatTensor, expected: number): SelfCheck {
  const delta = sum(scores) - expected;
  return { kind, claim, delta, relative: delta === 0 ? 0 : Math.abs(delta) / Math.abs(expected) };
}

/** Completeness (Sundararajan et al. 2017), also called summation to delta (Shrikumar et al. 2017). */
export const completeness = (
  kind: 'exact' | 'quadrature' | 'estimate',
  scores: FloatTensor,
  value: number,
  baselineValue: number,
): SelfCheck => sumCheck(kind, 'Σ scores = F(x) − F(x′)', scores, value - baselineValue);
