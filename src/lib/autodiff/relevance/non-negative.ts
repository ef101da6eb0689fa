/** @file Values of which no element can be negative, whatever the model is fed: half of a rule's terms fall away. */
import type { Node, Value } from '../../graph/graph.ts';

const always: ReadonlySet<string> = new Set([
  'Relu',
  'Sigmoid',
  'HardSigmoid',
  'Softmax',
  'Softplus',
  'Exp',
  'Abs',
  'Sqrt',
]);

/** Not negative where their inputs are not. */
const keeping: ReadonlySet<string> = new Set([
  ...['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean', 'ReduceSum', 'ReduceMax'],
  ...['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Identity', 'Dropout', 'Slice', 'Split', 'Expand'],
]);

/** Not negative where each of their inputs is not. */
const joining: ReadonlySet<string> = new Set(['Add', 'Sum', 'Mul', 'Concat', 'Max']);

/** Clip with a lower bound that is known and not negative. */
const clipsBelow = ({ op, inputs }: Node): boolean => op === 'Clip' && Number(inputs[1]?.constant?.data[0] ?? -1) >= 0;

/** How many nodes back it looks; beyond, the answer is no, which is right if slower. */
const FAR = 24;

/** Whether no element of `value` can be negative. A no may be wrong. */
export function isNonNegative(value: Value, reach = FAR): boolean {
  const { producer: node } = value;
  if (!node || reach === 0) return false;
  if (always.has(node.op) || clipsBelow(node)) return true;
  if (keeping.has(node.op)) return isNonNegative(node.inputs[0]!, reach - 1);
  return joining.has(node.op) && node.inputs.every((v) => v !== null && isNonNegative(v, Math.floor(reach / 2)));
}
