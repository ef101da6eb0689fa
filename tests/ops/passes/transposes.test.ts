import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchNormalization, convolution, pooling } from '../../../src/lib/formats/channels-last.ts';
import { bindShape, N } from '../../../src/lib/graph/dim.ts';
import { topologicalOrder, Value, type Graph } from '../../../src/lib/graph/graph.ts';
import { Builder } from '../../../src/lib/ops/builder.ts';
import '../../../src/lib/ops/index.ts';
import { cancelTransposes } from '../../../src/lib/ops/passes/transposes.ts';
import { float32, sizeOf, type FloatTensor } from '../../../src/lib/tensor/tensor.ts';
import { evaluate } from '../../reference/interpreter.ts';

const g = new Builder();

const wave = (shape: readonly number[], step = 0.7): FloatTensor =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(step * (i + 1) ** 1.5)),
  );

const count = (graph: Graph, op = 'Transpose'): number =>
  topologicalOrder(graph.outputs).filter((node) => node.op === op).length;

/** Every output of the graph for a batch of two. */
function valuesOf(graph: Graph): number[][] {
  const feeds = new Map(
    graph.inputs.map((x) => {
      const shape = bindShape(x.shape, 2);
      return [x, { dtype: 'float32' as const, shape, data: Float64Array.from(wave(shape, 0.3).data) }];
    }),
  );
  return evaluate(graph.outputs, feeds, 2).map(({ data }) => Array.from(data));
}

/** Convolution, normalisation, residual sum, concatenation, squeeze and excitation, padding, pooling, dense layer: channels last. */
function network(): Graph {
  const x = new Value('float32', [N, 8, 6, 3], { name: 'image' });
  const conv = (from: Value, name: string, out: number, padding: 'SAME' | 'VALID' = 'SAME') =>
    convolution(
      g,
      from,
      { weights: wave([3, 3, from.shape[3] as number, out]), bias: wave([out]), name },
      { strides: [1, 1], padding },
    );
  const norm = (from: Value, name: string) => {
    const channels = [from.shape[3] as number];
    const ones = float32(channels, new Float32Array(channels[0]).fill(1));
    return batchNormalization(g, from, {
      mean: wave(channels),
      variance: ones,
      scale: wave(channels, 1.1),
      offset: wave(channels, 0.2),
      epsilon: 1e-3,
      name,
    });
  };
  const first = g.relu(norm(conv(x, 'first', 4), 'norm'));
  const second = g.add(g.relu(conv(first, 'second', 4)), first);
  const scaled = g.mul(g.add(second, g.constant(wave([4]))), 0.5);
  const squeezed = g.reduceMean(scaled, [1, 2]);
  const gate = g.reshape(g.sigmoid(g.matmul(g.reshape(squeezed, [N, 4]), g.constant(wave([4, 4])))), [N, 1, 1, 4]);
  const both = g.concat(
    [g.mul(scaled, gate), pooling(g, 'average', second, [3, 3], { strides: [1, 1], padding: 'SAME' })],
    3,
  );
  const padded = g.pad(both, [0, 1, 1, 0, 0, 1, 1, 0]);
  const last = conv(g.slice(padded, [0, 1], [7, 8], [2, 3]), 'last', 5, 'VALID');
  const features = g.reduceMean(g.softmax(last, -1), [1, 2], false);
  return { name: 'net', inputs: [x], outputs: [g.matmul(features, g.constant(wave([5, 3])))] };
}

describe('cancelTransposes', () => {
  it('changes no number', () => {
    const before = network();
    const after = valuesOf(cancelTransposes(before))[0];
    valuesOf(before)[0].forEach((v, i) => expect(after[i]).toBeCloseTo(v, 12));
  });

  it('leaves one at the image and one at the gate of a network with channels last', () => {
    const before = network();
    const after = cancelTransposes(before);
    expect(count(before)).toBeGreaterThan(8);
    expect(count(after)).toBe(2);
    expect(after.inputs).toEqual(before.inputs);
  });

  it('returns a graph without any as the same object', () => {
    const x = new Value('float32', [N, 4], { name: 'x' });
    const graph = { name: 'g', inputs: [x], outputs: [g.relu(x)] };
    expect(cancelTransposes(graph)).toBe(graph);
  });

  it('keeps outputs in their own order', () => {
    const x = new Value('float32', [N, 3, 4, 5], { name: 'x' });
    const y = g.relu(g.transpose(x, [0, 2, 3, 1]));
    const after = cancelTransposes({ name: 'g', inputs: [x], outputs: [y] });
    expect(after.outputs[0].shape).toEqual([N, 4, 5, 3]);
    expect(count(after)).toBe(1);
  });

  it('gives the name of a layer to the value that takes its place', () => {
    const x = new Value('float32', [N, 3, 4, 5], { name: 'x' });
    const named = g.apply('Relu', [g.transpose(x, [0, 2, 3, 1])], {}, { outputs: ['layer'] });
    const after = cancelTransposes({ name: 'g', inputs: [x], outputs: [g.transpose(named, [0, 3, 1, 2])] });
    expect(after.outputs[0].name).toBe('layer');
    expect(count(after)).toBe(0);
  });

  it('walks a graph of ten thousand nodes', () => {
    const x = new Value('float32', [N, 2, 2, 2], { name: 'x' });
    let y = x;
    for (let i = 0; i < 5000; i++) y = g.relu(g.transpose(y, [0, 2, 3, 1]));
    // 5,000 turns of three axes leave two.
    expect(count(cancelTransposes({ name: 'deep', inputs: [x], outputs: [y] }))).toBe(1);
  });

  const orders = fc.constantFrom([0, 1, 2, 3], [0, 2, 3, 1], [0, 3, 1, 2], [0, 3, 2, 1], [0, 2, 1, 3]);
  const steps: Record<string, (v: Value, other: Value) => Value> = {
    relu: (v) => g.relu(v),
    'plus a vector': (v) => g.add(v, g.constant(wave([v.shape[3] as number]))),
    'plus another': (v, w) => g.add(v, g.reduceMean(w, [1, 2, 3])),
    'sum of both': (v, w) => (v.shape.join() === w.shape.join() ? g.sub(v, w) : v),
    softmax: (v) => g.softmax(v, -1),
    'concatenated with itself': (v) => g.concat([v, g.neg(v)], 2),
    'mean kept': (v) => g.mul(v, g.reduceMean(v, [1])),
    'maximum dropped and put back': (v) => g.reshape(g.reduceMax(v, [2], false), [N, v.shape[1], 1, v.shape[3]]),
    padded: (v) => g.pad(v, [0, 1, 0, 2, 0, 0, 1, 0]),
    sliced: (v) => g.slice(v, [0], [1], [2]),
    split: (v) => {
      const half = Math.ceil((v.shape[1] as number) / 2);
      const sizes = g.ints([half, (v.shape[1] as number) - half]);
      return (v.shape[1] as number) < 2 ? v : g.applyAll('Split', [v, sizes], { axis: 1 }, { outputs: ['', ''] })[0];
    },
    where: (v) => g.where(g.greater(v, 0.1), v, g.neg(v)),
  };

  it('changes no number of any graph, and writes no axis that a node does not have', () => {
    const step = fc.record({ op: fc.constantFrom(...Object.keys(steps)), order: orders });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (chosen) => {
        const x = new Value('float32', [N, 2, 3, 4], { name: 'x' });
        let [value, other] = [x as Value, x as Value];
        for (const { op, order } of chosen) {
          const next = g.transpose(steps[op](value, other), order);
          [value, other] = [next, value];
        }
        const before = { name: 'g', inputs: [x], outputs: [value, other] };
        const [wanted, got] = [valuesOf(before), valuesOf(cancelTransposes(before))];
        wanted.forEach((data, k) => data.forEach((v, i) => expect(got[k][i]).toBeCloseTo(v, 10)));
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
