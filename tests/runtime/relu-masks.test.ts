import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, type Node, type Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { expectSameAfterLowering, operatorCounts } from './agreement.ts';
import { coarse, graphOf, input } from './graphs.ts';

/** ∂(Σ seed · f(x))/∂x beside f(x). */
function withGradient(f: (g: Builder, x: Value) => Value) {
  const g = new Builder();
  const x = input([N, 40]);
  const y = f(g, g.mul(x, 1.5));
  const seed = input(y.shape, 'seed');
  return graphOf([x, seed], [y, ...backward(g, gradient, { y, seed, xs: [x] })]);
}

const relu = (g: Builder, x: Value) => g.relu(x);
const relu6 = (g: Builder, x: Value) => g.apply('Clip', [x, g.scalar(0), g.scalar(2)]);

describe('masks of rectifiers', () => {
  it.each([
    ['Relu', relu],
    ['Clip', relu6],
  ])('of %s are as the rule says, on every device', (_name, f) => {
    expectSameAfterLowering(withGradient(f), 'wasm');
    expectSameAfterLowering(withGradient(f), 'webgpu');
    expectSameAfterLowering(withGradient(f), 'tfjs-host');
  });

  it.each([
    ['Relu', relu],
    ['Clip', relu6],
    ['LeakyRelu', (g: Builder, x: Value) => g.apply('LeakyRelu', [x], { alpha: 0.1 })],
    ['HardSigmoid', (g: Builder, x: Value) => g.apply('HardSigmoid', [x], { alpha: 0.3, beta: 0.4 })],
  ])('leave %s as the only reader of its input, so that it can be fused', (name, f) => {
    const nodes = topologicalOrder(expectSameAfterLowering(withGradient(f), 'wasm').outputs);
    const rectifier = nodes.find((node) => node.op === name)!;
    expect(nodes.filter((node) => node.inputs.includes(rectifier.inputs[0]))).toEqual([rectifier]);
  });

  it.each([
    ['Relu', relu],
    ['Clip', relu6],
    ['Clip with bounds off 0', (g: Builder, x: Value) => g.apply('Clip', [x, g.scalar(-1), g.scalar(1.5)])],
    ['HardSigmoid', (g: Builder, x: Value) => g.apply('HardSigmoid', [x], { alpha: 0.3, beta: 0.4 })],
  ])('of %s are signs on WASM', (_name, f) => {
    const counts = operatorCounts(topologicalOrder(expectSameAfterLowering(withGradient(f), 'wasm').outputs));
    expect(counts).toMatchObject({ Sign: 1 });
    for (const op of ['Greater', 'Less', 'And', 'Cast', 'Where']) expect(counts).not.toHaveProperty(op);
  });

  it.each([
    ['narrow bounds, whose product could underflow', 0, 1e-3],
    ['bounds whose product could overflow', 0, 1e20],
  ])('are no signs for %s', (_name, low, high) => {
    const graph = withGradient((g, x) => g.apply('Clip', [x, g.scalar(low), g.scalar(high)]));
    const counts = operatorCounts(topologicalOrder(expectSameAfterLowering(graph, 'wasm').outputs));
    expect(counts).toMatchObject({ Greater: 1, Less: 1 });
    expect(counts).not.toHaveProperty('Sign');
  });

  it('are no signs for a threshold that the rectifier does not bend at', () => {
    const graph = withGradient((g, x) => g.mul(g.relu(x), g.cast(g.greater(g.relu(x), 0.5), 'float32')));
    const counts = operatorCounts(topologicalOrder(expectSameAfterLowering(graph, 'wasm').outputs));
    expect(counts).toMatchObject({ Greater: 1, Sign: 1 });
  });

  it.each([
    ['Relu', relu, 1],
    ['Clip', relu6, 2],
  ] as const)('of %s are steps on TensorFlow.js', (_name, f, steps) => {
    const counts = operatorCounts(topologicalOrder(expectSameAfterLowering(withGradient(f), 'tfjs-host').outputs));
    expect(counts).toMatchObject({ Step: steps });
    for (const op of ['Greater', 'Less', 'And', 'Cast', 'Where']) expect(counts).not.toHaveProperty(op);
  });

  it('are factors also below what constants alone make, as in a batch normalisation', () => {
    const graph = withGradient((g, x) => {
      const variance = g.square(g.constant(coarse([40], 5)));
      return g.relu(g.mul(x, g.reciprocal(g.sqrt(g.add(variance, 1e-3)))));
    });
    const counts = operatorCounts(topologicalOrder(expectSameAfterLowering(graph, 'wasm').outputs));
    expect(counts).not.toHaveProperty('Where');
  });

  it('stay a choice where what they mask may be infinite: ∞ · 0 is NaN', () => {
    const graph = withGradient((g, x) => g.sqrt(g.relu(x)));
    const isChoice = (node: Node) => node.op === 'Where';
    expect(topologicalOrder(expectSameAfterLowering(graph, 'wasm').outputs).some(isChoice)).toBe(true);
  });

  it('stay a choice where a constant is infinite, as in the mask of an attention', () => {
    const g = new Builder();
    const x = input([N, 40]);
    const mask = g.where(g.greater(x, 1), g.scalar(-Infinity), 0);
    const graph = graphOf([x], [g.softmax(g.add(x, mask), 1)]);
    expect(operatorCounts(topologicalOrder(expectSameAfterLowering(graph, 'wasm').outputs))).toMatchObject({
      Where: 1,
    });
  });
});
