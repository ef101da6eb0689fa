/** @file Rebuilding a graph: the one mechanism behind every pass. Graphs are never changed in place. */
import { Node, topologicalOrder, type Graph, type Value } from './graph.ts';

/**
 * Replaces a node by other values. `inputs` are the node's inputs after rewriting. Return the values that stand for
 * the node's outputs, or null to keep the node as it is.
 */
export type NodeRewrite = (node: Node, inputs: readonly (Value | null)[]) => readonly Value[] | null;

/**
 * The values that stand for `roots` once every node they depend on has been offered to `rewrite`, producers first.
 * `given` holds replacements known beforehand (an input bound to something else). Nodes whose inputs did not change
 * and that are not rewritten are shared, not copied.
 */
export function rewriteValues(
  roots: readonly Value[],
  rewrite: NodeRewrite,
  given: ReadonlyMap<Value, Value> = new Map(),
): Value[] {
  const replaced = new Map<Value, Value>(given);
  const now = <V extends Value | null>(v: V): V => ((v && replaced.get(v)) ?? v) as V;
  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map(now);
    const outputs =
      rewrite(node, inputs) ?? (inputs.every((v, i) => v === node.inputs[i]) ? null : copyNode(node, inputs).outputs);
    outputs?.forEach((v, i) => {
      if (node.outputs[i] && !given.has(node.outputs[i])) replaced.set(node.outputs[i], v);
    });
  }
  return roots.map(now);
}

/** A whole graph rewritten; its inputs stay. */
export function rewriteGraph(graph: Graph, rewrite: NodeRewrite): Graph {
  return { ...graph, outputs: rewriteValues(graph.outputs, rewrite) };
}

/** The same operator on other inputs of the same shapes. */
export function copyNode(node: Node, inputs: readonly (Value | null)[]): Node {
  const outputs = node.outputs.map(({ dtype, shape, name }) => ({ dtype, shape, name }));
  return new Node(node.op, inputs, node.attrs, outputs, node);
}

/**
 * The part of the graph between `from` and `roots`, again, with other values in place of `from`: the same weights, the
 * same nodes elsewhere. Returns the map from old values to new ones; values that do not depend on `from` map to themselves.
 */
export function cloneBetween(from: ReadonlyMap<Value, Value>, roots: readonly Value[]): (value: Value) => Value {
  const copies = new Map<Value, Value>(from);
  for (const node of topologicalOrder(roots)) {
    if (node.outputs.some((v) => from.has(v))) continue;
    const inputs = node.inputs.map((v) => (v && copies.get(v)) ?? v);
    if (inputs.every((v, i) => v === node.inputs[i])) continue;
    copyNode(node, inputs).outputs.forEach((v, i) => copies.set(node.outputs[i], v));
  }
  return (value) => copies.get(value) ?? value;
}
