import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchNormalization,
  convolution,
  depthwiseConvolution,
  pooling,
} from '../../../src/lib/formats/channels-last.ts';
import { N, bindShape } from '../../../src/lib/graph/dim.ts';
import { topologicalOrder, Value, type Graph } from '../../../src/lib/graph/graph.ts';
import { Builder } from '../../../src/lib/ops/builder.ts';
import '../../../src/lib/ops/index.ts';
import { cancelTransposes } from '../../../src/lib/ops/passes/transposes.ts';
import { float32, sizeOf } from '../../../src/lib/tensor/tensor.ts';
import { evaluate } from '../../reference/interpreter.ts';
import { uniform } from '../../reference/random.ts';

const g = new Builder();

const transposes = (graph: Graph) => topologicalOrder(graph.outputs).filter((node) => node.op === 'Transpose').length;

/** Whole numbers, which add up to the same in every order. */
function tensor(shape: readonly number[], seed: number) {
  const random = uniform(seed);
  return float32(
    shape,
    Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * 9) - 4),
  );
}

function feedsOf(graph: Graph, batch: number) {
  return new Map(
    graph.inputs.map((v, i) => {
      const shape = bindShape(v.shape, batch);
      return [v, { dtype: v.dtype, shape, data: Float64Array.from(tensor(shape, i + 7).data) }];
    }),
  );
}

function expectSame(before: Graph, after: Graph, batch = 2): void {
  const feeds = feedsOf(before, batch);
  const [a, b] = [before, after].map((graph) => evaluate(graph.outputs, feeds, batch));
  expect(b).toEqual(a);
  expect(after.inputs).toEqual(before.inputs);
  expect(after.outputs.map((v) => [v.dtype, v.shape])).toEqual(before.outputs.map((v) => [v.dtype, v.shape]));
}

const graphOf = (input: Value, ...outputs: Value[]): Graph => ({ name: 'g', inputs: [input], outputs });
const image = (...shape: number[]) => new Value('float32', [N, ...shape], { name: 'image' });

/** One step of a random graph: from values so far and two numbers, more values. */
type Step = (values: readonly Value[], a: number, b: number) => readonly Value[];

const pick = (values: readonly Value[], n: number, fits: (v: Value) => boolean = () => true) => {
  const found = values.filter(fits);
  return found[n % found.length] as Value | undefined;
};
const axesOf = (v: Value) => v.shape.map((_, i) => i);

function shuffled(rank: number, seed: number): number[] {
  const random = uniform(seed);
  return Array.from({ length: rank }, (_, i) => [random(), i])
    .sort(([p], [q]) => p - q)
    .map(([, i]) => i);
}

/** Axes other than the batch's. */
const own = (v: Value, n: number): number | undefined => {
  const axes = axesOf(v).filter((axis) => typeof v.shape[axis] === 'number');
  return axes[n % axes.length];
};

const alongOwn =
  (build: (x: Value, axis: number, n: number) => readonly Value[]): Step =>
  (values, a, b) => {
    const x = pick(values, a)!;
    const axis = own(x, b);
    return axis === undefined ? [] : build(x, axis, b);
  };

const turn: Step = (values, a, b) => {
  const x = pick(values, a)!;
  return [g.transpose(x, shuffled(x.shape.length, b))];
};

/** What is left of each example, in whatever order its axes were. */
const whole = (x: Value) =>
  g.reduceMax(
    x,
    axesOf(x).filter((axis) => typeof x.shape[axis] === 'number'),
    false,
  );

const steps: readonly Step[] = [
  turn,
  turn,
  turn,
  turn,
  turn,
  (values, a) => [g.relu(pick(values, a)!)],
  (values, a) => [g.apply('Clip', [pick(values, a)!, g.scalar(-2), g.scalar(2)])],
  (values, a, b) => {
    const x = pick(values, a)!;
    const other = pick(values, b, (v) => v.shape.join() === x.shape.join())!;
    return [g.add(x, other)];
  },
  (values, a, b) => {
    const x = pick(values, a)!;
    const from = b % (x.shape.length + 1);
    const shape = x.shape.slice(from).map((d, i) => (typeof d === 'number' && (b >> i) % 2 ? d : 1));
    return [g.mul(x, g.constant(tensor(shape, b)))];
  },
  (values, a, b) => {
    const x = pick(values, a)!;
    const low = g.reduceMax(
      x,
      [own(x, b) ?? 0].filter((axis) => typeof x.shape[axis] === 'number'),
    );
    return [g.where(g.greater(x, low), x, low)];
  },
  alongOwn((x, axis) => [g.softmax(x, axis)]),
  alongOwn((x, axis, n) => [g.concat(n % 2 ? [x, x] : [x, g.relu(x)], axis - (n % 3 ? 0 : x.shape.length))]),
  alongOwn((x, axis, n) => [g.reduceSum(x, [axis], n % 2 === 0)]),
  (values, a, b) => {
    const x = pick(values, a)!;
    const axes = axesOf(x).filter((axis) => typeof x.shape[axis] === 'number');
    return [g.reduceMax(x, axes.slice(b % 2), b % 3 === 0)];
  },
  alongOwn((x, axis, n) => [g.apply('ArgMax', [x], { axis, keepdims: n % 2 })].map((v) => g.cast(v, 'float32'))),
  alongOwn((x, axis) => [g.slice(x, [0], [2], [axis])]),
  alongOwn((x, axis) => [
    g.pad(
      x,
      [...axesOf(x), ...axesOf(x)].map((_, i) => (i === axis ? 1 : 0)),
    ),
  ]),
  alongOwn((x, axis) => [g.apply('Gather', [x, g.ints([0, 0])], { axis })]),
  alongOwn((x, axis) => [g.apply('CumSum', [x, g.scalar(axis, 'int64')])]),
  alongOwn((x, axis) => g.applyAll('Split', [x], { axis, num_outputs: 1 })),
  alongOwn((x, axis) => [g.apply('Tile', [x, g.ints(axesOf(x).map((i) => (i === axis ? 2 : 1)))])]),
  (values, a, b) => {
    const x = pick(values, a)!;
    return [g.apply('Unsqueeze', [x, g.ints([b % (x.shape.length + 1)])])];
  },
  (values, a, b) => {
    const x = pick(values, a)!;
    const ones = axesOf(x).filter((axis) => x.shape[axis] === 1);
    return ones.length ? [g.apply('Squeeze', [x, g.ints([ones[b % ones.length]])])] : [];
  },
  (values, a) => {
    const x = pick(values, a)!;
    return [g.reshape(x, [...x.shape, 1])];
  },
  (values, a) => {
    const x = pick(values, a)!;
    return x.shape[0] === N && x.shape.length > 2 ? [g.reshape(x, [N, sizeOf(x.shape.slice(1) as number[])])] : [];
  },
];

/** Small: repeated doubling would outgrow the interpreter. */
const fitting = (v: Value) => v.shape.length <= 5 && sizeOf(bindShape(v.shape, 1)) <= 400;

const randomGraph = fc
  .array(fc.tuple(fc.nat(steps.length - 1), fc.nat(50), fc.nat(50)), { minLength: 2, maxLength: 14 })
  .map((plan) => {
    const input = image(3, 2, 4);
    const values: Value[] = [input];
    for (const [step, a, b] of plan)
      values.push(...steps[step](values, values.length - 1 - (a % 3 ? 0 : a % values.length), b).filter(fitting));
    const ends = [values.at(-1)!, values[Math.floor(values.length / 2)]];
    return graphOf(input, ...(plan.length % 3 ? ends.map(whole) : ends));
  });

/** Channels-last ResNet: biases, batch norms, residual adds, concat, padding, pooling and a dense layer. */
function residualNetwork(): Graph {
  const input = image(8, 8, 3);
  const kernel = (name: string, ...shape: number[]) => ({ weights: tensor(shape, name.length), name });
  const same = { strides: [1, 1], padding: 'SAME' } as const;
  const named = (name: string, x: Value) =>
    g.applyAll('Add', [x, g.constant(tensor([4], 3))], {}, { outputs: [name] })[0];
  const normal = (x: Value, name: string) => {
    const [mean, scale, offset] = [1, 2, 3].map((seed) => tensor([4], seed));
    return batchNormalization(g, x, { mean, scale, offset, variance: float32([4], [1, 1, 1, 1]), epsilon: 0, name });
  };
  let x = named('stem', convolution(g, input, kernel('stem', 3, 3, 3, 4), same));
  x = pooling(g, 'max', g.relu(normal(x, 'bn')), [2, 2], { strides: [2, 2], padding: 'VALID' });
  for (const name of ['one', 'two']) {
    const inner = g.relu(normal(convolution(g, x, kernel(name, 3, 3, 4, 4), same), name));
    const padded = g.pad(depthwiseConvolution(g, inner, kernel('d', 3, 3, 4, 1), same), [0, 1, 1, 0, 0, 0, 0, 0]);
    x = g.relu(g.add(x, g.slice(padded, [1, 1], [9, 9], [1, 2])));
  }
  const gate = g.sigmoid(g.reshape(g.reduceMean(x, [1, 2], false), [N, 1, 1, 4]));
  const squeezed = convolution(g, gate, kernel('se', 1, 1, 4, 4), same);
  x = g.concat([g.mul(x, squeezed), x], 3);
  const flat = g.reduceMean(x, [1, 2], false);
  return graphOf(input, g.softmax(g.matmul(flat, g.constant(tensor([8, 5], 5))), -1));
}

describe('Transposes that cancel', () => {
  it('give the same numbers exactly, and never more Transposes, on random graphs', () => {
    let removed = 0;
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const after = cancelTransposes(graph);
        expectSame(graph, after);
        expect(transposes(after)).toBeLessThanOrEqual(transposes(graph));
        removed += transposes(graph) - transposes(after);
      }),
      { numRuns: 600, seed: 5 },
    );
    expect(removed).toBeGreaterThan(300);
  });

  it('leave one at the input of a channels-last residual network, whose numbers stay', () => {
    const graph = residualNetwork();
    const after = cancelTransposes(graph);
    expect(transposes(graph)).toBeGreaterThan(14);
    expect(transposes(after)).toBe(1);
    const [a, b] = [graph, after].map(({ outputs }) => evaluate(outputs, feedsOf(graph, 2), 2)[0]);
    b.data.forEach((v, i) => expect(v).toBeCloseTo(a.data[i], 12));
  });

  it('hand their layer’s name to the value in front of them, in ONNX’s order', () => {
    const input = image(8, 8, 3);
    const conv = g.apply('Conv', [g.transpose(input, [0, 3, 1, 2]), g.constant(tensor([4, 3, 3, 3], 1))]);
    const layer = g.apply('Transpose', [conv], { perm: [0, 2, 3, 1] }, { outputs: ['layer'] });
    const after = cancelTransposes(graphOf(input, g.reduceMax(g.relu(layer), [1, 2], false)));
    const named = topologicalOrder(after.outputs).flatMap((node) => node.outputs.filter((v) => v.name === 'layer'));
    expect(named.map((v) => [v.producer!.op, v.shape])).toEqual([['Conv', [N, 4, 6, 6]]]);
    expect(transposes(after)).toBe(1);
  });

  it('stay at an output that is one, under its name', () => {
    const input = image(8, 8, 3);
    const conv = convolution(
      g,
      input,
      { weights: tensor([1, 1, 3, 4], 1), name: 'c' },
      { strides: [1, 1], padding: 'VALID' },
    );
    const out = g.apply('Add', [conv, g.scalar(1)], {}, { outputs: ['out'] });
    const graph = graphOf(input, out);
    const [value] = cancelTransposes(graph).outputs;
    expect(cancelTransposes(graph)).toBe(graph);
    expect([value.name, value.shape]).toEqual(['out', [N, 8, 8, 4]]);
  });

  it('are looked for in a graph that has none without touching it', () => {
    const input = image(4);
    const graph = graphOf(input, g.relu(input));
    expect(cancelTransposes(graph)).toBe(graph);
  });

  it('are found in a graph twenty thousand nodes deep', () => {
    const input = image(2, 2);
    let x: Value = input;
    for (let i = 0; i < 10_000; i++) x = g.relu(g.transpose(x, [0, 2, 1]));
    const after = cancelTransposes(graphOf(input, x));
    expect(transposes(after)).toBe(0);
    expect(topologicalOrder(after.outputs)).toHaveLength(10_000);
  });
});
