/**
 * Operators that are read as many others: forward against onnxruntime running the file as it is, and through what they
 * became the gradient against differences and DeepLIFT's sum, both in float64.
 */
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftCaptum, deepliftComplete, gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { topologicalOrder, Value, type Graph } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { float32, int64, makeTensor, sizeOf, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { uniform } from '../reference/random.ts';
import { ref } from '../reference/tensor.ts';
import { onnxFile, type FileSpec } from './build-file.ts';
import { mismatch } from './compare.ts';
import { runFile, runGraph } from './shared.ts';

const random = (shape: readonly number[], seed: number, scale = 1): Tensor<'float32'> => {
  const next = uniform(seed);
  return float32(
    shape,
    Array.from({ length: sizeOf(shape) }, () => scale * (2 * next() - 1)),
  );
};
const int32 = (shape: readonly number[], values: readonly number[]): Tensor =>
  makeTensor('int32', shape, Int32Array.from(values));
const bytes = (shape: readonly number[], values: readonly number[]): Tensor =>
  makeTensor('uint8', shape, Uint8Array.from(values));

interface Row {
  readonly title: string;
  readonly spec: FileSpec;
  /** false: it has a gradient by convention, or steps that differences see. */
  readonly smooth?: boolean;
}

type Attrs = FileSpec['nodes'][number]['attrs'];

interface Options {
  readonly domain?: string;
  readonly out?: readonly string[];
  readonly opset?: number;
  readonly smooth?: boolean;
  readonly types?: FileSpec['outputTypes'];
}

/** One node: `in` names its inputs, x among them. */
const one = (
  title: string,
  op: string,
  inputs: readonly string[],
  x: readonly number[],
  attrs: Attrs,
  weights: FileSpec['weights'] = {},
  { domain = '', out = ['y'], opset = 20, smooth = true, types = {} }: Options = {},
): Row => ({
  title: `${op}: ${title}`,
  spec: {
    nodes: [{ op, in: inputs, out, attrs, domain }],
    inputs: { x },
    outputs: out.filter(Boolean),
    outputTypes: types,
    weights,
    opset,
  },
  smooth,
});

const recurrent = (op: string, gates: number, title: string, attrs: Attrs, inputs = '', directions = 1): Row => {
  const [hidden, width, batch] = [3, 2, 2];
  const weights: Record<string, Tensor> = {
    w: random([directions, gates * hidden, width], 1),
    r: random([directions, gates * hidden, hidden], 2),
    b: random([directions, 2 * gates * hidden], 3),
    lengths: int32([batch], [4, 2]),
    h: random([directions, batch, hidden], 4),
    c: random([directions, batch, hidden], 5),
    p: random([directions, 3 * hidden], 6),
  };
  const names = ['x', 'w', 'r', ...inputs.split(',').filter((_, i) => inputs !== '' || i > 0)];
  const used = Object.fromEntries(Object.entries(weights).filter(([name]) => names.includes(name)));
  const out = op === 'LSTM' ? ['y', 'last', 'cell'] : ['y', 'last'];
  return one(title, op, names, [4, batch, width], { hidden_size: hidden, ...attrs }, used, { out });
};

const ms = { domain: 'com.microsoft' };
const table = random([6, 4], 11);
const [gamma, beta] = [random([4], 12), random([4], 13)];
/** Cosines and sines of eight positions. */
const angles = (f: (a: number) => number) =>
  float32(
    [8, 2],
    Array.from({ length: 16 }, (_, i) => f((i >> 1) * (i % 2 === 0 ? 1 : 0.1))),
  );
const turns = { cos: angles(Math.cos), sin: angles(Math.sin) };
const grid = random([1, 3, 2, 2], 21, 1.3);
const quantised = { s: float32([], [0.05]), z: bytes([], [100]) };

const rows: readonly Row[] = [
  recurrent('RNN', 1, 'as it is', {}),
  recurrent(
    'RNN',
    1,
    'both ways, other activations',
    { direction: 'bidirectional', activations: { strings: ['Relu', 'Softsign'] } },
    'b,,h',
    2,
  ),
  recurrent('GRU', 3, 'with lengths, backwards', { direction: 'reverse' }, 'b,lengths,h'),
  recurrent('GRU', 3, 'reset after the product', { linear_before_reset: 1 }, 'b'),
  recurrent('LSTM', 4, 'as it is', {}),
  recurrent('LSTM', 4, 'with everything', { direction: 'bidirectional' }, 'b,lengths,h,c,p', 2),
  recurrent('LSTM', 4, 'with a clip', { clip: { float: 0.4 } }, 'b'),
  ...['linear', 'cubic'].flatMap((mode) =>
    ['zeros', 'border', 'reflection'].map((padding_mode) =>
      one(`${mode}, ${padding_mode}`, 'GridSample', ['x', 'grid'], [1, 2, 3, 4], { mode, padding_mode }, { grid }),
    ),
  ),
  one(
    'by a grid that moves',
    'GridSample',
    ['picture', 'x'],
    [1, 3, 2, 2],
    { mode: 'linear' },
    { picture: random([1, 2, 3, 4], 22) },
  ),
  one(
    'groups and a mask',
    'DeformConv',
    ['x', 'w', 'offset', '', 'mask'],
    [1, 2, 4, 4],
    { kernel_shape: [2, 2], pads: [0, 1, 1, 0], offset_group: 2 },
    { w: random([3, 2, 2, 2], 23), offset: random([1, 16, 4, 4], 24), mask: random([1, 8, 4, 4], 25) },
  ),
  one('p = 2', 'LpPool', ['x'], [1, 2, 4, 4], { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 0, 0, 1] }),
  one('p = 3', 'LpPool', ['x'], [1, 2, 4, 4], { kernel_shape: [2, 2], p: 3 }),
  one(
    '4D, causal',
    'Attention',
    ['x', 'k', 'v'],
    [1, 2, 3, 4],
    { is_causal: 1 },
    { k: random([1, 2, 3, 4], 31), v: random([1, 2, 3, 5], 32) },
    { opset: 23 },
  ),
  one(
    'half turned',
    'RotaryEmbedding',
    ['x', 'cos', 'sin', 'at'],
    [1, 2, 3, 6],
    { rotary_embedding_dim: 4 },
    { ...turns, at: int64([1, 3], [2, 0, 5]) },
    { opset: 23 },
  ),
  one(
    'pairs side by side',
    'RotaryEmbedding',
    ['x', 'at', 'cos', 'sin'],
    [1, 2, 3, 4],
    { interleaved: 1 },
    { ...turns, at: int64([1, 3], [2, 0, 5]) },
    ms,
  ),
  one(
    'with a mask',
    'Attention',
    ['x', 'w', 'b', 'mask'],
    [2, 3, 4],
    { num_heads: 2 },
    { w: random([4, 12], 33), b: random([12], 34), mask: int32([2, 3], [1, 1, 0, 1, 1, 1]) },
    ms,
  ),
  one(
    'with lengths, one way',
    'Attention',
    ['x', 'w', 'b', 'mask'],
    [2, 3, 4],
    { num_heads: 2, unidirectional: 1 },
    { w: random([4, 12], 33), b: random([12], 34), mask: int32([2], [2, 3]) },
    ms,
  ),
  one(
    'apart, with a bias on scores',
    'MultiHeadAttention',
    ['x', 'k', 'v', 'b', '', 'added'],
    [1, 3, 4],
    { num_heads: 2 },
    { k: random([1, 3, 4], 35), v: random([1, 3, 4], 36), b: random([12], 37), added: random([1, 2, 3, 3], 38) },
    ms,
  ),
  one(
    'a sum and its norm',
    'SkipSimplifiedLayerNormalization',
    ['x', 'skip', 'gamma'],
    [2, 3, 4],
    { epsilon: { float: 1e-3 } },
    { skip: random([2, 3, 4], 39), gamma },
    ms,
  ),
  one(
    'words, places and segments',
    'EmbedLayerNormalization',
    ['ids', 'segments', 'x', 'places', 'kinds', 'gamma', 'beta', 'mask'],
    [6, 4],
    { epsilon: { float: 1e-3 } },
    {
      ids: int32([2, 3], [0, 5, 2, 2, 2, 1]),
      segments: int32([2, 3], [0, 0, 1, 0, 1, 1]),
      places: table,
      kinds: random([2, 4], 14),
      gamma,
      beta,
      mask: int32([2, 3], [1, 1, 0, 1, 1, 1]),
    },
    { ...ms, out: ['y', 'count'], types: { count: 6 } },
  ),
  one('a diagonal', 'Einsum', ['x'], [2, 3, 3], { equation: '...ii->...i' }),
  one('a trace beside a sum', 'Einsum', ['x', 'w'], [3, 3], { equation: 'ii,j' }, { w: random([2], 41) }),
  one('with a zero point', 'QuantizeLinear', ['x', 's', 'z'], [2, 5], {}, quantised, {
    smooth: false,
    types: { y: 2 },
  }),
  one(
    'an axis',
    'DequantizeLinear',
    ['q', 's', 'z'],
    [1],
    { axis: 1 },
    { q: bytes([2, 3], [1, 200, 7, 9, 0, 255]), s: float32([3], [0.5, 1, 2]), z: bytes([3], [0, 10, 20]) },
  ),
  one(
    'its own scale',
    'DynamicQuantizeLinear',
    ['x'],
    [3, 4],
    {},
    {},
    { out: ['y', 'scale', 'zero'], smooth: false, types: { y: 2, zero: 2 } },
  ),
  one('gates', 'SwiGLU', ['x', 'b'], [2, 3], { alpha: { float: 0.5 } }, { b: random([2, 3], 42) }, { opset: 28 }),
];

const quantisedLayer = (nodes: FileSpec['nodes'], weights: FileSpec['weights']): FileSpec => ({
  nodes: [
    { op: 'QuantizeLinear', in: ['x', 's', 'z'], out: ['q'] },
    ...nodes,
    { op: 'DequantizeLinear', in: ['r', 's2', 'z2'], out: ['y'] },
  ],
  inputs: { x: [1, 2, 3, 3] },
  outputs: ['y'],
  weights: { ...quantised, s2: float32([], [0.02]), z2: bytes([], [120]), ...weights },
  opset: 20,
});

const quantisedRows: readonly (readonly [string, FileSpec])[] = [
  [
    'QLinearConv',
    quantisedLayer([{ op: 'QLinearConv', in: ['q', 's', 'z', 'w', 'ws', 'wz', 's2', 'z2', 'b'], out: ['r'] }], {
      w: makeTensor(
        'int8',
        [2, 2, 2, 2],
        Int8Array.from({ length: 16 }, (_, i) => ((i * 37) % 120) - 60),
      ),
      ws: float32([2], [0.01, 0.02]),
      wz: makeTensor('int8', [2], Int8Array.of(0, 0)),
      b: int32([2], [300, -200]),
    }),
  ],
  [
    'QLinearMatMul',
    quantisedLayer([{ op: 'QLinearMatMul', in: ['q', 's', 'z', 'w', 'ws', 'wz', 's2', 'z2'], out: ['r'] }], {
      w: bytes([3, 2], [120, 130, 128, 90, 200, 17]),
      ws: float32([], [0.01]),
      wz: bytes([], [128]),
    }),
  ],
];

/** Random directions along which differences are taken. */
const DIRECTIONS = 3;

const inputOf = (graph: Graph, seed: number) => random(graph.inputs[0].shape as number[], seed, 0.9);

function reading(spec: FileSpec): Graph {
  return readOnnx(onnxFile(spec), 'm.onnx', { batched: false }).graph;
}

/** Slopes of Σ seed·y along random directions: by the gradient graph, and by differences of the forward pass. */
function slopes(graph: Graph): { got: number[]; expected: number[] } {
  const [x] = graph.inputs;
  const [y] = graph.outputs;
  const shape = x.shape as number[];
  const at = Float64Array.from(inputOf(graph, 51).data);
  const weights = random(y.shape as number[], 52);
  const seed = new Value('float32', y.shape, { name: 'seed' });
  const [dx] = backward(new Builder(), gradient, { y, seed, xs: [x] });
  const feed = (data: Float64Array) => new Map([[x, ref('float32', shape, data)]]);
  const seeded = new Map([...feed(at), [seed, ref('float32', weights.shape, Float64Array.from(weights.data))]]);
  const [g] = evaluate([dx], seeded);
  const value = (data: Float64Array) =>
    evaluate([y], feed(data))[0].data.reduce((sum, v, i) => sum + v * weights.data[i], 0);
  const rows = Array.from({ length: DIRECTIONS }, (_, k) => {
    const d = random(shape, 60 + k).data;
    const moved = (h: number) => value(at.map((v, i) => v + h * d[i]));
    return { got: g.data.reduce((sum, v, i) => sum + v * d[i], 0), expected: (moved(1e-6) - moved(-1e-6)) / 2e-6 };
  });
  return { got: rows.map((r) => r.got), expected: rows.map((r) => r.expected) };
}

/** What DeepLIFT's scores miss of the change of Σ seed·y, relative to the sum of their sizes. */
function missing(graph: Graph): number {
  const [x] = graph.inputs;
  const [y] = graph.outputs;
  const twin = new Value('float32', x.shape, { name: 'x′' });
  const reference = cloneBetween(new Map([[x, twin]]), [y]);
  const seed = new Value('float32', y.shape, { name: 'seed' });
  const [m] = backward(new Builder(), deepliftComplete, { y, seed, xs: [x], reference });
  const wide = (t: Tensor<'float32'>) => ref('float32', t.shape, Float64Array.from(t.data));
  const [a, b, w] = [wide(inputOf(graph, 51)), wide(inputOf(graph, 71)), wide(random(y.shape as number[], 52))];
  const [now, then, multipliers] = evaluate(
    [y, reference(y), m],
    new Map([
      [x, a],
      [twin, b],
      [seed, w],
    ]),
  );
  const terms = multipliers.data.map((v, i) => v * (a.data[i] - b.data[i]));
  const change = now.data.reduce((sum, v, i) => sum + (v - then.data[i]) * w.data[i], 0);
  const size = terms.reduce((sum, v) => sum + Math.abs(v), 0);
  return Math.abs(terms.reduce((sum, v) => sum + v, 0) - change) / Math.max(size, 1e-12);
}

const depends = (graph: Graph): boolean => {
  const reads = topologicalOrder([graph.outputs[0]]).flatMap((node) => node.inputs);
  return reads.includes(graph.inputs[0]);
};

describe('composed operators', () => {
  it.each(rows.map((row) => [row.title, row] as const))('%s', async (_title, { spec, smooth }) => {
    const file = onnxFile(spec);
    const graph = reading(spec);
    const x = inputOf(graph, 51);
    const got = await runGraph(graph, [x]);
    const known = spec.opset === 28 ? null : await runFile(file, [['x', x]], spec.outputs);
    if (known) expect(got.map((t, i) => mismatch(t, known[i], 1e-4, 1e-5))).toEqual(spec.outputs.map(() => null));
    if (smooth === false || !depends(graph)) return;
    const { got: slope, expected } = slopes(graph);
    slope.forEach((v, i) => expect(Math.abs(v - expected[i])).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected[i]))));
  });

  const exact = rows.filter(({ title, smooth }) => smooth !== false && !/moves|Dequantize/.test(title));
  it.each(exact.map((row) => [row.title, row] as const))('DeepLIFT is complete through %s', (_title, { spec }) => {
    expect(missing(reading(spec))).toBeLessThan(1e-9);
  });
});

describe('the rules of Captum', () => {
  it('see no activation within a recurrent layer: the plain gradient goes through it', () => {
    const graph = reading(recurrent('LSTM', 4, '', {}).spec);
    const [x] = graph.inputs;
    const [y] = graph.outputs;
    const twin = new Value('float32', x.shape, { name: 'x′' });
    const reference = cloneBetween(new Map([[x, twin]]), [y]);
    const seed = new Value('float32', y.shape, { name: 'seed' });
    const [m] = backward(new Builder(), deepliftCaptum, { y, seed, xs: [x], reference });
    const [dx] = backward(new Builder(), gradient, { y, seed, xs: [x] });
    const wide = (t: Tensor<'float32'>) => ref('float32', t.shape, Float64Array.from(t.data));
    const feeds = new Map([
      [x, wide(inputOf(graph, 51))],
      [twin, wide(inputOf(graph, 71))],
      [seed, wide(random(y.shape as number[], 52))],
    ]);
    const [a, b] = evaluate([m, dx], feeds);
    expect([...a.data]).toEqual([...b.data]);
  });
});

describe('quantised models', () => {
  it.each(quantisedRows)(
    '%s computes what onnxruntime makes of the file, and is complete under DeepLIFT',
    async (_title, spec) => {
      const graph = reading(spec);
      const x = inputOf(graph, 51);
      const [got] = await runGraph(graph, [x]);
      const [expected] = await runFile(onnxFile(spec), [['x', x]], ['y']);
      expect(mismatch(got, expected, 1e-5)).toBeNull();
      expect(missing(graph)).toBeLessThan(1e-9);
    },
  );

  const chain: FileSpec = {
    nodes: [
      { op: 'QuantizeLinear', in: ['x', 's', 'z'], out: ['q'] },
      { op: 'DequantizeLinear', in: ['q', 's', 'z'], out: ['y'] },
    ],
    inputs: { x: [1, 4] },
    outputs: ['y'],
    weights: quantised,
  };

  it('let a gradient of 1 through where nothing is cut off, and none elsewhere', () => {
    const graph = reading(chain);
    const [x] = graph.inputs;
    const [y] = graph.outputs;
    const seed = new Value('float32', y.shape, { name: 'seed' });
    const [dx] = backward(new Builder(), gradient, { y, seed, xs: [x] });
    // The least number is (0 − 100) · 0.05 = −5 and the largest (255 − 100) · 0.05 = 7.75.
    const at = ref('float32', [1, 4], [-5.01, 7.76, -6, 0.4]);
    const [g] = evaluate(
      [dx],
      new Map([
        [x, at],
        [seed, ref('float32', [1, 4], [1, 2, 3, 4])],
      ]),
    );
    expect([...g.data].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([1, 2, 0, 4]);
  });

  it('say on opening by which convention they are explained', () => {
    expect(readOnnx(onnxFile(chain), 'm.onnx').notes).toContainEqual(
      expect.stringMatching(/1 place\. .*straight-through/),
    );
  });

  it('of a type without a range here are refused by name', () => {
    const spec = { ...chain, weights: { ...quantised, z: makeTensor('int32', [], Int32Array.of(0)) } };
    expect(() => reading(spec)).toThrow(
      /QuantizeLinear \(node "q"\): quantisation to int32 is not supported, only to uint8/,
    );
  });
});
