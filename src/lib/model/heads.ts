/** @file Logits and probabilities of a classifier, whichever of them its file ends with. */
import { concreteShape, product, sameShape, type Dim } from '../graph/dim.ts';
import type { Node, Value } from '../graph/graph.ts';
import { attributesOf, getOp } from '../ops/define.ts';
import { Builder } from '../ops/builder.ts';
import { sizeOf } from '../tensor/tensor.ts';

export interface Heads {
  readonly logits: Value;
  readonly probabilities: Value;
  /** How probabilities follow from logits. */
  readonly link: 'softmax' | 'sigmoid';
}

/** Operators that hand on the same numbers, perhaps in another shape. */
const passing = new Set(['Identity', 'Dropout', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Cast']);

/**
 * The two ends of a classifier. A final softmax, log-softmax or sigmoid of the file is found behind reshapes, and the
 * logits are what goes into it; a file that ends with logits gets a softmax, or a sigmoid where there is one unit.
 */
export function headsOf(output: Value): Heads {
  const end = lastComputing(output);
  const input = end?.inputs[0];
  if (end && input && sameShape(input.shape, end.outputs[0].shape)) {
    if (end.op === 'Softmax' && coversClasses(end))
      return { logits: input, probabilities: end.outputs[0], link: 'softmax' };
    if (end.op === 'LogSoftmax' && coversClasses(end))
      return { logits: input, probabilities: softmax(input), link: 'softmax' };
    if (end.op === 'Sigmoid') return { logits: input, probabilities: end.outputs[0], link: 'sigmoid' };
  }
  if (classesOf(output) === 1) return { logits: output, probabilities: new Builder().sigmoid(output), link: 'sigmoid' };
  return { logits: output, probabilities: softmax(output), link: 'softmax' };
}

/** Elements of a value for one example. */
export const classesOf = (value: Value): number => sizeOf(concreteShape(value.shape.slice(1), value.name));

function lastComputing(output: Value): Node | null {
  let node = output.producer;
  while (node && passing.has(node.op) && node.inputs[0]) {
    // A shape computed while running could move elements between examples.
    if (!sameCount(node.inputs[0], output) || node.inputs.slice(1).some((v) => v && !v.isConstant)) return node;
    node = node.inputs[0].producer;
  }
  return node;
}

const sameCount = (a: Value, b: Value): boolean => product(a.shape) === product(b.shape);

/** Whether a softmax runs over all classes of an example: every other axis behind the batch has length 1. */
function coversClasses(node: Node): boolean {
  const { axis } = attributesOf(getOp(node.op), node) as { axis: number };
  const shape = node.outputs[0].shape;
  const at = axis < 0 ? axis + shape.length : axis;
  return at > 0 && shape.every((d, i) => i === 0 || i === at || d === 1);
}

/** Softmax over all elements of an example, in the value's own shape. */
function softmax(logits: Value): Value {
  const g = new Builder();
  const flat: Dim[] = [logits.shape[0], classesOf(logits)];
  return g.reshape(g.softmax(g.reshape(logits, flat), 1), logits.shape);
}
