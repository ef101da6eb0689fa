/** @file What memory one forward pass takes at the least: known from shapes, before any of it is asked for. */
import { bindShape } from '../graph/dim.ts';
import { constantsOf, topologicalOrder, type Graph, type Value } from '../graph/graph.ts';
import { HEAP_LIMIT } from '../runtime/heap.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { bytesPerElement } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/tensor.ts';

export interface PassMemory {
  readonly weights: number;
  /** The most that is alive at one time. */
  readonly activations: number;
}

/** In bytes, for one example. Each weight counts once; onnxruntime may hold a second copy, put in another order. */
export function passMemory(graph: Graph): PassMemory {
  const weights = constantsOf(graph).reduce((n, value) => n + bytesOfOne(value), 0);
  return { weights, activations: peak(graph) };
}

/**
 * A value lives from the node that makes it to the last one that reads it, whose result may take its place where it has
 * the same size: so element-wise operators, and those fused with them, need nothing more.
 */
function peak(graph: Graph): number {
  const nodes = topologicalOrder(graph.outputs);
  const lastUse = new Map<Value, number>();
  nodes.forEach(({ inputs }, i) => inputs.forEach((value) => value && !value.constant && lastUse.set(value, i)));
  graph.outputs.forEach((value) => lastUse.set(value, nodes.length));
  const ending = new Map<number, number[]>();
  for (const [value, i] of lastUse) ending.set(i, [...(ending.get(i) ?? []), bytesOfOne(value)]);
  const total = (sizes: readonly number[]): number => sizes.reduce((sum, n) => sum + n, 0);
  let alive = total(graph.inputs.filter((value) => lastUse.has(value)).map(bytesOfOne));
  let most = alive;
  nodes.forEach(({ outputs }, i) => {
    const made = outputs.filter((value) => lastUse.has(value)).map(bytesOfOne);
    const ended = ending.get(i) ?? [];
    const inPlace = made.filter((n) => ended.includes(n));
    most = Math.max(most, alive + total(made) - total(inPlace));
    alive += total(made) - total(ended);
  });
  return most;
}

/** Of a value in a run of `batch` examples. */
export const bytesOf = ({ shape, dtype }: Value, batch: number): number =>
  sizeOf(bindShape(shape, batch)) * bytesPerElement(dtype);

const bytesOfOne = (value: Value): number => bytesOf(value, 1);

/** Throws an Error naming `file` where a pass surely needs more than WebAssembly can have. A GPU has memory of its own. */
export function refuseTooLarge({ device }: Pick<Runtime, 'device'>, graph: Graph, file: string): void {
  if (device.kind !== 'wasm') return;
  const { weights, activations } = passMemory(graph);
  if (weights + activations <= HEAP_LIMIT) return;
  throw new Error(
    `${file}: one pass needs at least ${size(weights + activations)} of memory (weights ${size(weights)}, activations ${size(activations)}); WASM has ${size(HEAP_LIMIT)}. Choose WebGPU under Device, a smaller model, or export this one for a smaller image.`,
  );
}

/** The error of a pass for which there was no room, with the numbers that say so. */
export function noRoom({ heapBytes }: Pick<Runtime, 'heapBytes'>, graph: Graph, cause: unknown): Error {
  const { weights, activations } = passMemory(graph);
  return new Error(
    `out of memory: one pass takes ${size(weights + activations)} or more, and the browser stopped at ${size(heapBytes)}`,
    { cause },
  );
}

const size = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`;
