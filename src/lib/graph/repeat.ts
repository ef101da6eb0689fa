/** @file A part of a graph that is done again for each row of a table: ONNX's Scan, which only files have. */
import { dependents, Node, topologicalOrder, Value, VITRINE } from './graph.ts';
import { rewriteValues } from './rewrite.ts';

export interface Repetition {
  /** What is carried from row to row, as it is before the first. */
  readonly states: readonly Value[];
  /** [rows, …] each: one entry along the first axis for each time. */
  readonly rows: readonly Value[];
  /** The states after a row, of the shapes they had before. It may read any value of the graph around it. */
  readonly step: (states: readonly Value[], row: readonly Value[]) => readonly Value[];
}

/**
 * The states after the last row. What `step` computes from neither states nor rows is computed once, outside. No runtime
 * of the page runs it: methods loop there, so that they can be stopped. Throws a RangeError where a state changes its shape.
 */
export function repeat({ states, rows, step }: Repetition): readonly Value[] {
  const inner = states.map((v, i) => new Value(v.dtype, v.shape, { name: `state ${i}` }));
  const row = rows.map((v, i) => new Value(v.dtype, v.shape.slice(1), { name: `row ${i}` }));
  const next = step(inner, row);
  next.forEach((v, i) => {
    if (`${v.dtype}[${v.shape}]` !== `${states[i].dtype}[${states[i].shape}]`)
      throw new RangeError(`internal: state ${i} begins as [${states[i].shape}] and becomes [${v.shape}].`);
  });
  const captured = capturedBy([...inner, ...row], next);
  const outputs = rewriteValues(next, () => null, captured);
  const body = { name: 'row', inputs: [...inner, ...row, ...captured.values()], outputs };
  const types = states.map(({ dtype, shape }) => ({ dtype, shape }));
  const attrs = { states: states.length, rows: rows.length };
  return new Node('Repeat', [...states, ...rows, ...captured.keys()], attrs, types, { domain: VITRINE, body }).outputs;
}

export const isRepeat = (node: Node): boolean => node.op === 'Repeat' && node.domain === VITRINE;

/** What the nodes that depend on `inputs` read from elsewhere, and the input of the body that stands for it. */
function capturedBy(inputs: readonly Value[], outputs: readonly Value[]): Map<Value, Value> {
  const inside = dependents(inputs, outputs);
  const captured = new Map<Value, Value>();
  const capture = (v: Value | null) => {
    if (v && !v.isConstant && !inside.has(v) && !captured.has(v))
      captured.set(v, new Value(v.dtype, v.shape, { name: v.name }));
  };
  for (const node of topologicalOrder(outputs))
    if (node.outputs.some((v) => inside.has(v))) node.inputs.forEach(capture);
  outputs.forEach(capture);
  return captured;
}
