/**
 * @file Gelu beside its slope. Both need Φ(x), whose error function costs more than all else of them; onnxruntime's Gelu keeps
 * its own to itself.
 */
import { topologicalOrder, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import { cumulative } from '../../ops/activation.ts';
import { scalarOf } from './relu-masks.ts';

/** x where the node is erf(x/√2). */
function standardised({ op, inputs }: Node): Value | null {
  const scaled = op === 'Erf' ? inputs[0]?.producer : null;
  return scaled?.op === 'Mul' && scalarOf(scaled.inputs[1]) === Math.fround(Math.SQRT1_2) ? scaled.inputs[0] : null;
}

/** Gelu(x) as x · Φ(x) where Φ(x) is computed for the slope too. */
export function geluSharesItsErf(graph: Graph, g: Builder): Graph {
  const known = new Set(topologicalOrder(graph.outputs).map(standardised));
  return rewriteGraph(graph, (node, [x]) => {
    const exact = node.op === 'Gelu' && node.domain === '' && (node.attrs.approximate ?? 'none') === 'none';
    return exact && known.has(node.inputs[0]) ? [g.mul(x!, cumulative(g, x!))] : null;
  });
}
