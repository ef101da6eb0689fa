/** Every layer class that is read computes what TF.js computes, or its formula where TF.js has no such layer. */
import { beforeAll, describe, expect, it } from 'vitest';
import { importKeras } from '../../src/lib/formats/keras/import.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { cases, type Made, type Written } from './keras-cases.ts';
import { computed, difference, examples, predicted, randomise, saved, seeded, tf } from './tfjs-models.ts';

const TOLERANCE = 1e-4;
const BATCH = 2;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

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
  const y = computed(read.graph, x);
  const expected = predicted(model, x);
  expect(y.length).toBe(expected.length);
  expected.forEach((v, i) => agree(y[i], v));
}

function asWritten(className: string, { inputs, config, weights, truth, whole, dialect = 'keras' }: Written): void {
  const next = seeded(3);
  const numbers = weights.map((shape) =>
    float32(
      shape,
      Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => 0.6 + 0.4 * next()),
    ),
  );
  const input = { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, ...inputs[0]] } };
  const read = importKeras(
    {
      file: 'model.h5',
      config: {
        class_name: 'Sequential',
        config: { layers: [input, { class_name: className, config: { name: 'y', ...config } }] },
      },
      weights: { of: () => numbers.map((tensor) => ({ name: '', tensor })) },
      format: dialect,
      info: { producer: '', version: 'Keras 3.4.0', opset: null },
      external: [],
      notes: [],
    },
    {},
  );
  const x = examples([BATCH, ...inputs[0]], 5, whole);
  const [y] = computed(read.graph, [x]);
  agree(
    y,
    truth(
      tf.tensor(Float32Array.from(x.data), [...x.shape]),
      numbers.map((w) => tf.tensor(w.data, [...w.shape])),
    ),
  );
}

describe.each(Object.entries(cases))('%s', (className, row) => {
  it.each(row.map((one, i) => [i + 1, one] as const))('agrees with its truth in form %d', async (_, one) => {
    if ('build' in one) await asTfjs(one);
    else asWritten(className, one);
  });
});
