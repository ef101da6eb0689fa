/** @file Nodes of a lowered graph that TensorFlow.js has no form of: known before anything runs. */
import { knownInts, topologicalOrder, type Graph, type Node } from '../../graph/graph.ts';
import { findOp } from '../../ops/define.ts';
import type { UnsupportedNode } from '../runtime.ts';
import { hasPlace } from './tensors.ts';

/** Axes that its kernels go through at most. */
const MOST_AXES = 6;

interface Limit {
  readonly when: (node: Node) => boolean;
  readonly reason: string;
}

const reduces: Limit = {
  when: ({ attrs }) => !['none', 'add'].includes((attrs.reduction as string | undefined) ?? 'none'),
  reason: 'TensorFlow.js writes by index only over the old value, or adds to it',
};

const computed =
  (index: number): Limit['when'] =>
  ({ inputs }) =>
    Boolean(inputs[index]) && !knownInts(inputs[index]);

const empty: Limit = {
  when: ({ inputs }) => inputs[0]!.shape.includes(0),
  reason: 'TensorFlow.js knows no extreme of no elements',
};

const limits: Readonly<Record<string, Limit>> = {
  Pad: { when: computed(2), reason: 'the constant must be known before the model runs for TensorFlow.js' },
  Trilu: { when: computed(1), reason: 'k must be known before the model runs for TensorFlow.js' },
  ReduceMax: empty,
  ReduceMin: empty,
  ReduceLogSumExp: empty,
  MaxPool: { when: (node) => node.outputs.length > 1, reason: 'TensorFlow.js computes no indices of maxima' },
  Resize: {
    when: () => true,
    reason: 'the value outside of the region of tf_crop_and_resize must be 0 for TensorFlow.js',
  },
  ScatterElements: reduces,
  ScatterND: reduces,
};

/** Why some forms of an operator are refused; null where all of them run. */
export const tfjsLimitOf = (op: string): string | null => (Object.hasOwn(limits, op) ? limits[op].reason : null);

/** Every node that would be refused or would throw, each with the reason. */
export function unsupportedByTfjs(lowered: Graph): UnsupportedNode[] {
  return topologicalOrder(lowered.outputs).flatMap((node) => {
    const reason = reasonAgainst(node);
    return reason ? [{ op: node.op, node: node.name || node.outputs[0].name, reason }] : [];
  });
}

function reasonAgainst(node: Node): string | null {
  const values = [...node.inputs, ...node.outputs].filter((v) => v !== null);
  const odd = values.find(({ dtype }) => !hasPlace(dtype));
  if (odd) return `TensorFlow.js has no ${odd.dtype}`;
  if (values.some(({ shape }) => shape.length > MOST_AXES)) return `TensorFlow.js has at most ${MOST_AXES} axes`;
  const limit = Object.hasOwn(limits, node.op) ? limits[node.op] : undefined;
  if (limit?.when(node)) return limit.reason;
  return findOp(node.op, node.domain)?.run ? null : 'TensorFlow.js has no operator for it';
}
