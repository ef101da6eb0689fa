/** A runtime that is right but for some nodes, whose results are a little too large. */
import { copyNode, rewriteGraph } from '../../src/lib/graph/rewrite.ts';
import type { Graph, Node } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';

export function wrongAt(runtime: Runtime, isWrong: (node: Node) => boolean, factor = 1.01): Runtime {
  const perturbed = (graph: Graph): Graph =>
    rewriteGraph(graph, (node, inputs) => {
      if (!isWrong(node)) return null;
      const [y, ...others] = copyNode(node, inputs).outputs;
      return [new Builder().mul(y, factor), ...others];
    });
  return {
    device: runtime.device,
    lost: runtime.lost,
    heapBytes: 0,
    unsupported: (graph) => runtime.unsupported(graph),
    compile: (graph, options) => runtime.compile(perturbed(graph), options),
    openFile: (file) => runtime.openFile(file),
    dispose: async () => undefined,
  };
}
