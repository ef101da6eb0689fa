/** @file The batch axis becomes a number: what lowering and the ONNX writer work on. */
import { bindShape } from '../../graph/dim.ts';
import { constantValue, Node, topologicalOrder, Value, type Graph } from '../../graph/graph.ts';
import { int64 } from '../../tensor/tensor.ts';

/** The same graph for `n` examples: every N in a shape or a shape vector is replaced. Weights are shared, not copied. */
export function bindBatch(graph: Graph, n: number): Graph {
  const bound = new Map<Value, Value>();
  const bind = (value: Value): Value => {
    let result = bound.get(value);
    if (!result) bound.set(value, (result = bindValue(value, n)));
    return result;
  };
  const inputs = graph.inputs.map(bind);
  for (const node of topologicalOrder(graph.outputs)) {
    const outputs = node.outputs.map(({ dtype, shape, name }) => ({ dtype, shape: bindShape(shape, n), name }));
    const copy = new Node(
      node.op,
      node.inputs.map((v) => v && bind(v)),
      node.attrs,
      outputs,
      node,
    );
    node.outputs.forEach((v, i) => bound.set(v, copy.outputs[i]));
  }
  return { name: graph.name, inputs, outputs: graph.outputs.map(bind) };
}

function bindValue(value: Value, n: number): Value {
  if (value.constant) return value;
  if (value.dims) return constantValue(int64([value.dims.length], bindShape(value.dims, n)));
  return new Value(value.dtype, bindShape(value.shape, n), { name: value.name });
}
