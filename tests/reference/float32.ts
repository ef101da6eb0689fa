import { topologicalOrder, type Value } from '../../src/lib/graph/graph.ts';
import { evaluate } from './interpreter.ts';
import type { RefTensor } from './tensor.ts';

/** The outputs' values with every node's result rounded to float32, as on a device: what overflows there overflows here. */
export function evaluateInFloat32(outputs: readonly Value[], feeds: ReadonlyMap<Value, RefTensor>): RefTensor[] {
  const known = new Map(feeds);
  for (const node of topologicalOrder(outputs)) {
    evaluate(node.outputs, known).forEach((t, i) =>
      known.set(node.outputs[i], { ...t, data: t.data.map(Math.fround) }),
    );
  }
  return outputs.map((v) => known.get(v)!);
}
