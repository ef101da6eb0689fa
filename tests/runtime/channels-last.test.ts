/** Lowered for TensorFlow.js, a network computes the same on channels-last data, with hardly a Transpose left. */
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import {
  TFJS,
  topologicalOrder,
  type Attributes,
  type Graph,
  type Node,
  type Value,
} from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { findOp } from '../../src/lib/ops/define.ts';
import { float32, sizeOf, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { uniform } from '../reference/random.ts';
import { expectSameAfterLowering, operatorCounts } from './agreement.ts';
import { coarse, graphOf, input } from './graphs.ts';

interface Row {
  readonly op: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attrs: Attributes;
}

const convolutions: readonly Row[] = [
  { op: 'Conv', x: [3, 5, 6], w: [4, 3, 3, 2], attrs: { pads: [1, 0, 1, 1] } },
  { op: 'Conv', x: [3, 7, 6], w: [4, 3, 3, 3], attrs: { strides: [2, 2], pads: [1, 1, 1, 1] } },
  { op: 'Conv', x: [3, 7, 6], w: [4, 3, 3, 3], attrs: { strides: [2, 3], auto_pad: 'SAME_UPPER' } },
  { op: 'Conv', x: [3, 6, 6], w: [4, 3, 1, 1], attrs: { strides: [2, 2] } },
  { op: 'Conv', x: [3, 11, 11], w: [2, 3, 5, 7], attrs: { strides: [2, 2], pads: [2, 3, 2, 3] } },
  { op: 'Conv', x: [2, 9, 8], w: [3, 2, 3, 2], attrs: { dilations: [2, 3], pads: [1, 1, 1, 0] } },
  { op: 'Conv', x: [2, 9, 9], w: [3, 2, 3, 2], attrs: { dilations: [2, 3], strides: [2, 1] } },
  { op: 'Conv', x: [4, 5, 5], w: [4, 1, 3, 3], attrs: { group: 4, pads: [1, 1, 1, 1] } },
  { op: 'Conv', x: [3, 6, 5], w: [6, 1, 3, 3], attrs: { group: 3, strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  { op: 'Conv', x: [4, 5, 5], w: [6, 2, 2, 2], attrs: { group: 2, strides: [1, 2] } },
  { op: 'Conv', x: [3, 8], w: [4, 3, 3], attrs: { strides: [2], pads: [1, 0] } },
  { op: 'Conv', x: [4, 9], w: [4, 1, 3], attrs: { group: 4, dilations: [2] } },
  { op: 'Conv', x: [2, 4, 5, 4], w: [3, 2, 2, 3, 2], attrs: { strides: [1, 2, 1], dilations: [2, 1, 1] } },
  { op: 'Conv', x: [4, 3, 4, 3], w: [4, 1, 2, 2, 2], attrs: { group: 4, pads: [1, 0, 0, 0, 1, 0] } },
  { op: 'ConvTranspose', x: [3, 4, 5], w: [3, 2, 3, 3], attrs: {} },
  { op: 'ConvTranspose', x: [3, 4, 5], w: [3, 2, 3, 2], attrs: { strides: [2, 3], pads: [1, 0, 0, 1] } },
  {
    op: 'ConvTranspose',
    x: [3, 4, 4],
    w: [3, 2, 3, 3],
    attrs: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
  },
  { op: 'ConvTranspose', x: [3, 3, 4], w: [3, 2, 2, 2], attrs: { strides: [3, 2], pads: [1, 1, 0, 1] } },
  { op: 'ConvTranspose', x: [3, 3, 3], w: [3, 2, 1, 1], attrs: { strides: [2, 2], output_padding: [1, 0] } },
  { op: 'ConvTranspose', x: [2, 4, 3], w: [2, 2, 3, 2], attrs: { strides: [2, 2], dilations: [2, 3] } },
  { op: 'ConvTranspose', x: [4, 3, 3], w: [4, 1, 3, 3], attrs: { strides: [2, 2], group: 4 } },
  { op: 'ConvTranspose', x: [4, 3, 3], w: [4, 2, 3, 3], attrs: { strides: [2, 1], group: 2, auto_pad: 'SAME_LOWER' } },
  { op: 'ConvTranspose', x: [2, 5], w: [2, 3, 4], attrs: { strides: [3], output_shape: [17] } },
  { op: 'ConvTranspose', x: [2, 2, 3, 2], w: [2, 2, 2, 3, 1], attrs: { strides: [2, 1, 2], pads: [0, 1, 0, 1, 0, 0] } },
];

/** A node with weights and a bias, and the gradient of Σ seed · y to x. */
function withGradient({ op, x: shape, w, attrs }: Row): Graph {
  const g = new Builder();
  const x = input([N, ...shape]);
  const outChannels = op === 'Conv' ? w[0] : w[1] * ((attrs.group as number | undefined) ?? 1);
  const y = g.apply(op, [x, g.constant(coarse(w, 3)), g.constant(coarse([outChannels], 4))], attrs);
  const seed = input(y.shape, 'seed');
  return graphOf([x, seed], [y, ...backward(g, gradient, { y, seed, xs: [x] })]);
}

const onTensorFlow = ['tfjs-host', 'tfjs-gpu'] as const;

const runsOnTensorFlow = (node: Node): boolean => findOp(node.op, node.domain)?.run !== undefined;

describe.each(onTensorFlow)('convolutions lowered for %s', (target) => {
  it.each(convolutions)('compute the same: $op of $x with $w and $attrs', (row) => {
    const nodes = topologicalOrder(expectSameAfterLowering(withGradient(row), target).outputs);
    expect(nodes.filter((node) => !runsOnTensorFlow(node))).toEqual([]);
  });
});

const pads = [1, 1, 1, 1];

/** Numbers of which no sums are equal: between equal maxima, rounding would decide. */
function fine(shape: readonly number[], seed: number): FloatTensor {
  const random = uniform(seed);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1),
  );
}

/** Convolutions with batch normalisations, poolings and a rectifier, from x [N, C, H, W] to logits. */
function network(g: Builder, x: Value) {
  const conv = (v: Value, w: readonly number[], attrs: Attributes) =>
    g.apply('Conv', [v, g.constant(fine(w, w[0])), g.constant(fine([w[0]], w[1]))], attrs);
  const normalized = (v: Value) => {
    const channels = v.shape[1] as number;
    const vector = (seed: number) => g.constant(fine([channels], seed));
    return g.apply('BatchNormalization', [v, vector(11), vector(12), vector(13), g.square(vector(14))], {
      epsilon: 0.5,
    });
  };
  const stem = g.relu(normalized(conv(x, [4, 3, 3, 3], { pads })));
  const pooled = g.apply('MaxPool', [stem], { kernel_shape: [2, 2], strides: [2, 2] });
  const wide = g.relu(g.add(normalized(conv(pooled, [4, 1, 3, 3], { pads, group: 4 })), pooled));
  const narrow = conv(g.apply('AveragePool', [wide], { kernel_shape: [3, 3], pads }), [5, 4, 3, 3], {
    strides: [2, 2],
  });
  const logits = g.matmul(g.apply('Flatten', [g.apply('GlobalAveragePool', [narrow])]), g.constant(fine([5, 3], 9)));
  return { stem, logits };
}

const transposes = (graph: Graph): number =>
  operatorCounts(topologicalOrder(graph.outputs).filter((node) => !isConstant(node))).Transpose ?? 0;

const isConstant = (node: Node): boolean =>
  node.inputs.every((v) => v === null || v.isConstant || (v.producer !== null && isConstant(v.producer)));

describe.each(onTensorFlow)('a network lowered for %s', (target) => {
  it('whose channels come first has one Transpose at each end', () => {
    const g = new Builder();
    const x = input([N, 3, 12, 12]);
    const { logits } = network(g, x);
    const seed = input(logits.shape, 'seed');
    const both = graphOf([x, seed], [logits, ...backward(g, gradient, { y: logits, seed, xs: [x] })]);
    expect(transposes(expectSameAfterLowering(graphOf([x], [logits]), target))).toBe(1);
    expect(transposes(expectSameAfterLowering(both, target))).toBe(2);
  });

  it('whose channels come last has none', () => {
    const g = new Builder();
    const x = input([N, 12, 12, 3]);
    const { logits } = network(g, g.transpose(x, [0, 3, 1, 2]));
    const seed = input(logits.shape, 'seed');
    const both = graphOf([x, seed], [logits, ...backward(g, gradient, { y: logits, seed, xs: [x] })]);
    expect(transposes(expectSameAfterLowering(both, target))).toBe(0);
  });

  it('stays channels-last through poolings apart, their gradient and enlargements', () => {
    const g = new Builder();
    const x = input([N, 12, 12, 3]);
    const pooled = g.apply('AveragePool', [g.transpose(x, [0, 3, 1, 2])], { kernel_shape: [2, 3], strides: [2, 3] });
    const scales = g.constant(float32([4], [1, 1, 2, 3]));
    const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
    const y = g.transpose(g.tanh(g.apply('Resize', [pooled, null, scales], nearest)), [0, 2, 3, 1]);
    const small = g.transpose(pooled, [0, 2, 3, 1]);
    const seed = input(small.shape, 'seed');
    const both = graphOf([x, seed], [y, ...backward(g, gradient, { y: small, seed, xs: [x] })]);
    const lowered = expectSameAfterLowering(both, target);
    expect(transposes(lowered)).toBe(0);
    expect(operatorCounts(topologicalOrder(lowered.outputs))).not.toHaveProperty('MatMul');
  });

  it('gives a layer’s values in the order that the network has', () => {
    const g = new Builder();
    const x = input([N, 3, 12, 12]);
    const { stem, logits } = network(g, x);
    const [layer] = expectSameAfterLowering(graphOf([x], [stem, logits]), target).outputs;
    expect(layer.shape).toEqual([2, 4, 12, 12]);
  });
});

describe('around a convolution of TensorFlow.js', () => {
  const convolutionsOf = (graph: Graph) =>
    topologicalOrder(graph.outputs).filter((node) => node.op === 'Conv' && node.domain === TFJS);
  const after = (graph: Graph) => operatorCounts(topologicalOrder(graph.outputs).filter((node) => !isConstant(node)));
  const vector = (g: Builder, seed: number) => g.constant(coarse([4, 1, 1], seed));

  function chain(follow: (g: Builder, conv: Value) => readonly Value[]): Graph {
    const g = new Builder();
    const x = input([N, 5, 5, 3]);
    const conv = g.apply('Conv', [g.transpose(x, [0, 3, 1, 2]), g.constant(coarse([4, 3, 2, 2], 5))]);
    return expectSameAfterLowering(
      graphOf(
        [x],
        [...follow(g, conv)].map((v) => g.transpose(v, [0, 2, 3, 1])),
      ),
      'tfjs-host',
    );
  }

  it.each<[string, string, (g: Builder, conv: Value) => Value]>([
    ['a batch normalisation and Relu', 'Relu', (g, v) => g.relu(g.add(g.mul(v, vector(g, 6)), vector(g, 7)))],
    [
      'a shift on either side and ReLU6',
      'Relu6',
      (g, v) => g.apply('Clip', [g.sub(g.add(vector(g, 6), v), vector(g, 7)), g.scalar(0), g.scalar(6)]),
    ],
    ['a number for all channels', '', (g, v) => g.mul(g.add(v, 0.5), -2)],
  ])('%s are part of it', (_title, activation, follow) => {
    const graph = chain((g, v) => [follow(g, v)]);
    expect(after(graph)).toEqual({ Conv: 1 });
    expect(convolutionsOf(graph)[0].attrs.activation ?? '').toBe(activation);
  });

  it.each<[string, (g: Builder, conv: Value) => readonly Value[]]>([
    ['what is asked for itself', (g, v) => [v, g.relu(v)]],
    ['what two nodes read', (g, v) => [g.relu(v), g.tanh(v)]],
    ['another bound than 6', (g, v) => [g.apply('Clip', [v, g.scalar(0), g.scalar(5)])]],
    ['a shift that differs from place to place', (g, v) => [g.add(v, g.constant(coarse([1, 4, 4], 8)))]],
    ['what it is subtracted from', (g, v) => [g.sub(vector(g, 9), v)]],
  ])('%s stays a node of its own', (_title, follow) => {
    const counts = after(chain(follow));
    expect(counts.Conv).toBe(1);
    expect(Object.keys(counts).length).toBeGreaterThan(1);
  });

  it('a factor of channels before it is part of it, where only convolutions read the product', () => {
    const build = (also: boolean) => {
      const g = new Builder();
      const x = input([N, 5, 5, 4]);
      const scaled = g.mul(g.transpose(x, [0, 3, 1, 2]), vector(g, 6));
      const dense = g.apply('Conv', [scaled, g.constant(coarse([2, 4, 2, 2], 5))]);
      const depthwise = g.apply('Conv', [scaled, g.constant(coarse([4, 1, 2, 2], 6))], { group: 4 });
      const outputs = [dense, depthwise, ...(also ? [scaled] : [])].map((v) => g.transpose(v, [0, 2, 3, 1]));
      return after(expectSameAfterLowering(graphOf([x], outputs), 'tfjs-host'));
    };
    expect(build(false)).toEqual({ Conv: 2 });
    expect(build(true)).toEqual({ Conv: 2, Mul: 1 });
  });
});
