import { describe, expect, it } from 'vitest';
import { N } from '../../../src/lib/graph/dim.ts';
import { topologicalOrder, Value, type Graph } from '../../../src/lib/graph/graph.ts';
import { Builder } from '../../../src/lib/ops/builder.ts';
import '../../../src/lib/ops/index.ts';
import { recognise } from '../../../src/lib/ops/passes/recognise.ts';
import { float32 } from '../../../src/lib/tensor/tensor.ts';
import { evaluate } from '../../reference/interpreter.ts';

const g = new Builder();

/** Names of the operators that a function of x is made of, before and after, and how far its values move. */
function recognised(
  build: (x: Value) => Value,
  shape: readonly (typeof N | number)[] = [N, 5],
): { ops: string[]; moved: number; graph: Graph } {
  const x = new Value('float32', shape, { name: 'x' });
  const before: Graph = { name: 'g', inputs: [x], outputs: [build(x)] };
  const after = recognise(before);
  const lengths = shape.map((d) => (d === N ? 3 : (d as number)));
  const data = Float64Array.from({ length: lengths.reduce((a, d) => a * d, 1) }, (_, i) => 7 * Math.sin(3 * i + 1));
  const feeds = new Map([[x, { dtype: 'float32' as const, shape: lengths, data }]]);
  const [a, b] = [before, after].map((graph) => evaluate(graph.outputs, feeds, 3)[0]);
  return {
    ops: topologicalOrder(after.outputs).map((node) => node.op),
    moved: Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i]))),
    graph: after,
  };
}

type Forms = Readonly<Record<string, (x: Value) => Value>>;

const onePlusErf = (x: Value) => g.add(g.erf(g.div(x, Math.SQRT2)), 1);
const slope = Math.sqrt(2 / Math.PI);
const inner = (x: Value) => g.mul(g.add(x, g.mul(g.pow(x, 3), 0.044715)), slope);
const clip = (x: Value, low: number, high: number) => g.apply('Clip', [x, g.scalar(low), g.scalar(high)]);
const softplus = (x: Value) => g.apply('Softplus', [x]);

const forms: Readonly<Record<string, Forms>> = {
  Gelu: {
    'x · (1 + erf(x/√2)) · ½': (x) => g.mul(g.mul(x, onePlusErf(x)), 0.5),
    '(½ x) · (erf(x · 0.7071) + 1)': (x) => g.mul(g.mul(0.5, x), g.add(1, g.erf(g.mul(x, 0.70710677)))),
    'x · (½ · (1 + erf))': (x) => g.mul(x, g.mul(onePlusErf(x), 0.5)),
    'x · (1 + erf) / 2': (x) => g.div(g.mul(onePlusErf(x), x), 2),
    'tanh, x³ as a power': (x) => g.mul(g.mul(0.5, x), g.add(1, g.tanh(inner(x)))),
    'tanh, x³ as products': (x) =>
      g.mul(g.mul(x, 0.5), g.add(g.tanh(g.mul(slope, g.add(x, g.mul(g.mul(0.044715, g.mul(x, x)), x)))), 1)),
    'tanh, x factored out': (x) =>
      g.mul(g.mul(x, g.add(1, g.tanh(g.mul(g.mul(x, slope), g.add(1, g.mul(0.044715, g.square(x))))))), 0.5),
  },
  Swish: {
    'x · σ(x)': (x) => g.mul(x, g.sigmoid(x)),
    'σ(x) · x': (x) => g.mul(g.sigmoid(x), x),
    'x · σ(1.702 x)': (x) => g.mul(x, g.sigmoid(g.mul(x, 1.702))),
  },
  Mish: { 'x · tanh(softplus(x))': (x) => g.mul(x, g.tanh(softplus(x))) },
  HardSwish: {
    'x · HardSigmoid(x)': (x) => g.mul(x, g.apply('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 })),
    'x · clip(x + 3, 0, 6) / 6': (x) => g.div(g.mul(x, clip(g.add(x, 3), 0, 6)), 6),
    'x · (clip(x + 3, 0, 6) / 6)': (x) => g.mul(x, g.div(clip(g.add(x, 3), 0, 6), 6)),
    'x · clip(x/6 + ½, 0, 1)': (x) => g.mul(x, clip(g.add(g.div(x, 6), 0.5), 0, 1)),
  },
};

describe('recognition of activations', () => {
  for (const [op, written] of Object.entries(forms)) {
    it.each(Object.entries(written))(`${op}: %s becomes one node and keeps its values`, (_, build) => {
      const { ops, moved } = recognised(build);
      expect(ops).toEqual([op]);
      expect(moved).toBeLessThan(1e-5);
    });
  }

  it.each(
    Object.entries(forms).flatMap(([op, written]) =>
      Object.entries(written).map(([form, build]) => [op, form, build] as const),
    ),
  )('%s: %s of a product is recognised around it', (op, _, build) => {
    const { ops, moved } = recognised((x) => build(g.mul(x, 0.25)));
    expect(ops).toEqual(['Mul', op]);
    expect(moved).toBeLessThan(1e-5);
  });

  it('keeps the name of the last node, by which layers are found', () => {
    const build = (x: Value) => g.apply('Mul', [x, g.sigmoid(x)], {}, { name: 'act', outputs: ['act_output'] });
    const { graph } = recognised(build);
    expect(graph.outputs[0].name).toBe('act_output');
    expect(graph.outputs[0].producer!.name).toBe('act');
  });

  it.each<[string, (x: Value) => Value]>([
    ['σ of another value', (x) => g.mul(x, g.sigmoid(g.relu(x)))],
    ['a factor 0.6 instead of ½', (x) => g.mul(g.mul(x, onePlusErf(x)), 0.6)],
    ['erf of x/2', (x) => g.mul(g.mul(x, g.add(g.erf(g.div(x, 2)), 1)), 0.5)],
    ['σ(x + 1)', (x) => g.mul(x, g.sigmoid(g.add(x, 1)))],
    ['clip at 5', (x) => g.div(g.mul(x, clip(g.add(x, 3), 0, 5)), 6)],
    ['HardSigmoid with its default slope', (x) => g.mul(x, g.apply('HardSigmoid', [x]))],
    [
      'tanh with 0.05 instead of 0.044715',
      (x) => g.mul(g.mul(0.5, x), g.add(1, g.tanh(g.mul(g.add(x, g.mul(g.pow(x, 3), 0.05)), slope)))),
    ],
  ])('leaves %s alone', (_, build) => {
    const { ops, moved } = recognised(build);
    expect(ops).not.toContain('Gelu');
    expect(ops).not.toContain('Swish');
    expect(ops).not.toContain('HardSwish');
    expect(moved).toBe(0);
  });

  it('is quick on a chain of squares, which is x to the power of 2⁴⁰⁰', () => {
    const { ops } = recognised((x) => Array.from({ length: 400 }).reduce<Value>((v) => g.mul(v, v), x));
    expect(ops).toHaveLength(400);
  });
});

describe('recognition of LayerNormalization', () => {
  const weight = g.constant(float32([5], [1, -2, 3, 0.5, 4]));
  const bias = g.constant(float32([5], [0.1, 0.2, 0.3, -0.4, 0.5]));
  const standardised = (x: Value, square: (d: Value) => Value, axes: readonly number[] = [-1]) => {
    const d = g.sub(x, g.reduceMean(x, axes));
    return g.div(d, g.sqrt(g.add(g.reduceMean(square(d), axes), 1e-5)));
  };

  it.each<[string, (x: Value) => Value]>([
    [
      'the power, scale and bias',
      (x) =>
        g.add(
          g.mul(
            standardised(x, (d) => g.pow(d, 2)),
            weight,
          ),
          bias,
        ),
    ],
    ['a product, bias first', (x) => g.add(bias, g.mul(weight, standardised(x, g.square)))],
    ['scale alone', (x) => g.mul(standardised(x, g.square), weight)],
    ['neither', (x) => standardised(x, g.square)],
    [
      'two subtractions',
      (x) => {
        const d = () => g.sub(x, g.reduceMean(x, [-1]));
        const variance = g.reduceMean(g.mul(d(), d()), [-1]);
        return g.mul(d(), g.reciprocal(g.sqrt(g.add(variance, 1e-3))));
      },
    ],
    ['two trailing axes', (x) => standardised(x, g.square, [1, 2])],
  ])('%s: becomes one node and keeps its values', (_, build) => {
    const { ops, moved } = recognised(build, [N, 2, 5]);
    expect(ops).toEqual(['LayerNormalization']);
    expect(moved).toBeLessThan(1e-5);
  });

  it.each<[string, (x: Value) => Value]>([
    ['a mean over an axis that is not the last', (x) => standardised(x, g.square, [1])],
    [
      'the variance of something else',
      (x) => g.div(g.sub(x, g.reduceMean(x, [-1])), g.sqrt(g.add(g.reduceMean(g.square(x), [-1]), 1e-5))),
    ],
  ])('leaves %s alone', (_, build) => expect(recognised(build, [N, 2, 5]).ops).not.toContain('LayerNormalization'));
});
