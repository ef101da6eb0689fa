/** @file Equal nodes become one. Rules and methods may build the same thing twice; nobody else has to care. */
import { type Attribute, type Attributes, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { copyNode, rewriteGraph } from '../../graph/rewrite.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';

/** Constants up to this many elements are compared by content, larger ones by identity. */
const SMALL = 64;

/** One node for every operator on the same inputs with the same attributes. */
export function shareCommonSubexpressions(graph: Graph): Graph {
  const identify = identifier();
  const seen = new Map<string, readonly Value[]>();
  return rewriteGraph(graph, (node, inputs) => {
    if (node.body) return null;
    const key = nodeKey(node, inputs.map(identify));
    const before = seen.get(key);
    if (before) return before;
    const changed = inputs.some((v, i) => v !== node.inputs[i]);
    const outputs = changed ? copyNode(node, inputs).outputs : node.outputs;
    seen.set(key, outputs);
    return outputs;
  });
}

/** A text that two values share exactly when they are known to be equal. */
function identifier(): (value: Value | null) => string {
  const ids = new Map<Value, string>();
  return (value) => {
    if (!value) return '–';
    let id = ids.get(value);
    if (!id) ids.set(value, (id = contentOf(value) ?? `#${ids.size}`));
    return id;
  };
}

function contentOf({ constant }: Value): string | null {
  return constant && sizeOf(constant.shape) <= SMALL ? tensorKey(constant) : null;
}

const tensorKey = ({ dtype, shape, data }: Tensor): string =>
  `${dtype}[${shape}]:${Array.from(data as ArrayLike<number | bigint>, (v) => (Object.is(v, -0) ? '-0' : String(v)))}`;

const nodeKey = (node: Node, inputs: readonly string[]): string =>
  `${node.domain}.${node.op}/${node.outputs.length}(${inputs.join(';')}){${attributesKey(node.attrs)}}`;

/** Attributes as a text, in the order of their names. */
export const attributesKey = (attrs: Attributes): string =>
  Object.entries(attrs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${attributeKey(value)}`)
    .join();

const attributeKey = (value: Attribute): string =>
  typeof value === 'object' && 'dtype' in value ? tensorKey(value) : JSON.stringify(value);
