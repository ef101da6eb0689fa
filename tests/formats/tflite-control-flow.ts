/** Operators of TensorFlow Lite that call other graphs of their file. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphSpec, TensorSpec } from './tflite-file.ts';
import { image, int, type Case, type T } from './tflite-tensors.ts';

/** A graph of one operator on what it is given and on constants. */
const graphOf = (op: string, x: readonly TensorSpec[], type: TensorSpec['type'] = 'float32'): GraphSpec => {
  const given = x.flatMap(({ data }, i) => (data ? [] : [i]));
  const tensors = [...x, { shape: x[0].shape, type, name: 'result' }];
  return {
    tensors,
    operators: [{ op, inputs: x.map((_, i) => i), outputs: [x.length] }],
    inputs: given,
    outputs: [x.length],
  };
};

const counter: TensorSpec = { shape: [], type: 'int32', name: 'count' };

/** While count < `turns`: count + 1, and half of x and one. */
const turns = (most: number): readonly GraphSpec[] => [
  {
    ...graphOf('LESS', [counter, int(most)], 'bool'),
    tensors: [counter, int(most), { shape: [], type: 'bool', name: 'again' }, image],
    inputs: [0, 3],
  },
  {
    tensors: [counter, image, int(1), { shape: [], data: [0.5] }, { ...counter, name: 'next' }, image, image].map(
      (t) => ({ ...t }),
    ),
    operators: [
      { op: 'ADD', inputs: [0, 2], outputs: [4] },
      { op: 'MUL', inputs: [1, 3], outputs: [5] },
      { op: 'ADD', inputs: [5, 3], outputs: [6] },
    ],
    inputs: [0, 1],
    outputs: [4, 6],
  },
];
const halved = (x: T, times: number): T => (times === 0 ? x : halved(tf.add(tf.mul(x, 0.5), 0.5), times - 1));

export const controlFlow: Readonly<Record<'IF' | 'WHILE', readonly Case[]>> = {
  IF: [1, 0].map((condition) => ({
    x: [{ shape: [], type: 'bool', data: [condition] }, image],
    options: { thenGraph: 1, elseGraph: 2 },
    graphs: [graphOf('ABS', [image]), graphOf('MUL', [image, { shape: [], data: [3] }])],
    truth: (_, x) => (condition ? tf.abs(x) : tf.mul(x, 3)),
  })),
  WHILE: [0, 1, 5].map((times) => ({
    x: [int(0), image],
    options: { conditionGraph: 1, bodyGraph: 2 },
    graphs: turns(times),
    truth: (_, x) => [tf.scalar(times, 'int32'), halved(x, times)],
  })),
};
