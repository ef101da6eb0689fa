/** @file Exporters' decompositions put together again, so that each operator has one form and one rule. */
import type { Graph } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import { Builder } from '../builder.ts';
import { gelu } from './gelu.ts';
import { hardSwish } from './hard-swish.ts';
import { scaled, shifted, standardised } from './layer-normalization.ts';
import type { Recogniser } from './match.ts';
import { mish } from './mish.ts';
import { swish } from './swish.ts';

const recognisers: readonly Recogniser[] = [gelu, swish, mish, hardSwish, standardised, scaled, shifted];
/** Every pattern ends in one of these. */
const LAST = new Set(['Mul', 'Div', 'Add']);

/** The same graph with Gelu, Swish, Mish, HardSwish and LayerNormalization in place of their decompositions. */
export function recognise(graph: Graph): Graph {
  const g = new Builder();
  return rewriteGraph(graph, (node, inputs) => {
    if (node.domain !== '' || !LAST.has(node.op)) return null;
    for (const recogniser of recognisers) {
      const value = recogniser(g, { node, inputs });
      if (value) return [value];
    }
    return null;
  });
}
