/**
 * @file Normalisations that stay what they are. onnxruntime folds one into the convolution before it, which rounds the weights
 * again; DeepLIFT divides differences that small. The page tells its own onnxruntime not to, and a file cannot.
 */
import { Node, type Graph, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';

/** Each scale gets a zero added that depends on what is fed, so that nothing knows it before. */
export function keepNormalisations(graph: Graph, g: Builder): Graph {
  const fed = graph.inputs.find(({ dtype, shape }) => dtype === 'float32' && shape.length > 0);
  if (!fed) return graph;
  const zero = zeroFrom(g, fed);
  return rewriteGraph(graph, (node, inputs) => {
    const [x, scale, ...rest] = inputs as readonly Value[];
    if (node.op !== 'BatchNormalization' || x.producer?.op !== 'Conv' || !scale.isConstant) return null;
    return [g.apply('BatchNormalization', [x, g.add(scale, zero), ...rest], node.attrs, { name: node.name })];
  });
}

/** 0 · [first element > 0]: [1]. Along the batch axis inference would refuse the cut: a zero mixes no examples. */
function zeroFrom(g: Builder, x: Value): Value {
  const each = (value: number) => g.ints(x.shape.map(() => value));
  const axes = g.ints(x.shape.map((_, axis) => axis));
  const first = { dtype: x.dtype, shape: x.shape.map(() => 1) };
  const element = new Node('Slice', [x, each(0), each(1), axes], {}, [first]).outputs[0];
  return g.reshape(g.mul(g.cast(g.greater(element, 0), 'float32'), 0), [1]);
}
