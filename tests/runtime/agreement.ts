/** @file A lowered graph must compute what the graph says: checked in float64 by the reference interpreter. */
import { expect } from 'vitest';
import { bindShape } from '../../src/lib/graph/dim.ts';
import type { Graph } from '../../src/lib/graph/graph.ts';
import { lower, type Target } from '../../src/lib/runtime/lower/lower.ts';
import type { FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref, type RefTensor } from '../reference/tensor.ts';
import { coarse } from './graphs.ts';

export const BATCH = 2;

export const feedsFor = (graph: Graph, seed = 1): FloatTensor[] =>
  graph.inputs.map((v, i) => coarse(bindShape(v.shape, BATCH), seed + i));

export function reference(graph: Graph, feeds: readonly FloatTensor[]): RefTensor[] {
  const known = new Map(graph.inputs.map((v, i) => [v, ref('float32', feeds[i].shape, feeds[i].data)]));
  return evaluate(graph.outputs, known, BATCH);
}

export function expectClose(actual: ArrayLike<number>, truth: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(truth.length);
  const scale = Math.max(1, ...Array.from(truth, Math.abs));
  const worst = Math.max(0, ...Array.from(truth, (t, i) => Math.abs(actual[i] - t) / scale));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

/** Lowers the graph for `device`, compares all outputs in float64 and returns the lowered graph. */
export function expectSameAfterLowering(graph: Graph, device: Target, seed = 1): Graph {
  const feeds = feedsFor(graph, seed);
  const lowered = lower(graph, device, BATCH);
  const truth = reference(graph, feeds);
  reference(lowered, feeds).forEach((got, i) => {
    expect(got.shape).toEqual(truth[i].shape);
    expectClose(got.data, truth[i].data, 1e-6);
  });
  return lowered;
}

/** How often each operator occurs. */
export function operatorCounts(nodes: readonly { op: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}
