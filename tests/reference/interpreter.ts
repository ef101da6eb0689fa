/** @file A slow, literal evaluator of graphs in float64: the truth that gradients, rules and runtimes are checked against. */
import { bindShape } from '../../src/lib/graph/dim.ts';
import { nodeLabel, TFJS, topologicalOrder, type Value } from '../../src/lib/graph/graph.ts';
import { toNumbers } from '../../src/lib/tensor/tensor.ts';
import { activation } from './ops/activation.ts';
import { channelsLast } from './ops/channels-last.ts';
import { comparison } from './ops/comparison.ts';
import { elementwise } from './ops/elementwise.ts';
import { indexing } from './ops/indexing.ts';
import { reduction } from './ops/reduction.ts';
import { shape } from './ops/shape.ts';
import { convolution } from './ops/convolution.ts';
import { pooling } from './ops/pooling.ts';
import { matmul } from './ops/matmul.ts';
import { normalization } from './ops/normalization.ts';
import { softmax } from './ops/softmax.ts';
import { resizing } from './ops/resize.ts';
import type { Family, RefTensor } from './tensor.ts';

const reference: Family = {
  ...elementwise,
  ...activation,
  ...comparison,
  ...reduction,
  ...shape,
  ...indexing,
  ...convolution,
  ...pooling,
  ...matmul,
  ...normalization,
  ...softmax,
  ...resizing,
};

/** Whether the interpreter knows the operator. */
export const hasReference = (op: string): boolean => op in reference;

/**
 * The outputs' values given the inputs' values, with the batch axis N bound to `batch`.
 * Throws an Error naming the first node that it does not know.
 */
export function evaluate(outputs: readonly Value[], feeds: ReadonlyMap<Value, RefTensor>, batch = 1): RefTensor[] {
  const known = new Map<Value, RefTensor>(feeds);
  const read = (value: Value): RefTensor => {
    const found = known.get(value);
    if (found) return found;
    const { constant, dims } = value;
    if (!constant && !dims) throw new Error(`reference: no value for ${value}`);
    const data = Float64Array.from(constant ? toNumbers(constant) : bindShape(dims!, batch));
    const made = { dtype: value.dtype, shape: bindShape(value.shape, batch), data };
    known.set(value, made);
    return made;
  };
  for (const node of topologicalOrder(outputs)) {
    if (node.outputs.every((v) => known.has(v))) continue;
    const op = (node.domain === TFJS ? channelsLast : reference)[node.op];
    if (!op) throw new Error(`reference: ${nodeLabel(node)} has no reference implementation`);
    const inputs = node.inputs.map((v) => (v ? read(v) : undefined)) as RefTensor[];
    op(inputs, node.attrs, node).forEach((result, i) => {
      if (node.outputs[i]) known.set(node.outputs[i], result);
    });
  }
  return outputs.map(read);
}
