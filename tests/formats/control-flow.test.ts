/** If, Loop and Scan written out, against onnxruntime running the file as it is. */
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { topologicalOrder } from '../../src/lib/graph/graph.ts';
import { float32, int64, makeTensor, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { onnxFile, type BodySpec, type FileSpec, type NodeSpec } from './build-file.ts';
import { mismatch } from './compare.ts';
import { runFile, runGraph } from './shared.ts';

const [FLOAT, INT64, BOOL] = [1, 7, 9];
const bool = (v: boolean): Tensor => makeTensor('bool', [], Uint8Array.of(v ? 1 : 0));
const x = float32([2, 3], [1, -2, 3, 0.5, 4, -1]);

const node = (op: string, inputs: readonly string[], out: string, attrs: NodeSpec['attrs'] = {}): NodeSpec => ({
  op,
  in: inputs,
  out: [out],
  attrs,
});

const branch = (op: string, out: string, weights: BodySpec['weights'] = {}): BodySpec => ({
  nodes: [node(op, ['x', ...Object.keys(weights)], out)],
  outputs: { [out]: FLOAT },
  weights,
});

const choosing = (condition: NodeSpec[], weights: FileSpec['weights'] = {}): FileSpec => ({
  nodes: [
    ...condition,
    {
      op: 'If',
      in: ['condition'],
      out: ['y'],
      attrs: {
        then_branch: { graph: branch('Mul', 'a', { w: float32([], [3]) }) },
        else_branch: { graph: branch('Neg', 'b') },
      },
    },
  ],
  inputs: { x: [2, 3] },
  outputs: ['y'],
  weights,
  opset: 18,
});

/** s ← s·2 + x, at each step s is also collected. */
const doubling: BodySpec = {
  nodes: [
    node('Add', ['s', 's'], 'twice'),
    node('Cast', ['i'], 'step', { to: FLOAT }),
    node('Add', ['twice', 'x'], 'sum'),
    node('Add', ['sum', 'step'], 'next'),
    node('Identity', ['go'], 'on'),
    node('Neg', ['next'], 'seen'),
  ],
  inputs: { i: [INT64, []], go: [BOOL, []], s: [FLOAT, [2, 3]] },
  outputs: { on: BOOL, next: FLOAT, seen: FLOAT },
};

const looping = (body: BodySpec, weights: FileSpec['weights'], before: NodeSpec[] = []): FileSpec => ({
  nodes: [...before, { op: 'Loop', in: ['count', 'go0', 'x'], out: ['y', 'all'], attrs: { body: { graph: body } } }],
  inputs: { x: [2, 3] },
  outputs: ['y', 'all'],
  weights,
  opset: 18,
});

/** Ends itself after the third step. */
const ending: BodySpec = {
  ...doubling,
  nodes: [...doubling.nodes.filter((n) => n.out![0] !== 'on'), node('Less', ['i', 'two'], 'on')],
  weights: { two: int64([], [2]) },
};

const scanning = (attrs: NodeSpec['attrs']): FileSpec => ({
  nodes: [
    {
      op: 'Scan',
      in: ['start', 'x'],
      out: ['y', 'all'],
      attrs: {
        num_scan_inputs: 1,
        scan_input_axes: [1],
        body: {
          graph: {
            nodes: [node('Tanh', ['s'], 't'), node('Add', ['t', 'part'], 'next'), node('Exp', ['next'], 'seen')],
            inputs: { s: [FLOAT, [2]], part: [FLOAT, [2]] },
            outputs: { next: FLOAT, seen: FLOAT },
          },
        },
        ...attrs,
      },
    },
  ],
  inputs: { x: [2, 3] },
  outputs: ['y', 'all'],
  weights: { start: float32([2], [0.5, -0.25]) },
  opset: 18,
});

const rows: readonly (readonly [string, FileSpec])[] = [
  ['If of a constant that holds', choosing([], { condition: bool(true) })],
  ['If of a constant that does not hold', choosing([], { condition: bool(false) })],
  [
    'If of a condition on the shape',
    choosing([node('Size', ['x'], 'n'), node('Greater', ['n', 'five'], 'condition')], { five: int64([], [5]) }),
  ],
  ['Loop of four steps', looping(doubling, { count: int64([], [4]), go0: bool(true) })],
  [
    'Loop as often as an axis is long',
    looping(doubling, { go0: bool(true), one: int64([1], [1]) }, [
      node('Shape', ['x'], 'shape'),
      node('Gather', ['shape', 'one'], 'length'),
      node('Squeeze', ['length'], 'count'),
    ]),
  ],
  ['Loop that ends itself', looping(ending, { count: int64([], [100]), go0: bool(true) })],
  ['Scan', scanning({})],
  ['Scan backwards', scanning({ scan_input_directions: [1], scan_output_directions: [1], scan_output_axes: [1] })],
];

describe('control flow', () => {
  it.each(rows)('%s agrees with onnxruntime', async (_title, spec) => {
    const bytes = onnxFile(spec);
    const expected = await runFile(bytes, [['x', x]], spec.outputs);
    const { graph } = readOnnx(bytes, 'm.onnx');
    const got = await runGraph(graph, [x]);
    expect(got.map((t, i) => mismatch(t, expected[i], 1e-5))).toEqual(spec.outputs.map(() => null));
  });

  it('names the copies of a loop’s values by their step', () => {
    const { graph } = readOnnx(onnxFile(looping(doubling, { count: int64([], [2]), go0: bool(true) })), 'm.onnx');
    const names = topologicalOrder(graph.outputs).flatMap((n) => n.outputs.map((v) => v.name));
    expect(names).toEqual(expect.arrayContaining(['sum.0', 'sum.1']));
  });

  it.each<[string, FileSpec, RegExp]>([
    [
      'a branch that depends on the input',
      choosing([node('ReduceSum', ['x'], 'sum', { keepdims: 0 }), node('Greater', ['sum', 'zero'], 'condition')], {
        zero: float32([], [0]),
      }),
      /If \(node "y"\): its condition is computed while the model runs.*without a branch/,
    ],
    [
      'a number of steps that depends on the input',
      looping(doubling, { go0: bool(true) }, [
        node('ReduceSum', ['x'], 'sum', { keepdims: 0 }),
        node('Cast', ['sum'], 'count', { to: INT64 }),
      ]),
      /Loop \(node "y"\): its number of steps is computed while the model runs.*a fixed number of steps/,
    ],
    [
      'a million steps',
      looping(doubling, { count: int64([], [1e6]), go0: bool(true) }),
      /Loop \(node "y"\): it takes 1000000 steps, at most 1024 are written out/,
    ],
    [
      'no step, with something to collect',
      looping(doubling, { count: int64([], [0]), go0: bool(true) }),
      /Loop \(node "y"\): it takes no step/,
    ],
    [
      'an operator of a branch that is taken',
      choosing([node('Nonsense', ['x'], 'n'), node('Identity', ['n'], 'condition')]),
      /1 unsupported operator: Nonsense/,
    ],
  ])('refuses %s by name', (_title, spec, pattern) => {
    expect(() => readOnnx(onnxFile(spec), 'm.onnx')).toThrow(pattern);
  });
});
