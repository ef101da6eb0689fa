/** @file What one forward pass costs, known from shapes alone. */
import { bindShape } from '../graph/dim.ts';
import { topologicalOrder, type Graph } from '../graph/graph.ts';
import { Budget } from '../graph/budget.ts';
import { attributesOf, findOp } from '../ops/define.ts';
import { sizeOf } from '../tensor/tensor.ts';

/** A pass of this many multiply-adds takes minutes on WASM: nothing of a graphical page is left of that. */
const MOST_FLOPS = 2 ** 40;

/** Preparing a program takes onnxruntime longer than linearly; the largest published classifiers have some 5,000 nodes. */
const MOST_NODES = 20_000;

/** Multiply-adds of one forward pass for one example. */
export function forwardFlops(graph: Graph): number {
  let total = 0;
  for (const node of topologicalOrder(graph.outputs)) {
    const op = findOp(node.op, node.domain);
    const elements = node.outputs.reduce((n, v) => n + sizeOf(bindShape(v.shape, 1)), 0);
    const flops = op?.flops?.(node.inputs as never, node.outputs, attributesOf(op, node)) ?? elements;
    total += Number.isFinite(flops) ? Math.max(flops, elements) : elements;
  }
  return total;
}

/** Throws an Error naming `file` where one pass would be too large or too slow to run in a page. */
export function refuseCostly(graph: Graph, file: string): void {
  const nodes = topologicalOrder(graph.outputs);
  if (nodes.length > MOST_NODES)
    throw new Error(
      `${file}: its graph has ${nodes.length} nodes, the most is ${MOST_NODES}. Simplify the model before exporting, or choose a smaller one.`,
    );
  const budget = new Budget();
  for (const node of nodes) {
    try {
      budget.spend(node);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  }
  const flops = forwardFlops(graph);
  if (flops > MOST_FLOPS)
    throw new Error(
      `${file}: one pass takes ${(flops / 1e9).toPrecision(3)} billion multiply-adds, the most is ${(MOST_FLOPS / 1e9).toPrecision(4)} billion. Export the model for a smaller image, or choose a smaller model.`,
    );
}
