/** Every layer class that is read computes what TF.js computes, or its formula where TF.js has no such layer: as a graph and in onnxruntime. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importKeras } from '../../src/lib/formats/keras/import.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import type { Made, Written } from './keras-case.ts';
import { cases } from './keras-cases.ts';
import { computed, difference, examples, executed, predicted, randomise, saved, seeded, tf } from './tfjs-models.ts';

const TOLERANCE = 1e-4;
const BATCH = 2;

let runtime: Runtime;

beforeAll(async () => {
  await tf.setBackend('cpu');
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

afterAll(() => runtime.dispose());

const agree = (actual: { data: ArrayLike<number>; shape: readonly number[] }, expected: tf.Tensor) => {
  expect(actual.shape).toEqual(expected.shape);
  expect(difference(actual.data, expected.dataSync())).toBeLessThanOrEqual(TOLERANCE);
};

async function asTfjs({ inputs, build, whole }: Made): Promise<void> {
  const fed = inputs.map((shape) => tf.input({ shape: [...shape] }));
  const model = tf.model({ inputs: fed, outputs: build(fed) });
  randomise(model);
  const x = inputs.map((shape, i) => examples([BATCH, ...shape], 7 + i, whole));
  const read = await readModel(await saved(model));
  expect(read.batched).toBe(true);
  const expected = predicted(model, x);
  for (const y of [computed(read.graph, x), await executed(runtime, read.graph, x)]) {
    expect(y.length).toBe(expected.length);
    expected.forEach((v, i) => agree(y[i], v));
  }
}

async function asWritten(
  className: string,
  { inputs, config, weights, truth, whole, dialect = 'keras' }: Written,
): Promise<void> {
  const next = seeded(3);
  const numbers = weights.map((shape) =>
    float32(
      shape,
      Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => 0.6 + 0.4 * next()),
    ),
  );
  const input = (shape: readonly number[], i: number) => ({
    class_name: 'InputLayer',
    name: `x${i}`,
    config: { name: `x${i}`, batch_shape: [null, ...shape] },
    inbound_nodes: [],
  });
  const tensors = inputs.map((_, i) => [`x${i}`, 0, 0, {}]);
  const layer = { class_name: className, name: 'y', config: { name: 'y', ...config }, inbound_nodes: [tensors] };
  const ends = { input_layers: tensors.map((ref) => ref.slice(0, 3)), output_layers: [['y', 0, 0]] };
  const read = importKeras(
    {
      file: 'model.h5',
      config: { class_name: 'Functional', config: { name: 'm', layers: [...inputs.map(input), layer], ...ends } },
      weights: { of: () => numbers.map((tensor) => ({ name: '', tensor })) },
      format: dialect,
      info: { producer: '', version: 'Keras 3.4.0', opset: null },
      external: [],
      notes: [],
    },
    {},
  );
  const x = inputs.map((shape, i) => examples([BATCH, ...shape], 5 + i, whole));
  const fed = x.map((v) => tf.tensor(Float32Array.from(v.data), [...v.shape]));
  const given = numbers.map((w) => tf.tensor(w.data, [...w.shape]));
  const expected = truth(fed[0], given, fed);
  for (const [y] of [computed(read.graph, x), await executed(runtime, read.graph, x)]) agree(y, expected);
  expect(read.graph.outputs[0].name).toBe('y');
}

describe.each(Object.entries(cases))('%s', (className, row) => {
  it.each(row.map((one, i) => [i + 1, one] as const))('agrees with its truth in form %d', async (_, one) => {
    if ('build' in one) await asTfjs(one);
    else await asWritten(className, one);
  });
});
