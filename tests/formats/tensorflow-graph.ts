/** @file The graph around one operator, and a small classifier. */
import type { GraphDef } from '../../src/lib/formats/tensorflow/proto.ts';
import type { Tensor } from '../../src/lib/tensor/tensor.ts';
import { uniform } from '../reference/random.ts';
import { constant, graphDef, node, placeholder, tensor } from './tensorflow-file.ts';
import type { Case, Input } from './tensorflow-inputs.ts';

/** The graph of one operator. `open`: the first axis of what is fed is. */
export function graphOf(op: string, { inputs, attrs }: Case, open: boolean) {
  const named = inputs.map((input, i): [string, Input] => [`in${i}`, input]);
  const nodes = named.map(([name, { fed, tensor }]) =>
    fed
      ? placeholder(name, open ? [-1, ...tensor.shape.slice(1)] : tensor.shape, tensor.dtype)
      : constant(name, tensor),
  );
  const feeds = new Map(named.filter(([, { fed }]) => fed).map(([name, { tensor }]) => [name, tensor]));
  const constants = new Map(named.filter(([, { fed }]) => !fed).map(([name, { tensor }]) => [name, tensor]));
  return {
    graph: graphDef([
      ...nodes,
      node(
        op,
        'y',
        named.map(([name]) => name),
        attrs,
      ),
    ]),
    feeds,
    constants,
  };
}

/** Uniform in [−1, 1). */
export const random = (shape: readonly number[], seed = 7): Tensor => {
  const next = uniform(seed);
  const length = shape.reduce((n, d) => n * d, 1);
  return tensor(
    'float32',
    shape,
    Array.from({ length }, () => next() * 2 - 1),
  );
};

/** An image, a convolution, and the shape arithmetic that exporters write for "flatten". */
export function classifier(classes: Tensor): { graph: GraphDef; constants: Map<string, Tensor> } {
  const constants = new Map<string, Tensor>([
    ['kernel', random([3, 3, 2, 4], 1)],
    ['bias', random([4], 2)],
    ['zero', tensor('int32', [1], [0])],
    ['one', tensor('int32', [1], [1])],
    ['rest', tensor('int32', [], [-1])],
    ['dense', classes],
  ]);
  const conv = { strides: [1, 1, 1, 1], padding: 'SAME', data_format: 'NHWC', dilations: [1, 1, 1, 1] };
  return {
    constants,
    graph: graphDef([
      ...Array.from(constants, ([name, t]) => constant(name, t)),
      placeholder('image', [-1, 4, 5, 2]),
      node('Identity', 'kernel/read', ['kernel']),
      node('Conv2D', 'conv', ['image:0', 'kernel/read'], conv),
      node('BiasAdd', 'conv/bias', ['conv', 'bias'], { data_format: 'NHWC' }),
      node('Relu', 'relu', ['conv/bias', '^bias']),
      node('Shape', 'shape', ['relu'], { out_type: { type: 3 } }),
      node('StridedSlice', 'examples', ['shape', 'zero', 'one', 'one'], { shrink_axis_mask: 1 }),
      node('Pack', 'target', ['examples', 'rest'], { N: 2, axis: 0 }),
      node('Reshape', 'flat', ['relu', 'target']),
      node('MatMul', 'logits', ['flat', 'dense']),
      node('Softmax', 'probabilities', ['logits']),
    ]),
  };
}
