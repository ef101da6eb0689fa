import { describe, expect, it } from 'vitest';
import type { tensor as tfTensor, Tensor as TfTensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { isBatch } from '../../src/lib/graph/dim.ts';
import { topologicalOrder } from '../../src/lib/graph/graph.ts';
import { operators, type OperatorName } from '../../src/lib/formats/tflite/operators/table.ts';
import { readTflite } from '../../src/lib/formats/tflite/read.ts';
import { evaluate } from '../reference/interpreter.ts';
import type { RefTensor } from '../reference/tensor.ts';
import { cases } from './tflite-cases.ts';
import { numbersFor, type Case } from './tflite-tensors.ts';
import { tfliteFile, type TensorSpec } from './tflite-file.ts';

/** What an input is fed: seldom negative where logarithms are taken, whole numbers and truth values where they are meant. */
function content({ shape, type, name }: TensorSpec, seed: number): number[] {
  const numbers = numbersFor(shape, seed);
  if (type === 'bool') return numbers.map((v) => Number(v > 0));
  if (type === 'int32') return numbers.map(Math.round);
  return name === 'positive' ? numbers.map((v) => Math.abs(v) + 0.1) : numbers;
}

const asTf = (shape: readonly number[], data: readonly number[]): TfTensor =>
  (tf.tensor as typeof tfTensor)([...data], [...shape]);

const truthOf = (c: Case, x: readonly (readonly number[])[], examples: number): TfTensor[] =>
  [
    c.truth(
      ...c.x.map((spec, i) => asTf(spec.data ? spec.shape : [spec.shape[0] * examples, ...spec.shape.slice(1)], x[i])),
    ),
  ].flat();

function fileOf(op: string, c: Case, results: readonly TfTensor[]) {
  const inputs = c.x.map((_, i) => i);
  const outputs = results.map((_, i) => c.x.length + i);
  return tfliteFile({
    tensors: [
      ...c.x,
      ...results.map((t) => ({ shape: t.shape, type: c.type ?? ('float32' as const), name: 'result' })),
    ],
    operators: [{ op, inputs, outputs, ...(c.options && { options: c.options }) }],
    inputs: inputs.filter((i) => !c.x[i].data),
    outputs,
    ...(c.graphs && { graphs: c.graphs }),
  });
}

function expectClose(got: RefTensor, expected: TfTensor): void {
  expect(got.shape).toEqual(expected.shape);
  const numbers = expected.dataSync();
  got.data.forEach((v, i) => {
    if (Math.abs(v - numbers[i]) > 2e-5 * Math.max(1, Math.abs(numbers[i])))
      throw new Error(`element ${i} is ${v}, TensorFlow.js has ${numbers[i]}`);
  });
}

function check(op: string, c: Case): boolean {
  const one = c.x.map((spec, i) => spec.data ?? content(spec, i + 11));
  const results = truthOf(c, one, 1);
  const model = readTflite(fileOf(op, c, results), `${op}.tflite`);
  const run = (x: readonly (readonly number[])[], examples: number) => {
    const fed = x.filter((_, i) => !c.x[i].data);
    const feeds = model.graph.inputs.map((v, i) => {
      const shape = v.shape.map((d) => (isBatch(d) ? d.times * examples : d));
      return [v, { dtype: v.dtype, shape, data: Float64Array.from(fed[i]) }] as const;
    });
    return evaluate(model.graph.outputs, new Map(feeds), examples);
  };
  run(one, 1).forEach((got, i) => expectClose(got, results[i]));
  if (model.batched) {
    const two = c.x.map((spec, i) => spec.data ?? [...one[i], ...content(spec, i + 77)]);
    const both = truthOf(c, two, 2);
    if (!c.x.some(({ name }) => name === 'one')) run(two, 2).forEach((got, i) => expectClose(got, both[i]));
  }
  return model.batched;
}

describe('TensorFlow Lite operators', () => {
  it.for(Object.keys(operators) as OperatorName[])(
    '%s computes what TensorFlow.js computes, for a batch as well',
    (op) => {
      expect(cases[op].length).toBeGreaterThan(0);
      const batched = cases[op].map((c) => check(op, c));
      const image = cases[op].filter((c) => c.x.some((spec) => !spec.data && spec.shape[0] === 1));
      expect(batched.filter(Boolean)).toHaveLength(image.length);
    },
  );
});

const at = (bytes: Uint8Array<ArrayBuffer>) => readTflite(bytes, 'm.tflite');

/** A [2, 3, 4] tensor of 0 to 23, cut by STRIDED_SLICE. */
function sliced(begin: number[], end: number[], strides: number[], masks: Record<string, number>, result: number[]) {
  const ints = (data: number[]) => ({ shape: [data.length], data, type: 'int32' as const });
  const x = { shape: [2, 3, 4], data: Array.from({ length: 24 }, (_, i) => i) };
  const bytes = tfliteFile({
    tensors: [x, ints(begin), ints(end), ints(strides), { shape: result }],
    operators: [{ op: 'STRIDED_SLICE', inputs: [0, 1, 2, 3], outputs: [4], options: masks }],
    inputs: [],
    outputs: [4],
  });
  const [y] = evaluate(at(bytes).graph.outputs, new Map(), 1);
  return { shape: y.shape, data: [...y.data] };
}

/** TensorFlow documents its strided slice by NumPy's indexing, with an ellipsis behind a specification shorter than the rank. */
describe('a strided slice in which an axis shrinks', () => {
  it('takes one row of that axis and steps along the next one: x[:, 2, ::2]', () => {
    const masks = { beginMask: 5, endMask: 5, shrinkAxisMask: 2 };
    expect(sliced([0, 2, 0], [0, 3, 0], [1, 1, 2], masks, [2, 2])).toEqual({ shape: [2, 2], data: [8, 10, 20, 22] });
  });

  it('leaves the axes whole that the specification does not name: x[1] and x[:, -1]', () => {
    const last = Array.from({ length: 12 }, (_, i) => 12 + i);
    expect(sliced([1], [2], [1], { shrinkAxisMask: 1 }, [3, 4])).toEqual({ shape: [3, 4], data: last });
    const masks = { beginMask: 1, endMask: 1, shrinkAxisMask: 2 };
    expect(sliced([0, -1], [0, 0], [1, 1], masks, [2, 4])).toEqual({
      shape: [2, 4],
      data: [8, 9, 10, 11, 20, 21, 22, 23],
    });
  });

  it('does not look at its end, and shrinks several at once: x[1, 1:, 0]', () => {
    const masks = { endMask: 2, shrinkAxisMask: 5 };
    expect(sliced([1, 1, 0], [0, 0, 0], [1, 1, 1], masks, [2])).toEqual({ shape: [2], data: [16, 20] });
  });
});

describe('quantised TensorFlow Lite models', () => {
  it('have weights with a scale and a zero point for each channel', () => {
    const weights = {
      shape: [2, 3],
      type: 'int8',
      data: [1, 2, 3, -4, 5, 6],
      scale: [0.5, 0.25],
      zeroPoint: [1, -2],
    } as const;
    // Converters of 2019 give the bias the axis of a convolution's weights.
    const bias = { shape: [2], type: 'int32', data: [10, -20], scale: [0.1, 0.2], zeroPoint: [0, 0], axis: 3 } as const;
    const bytes = tfliteFile({
      tensors: [{ shape: [1, 3] }, weights, bias, { shape: [1, 2] }],
      operators: [{ op: 'FULLY_CONNECTED', inputs: [0, 1, 2], outputs: [3] }],
      inputs: [0],
      outputs: [3],
    });
    const { graph, notes } = at(bytes);
    const feeds = new Map([
      [graph.inputs[0], { dtype: 'float32' as const, shape: [1, 3], data: Float64Array.of(1, 10, 100) }],
    ]);
    const [y] = evaluate(graph.outputs, feeds, 1);
    const rows = [0.5 * (0 * 1 + 1 * 10 + 2 * 100) + 0.1 * 10, 0.25 * (-2 * 1 + 7 * 10 + 8 * 100) + 0.2 * -20];
    y.data.forEach((v, i) => expect(v).toBeCloseTo(rows[i], 5));
    expect(notes).toEqual([
      'Weights are quantised (int8, int32); here they are the real numbers that they stand for, in float32.',
    ]);
  });

  it('are cut off by a range that begins at 0, where there is no activation, and take real numbers', () => {
    const q = { type: 'uint8', scale: [6 / 255], zeroPoint: [0] } as const;
    const bytes = tfliteFile({
      tensors: [
        { shape: [1, 4], ...q, zeroPoint: [128], name: 'in' },
        { shape: [4], type: 'uint8', data: [128, 255, 0, 200], scale: [0.1], zeroPoint: [128] },
        { shape: [1, 4], ...q, name: 'out' },
      ],
      operators: [{ op: 'ADD', inputs: [0, 1], outputs: [2] }],
      inputs: [0],
      outputs: [2],
    });
    const { graph, notes, inputs } = at(bytes);
    const [low, high] = [(6 / 255) * -128, (6 / 255) * 127].map(Math.fround);
    const [{ range, ...declared }] = inputs;
    expect(declared).toEqual({ name: 'in', dtype: 'float32', shape: [1, 4] });
    expect(range!.map(Math.fround)).toEqual([low, high]);
    const feeds = new Map([
      [graph.inputs[0], { dtype: 'float32' as const, shape: [1, 4], data: Float64Array.of(-1, 2, 2, -1) }],
    ]);
    expect([...evaluate(graph.outputs, feeds, 1)[0].data].map((v) => Number(v.toFixed(4)))).toEqual([0, 6, 0, 6]);
    expect(notes).toContain(
      '"in" is uint8 in the file, where q stands for 0.0235294 · (q − 128); here it is that real number.',
    );
  });
});

describe('TensorFlow Lite files', () => {
  const simple = (op: string, options?: Record<string, unknown>) =>
    tfliteFile({
      tensors: [
        { shape: [1, 4], name: 'in' },
        { shape: [1, 4], name: 'mid' },
        { shape: [1, 4], name: 'out' },
      ],
      operators: [
        { op, inputs: [0], outputs: [1], ...(options && { options }) },
        { op, inputs: [1], outputs: [2], ...(options && { options }) },
      ],
      inputs: [0],
      outputs: [2],
    });

  it('keep the names of their tensors on the layers', () => {
    const names = topologicalOrder(at(simple('RELU')).graph.outputs).map((n) => n.outputs[0].name);
    expect(names).toEqual(['mid', 'out']);
  });

  it('name all operators that are not supported at once, custom ones by their code', () => {
    expect(() => at(simple('UNIDIRECTIONAL_SEQUENCE_LSTM'))).toThrow(
      'm.tflite: 1 unsupported operator: UNIDIRECTIONAL_SEQUENCE_LSTM (×2, first: "mid"). Convert the model without it; docs/formats.md lists the supported ones.',
    );
    expect(() => at(simple('TFLite_Detection_PostProcess'))).toThrow(
      /custom operator "TFLite_Detection_PostProcess" \(×2/,
    );
  });

  it('say which layer does not fit, with both values', () => {
    const bytes = tfliteFile({
      tensors: [
        { shape: [1, 6, 6, 5] },
        { shape: [2, 3, 3, 4], data: numbersFor([72], 1) },
        { shape: [1, 4, 4, 2], name: 'conv' },
      ],
      operators: [{ op: 'CONV_2D', inputs: [0, 1, -1], outputs: [2], options: { padding: 1, strideH: 1, strideW: 1 } }],
      inputs: [0],
      outputs: [2],
    });
    expect(() => at(bytes)).toThrow(
      /^m\.tflite: CONV_2D \(node "conv"\): its input has 5 channels, its weights \[2,3,3,4\] read 4\. The file/,
    );
  });

  it('refuse shuffled weights', () => {
    const bytes = tfliteFile({
      tensors: [{ shape: [1, 2] }, { shape: [2, 2], data: [1, 2, 3, 4] }, { shape: [1, 2] }],
      operators: [{ op: 'FULLY_CONNECTED', inputs: [0, 1], outputs: [2], options: { weightsFormat: 1 } }],
      inputs: [0],
      outputs: [2],
    });
    expect(() => at(bytes)).toThrow(/weights are shuffled/);
  });
});
