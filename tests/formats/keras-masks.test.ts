/** Masks of steps, followed from where they are made to the layers that leave masked steps out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importKeras } from '../../src/lib/formats/keras/import.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { float32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { ref, type RefTensor } from '../reference/tensor.ts';
import { computed, difference, examples, executed, predicted, randomise, saved, seeded, tf } from './tfjs-models.ts';

const TOLERANCE = 1e-4;
const [BATCH, STEPS, FEATURES, UNITS] = [3, 5, 2, 3];

let runtime: Runtime;
beforeAll(async () => {
  await tf.setBackend('cpu');
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});
afterAll(() => runtime.dispose());

/** One example begins with masked steps, one ends with them, one has them in between; [] is masked nowhere. */
const MASKED = [[0, 1], [3, 4], [2]];
const counts = (n: number, t: number): boolean => !MASKED[n].includes(t);

/** −1 at masked steps. */
function lines(): RefTensor {
  const x = examples([BATCH, STEPS, FEATURES], 7);
  for (let n = 0; n < BATCH; n++)
    for (const t of MASKED[n]) for (let f = 0; f < FEATURES; f++) x.data[(n * STEPS + t) * FEATURES + f] = -1;
  return x;
}

/** Words, 0 at masked steps. */
const words = (): RefTensor =>
  ref(
    'float32',
    [BATCH, STEPS],
    Float32Array.from({ length: BATCH * STEPS }, (_, i) =>
      counts(Math.floor(i / STEPS), i % STEPS) ? 1 + ((i * 7) % 5) : 0,
    ),
  );

type Symbolic = tf.SymbolicTensor;

async function agrees(input: tf.SymbolicTensor, output: Symbolic | Symbolic[], x: RefTensor) {
  const model = tf.model({ inputs: input, outputs: output });
  randomise(model);
  const { graph, notes } = await readModel(await saved(model));
  const expected = predicted(model, [x]);
  for (const y of [computed(graph, [x]), await executed(runtime, graph, [x])])
    expected.forEach((v, i) => expect(difference(y[i].data, v.dataSync())).toBeLessThanOrEqual(TOLERANCE));
  expect(notes).toEqual([]);
}

const { layers } = tf;
const recurrent = {
  SimpleRNN: (more: object) => layers.simpleRNN({ units: UNITS, ...more }),
  GRU: (more: object) => layers.gru({ units: UNITS, ...more }),
  LSTM: (more: object) => layers.lstm({ units: UNITS, ...more }),
};
const masked = () => {
  const input = tf.input({ shape: [STEPS, FEATURES] });
  return { input, x: layers.masking({ maskValue: -1 }).apply(input) as Symbolic };
};
const embedded = () => {
  const input = tf.input({ shape: [STEPS] });
  return { input, x: layers.embedding({ inputDim: 6, outputDim: 4, maskZero: true }).apply(input) as Symbolic };
};

describe.each(Object.entries(recurrent))('%s behind a mask computes what TF.js predicts', (_, layer) => {
  it.each([
    ['the last output', {}],
    ['all outputs', { returnSequences: true }],
    ['backwards', { returnSequences: true, goBackwards: true }],
  ])('%s', async (_what, more) => {
    const { input, x } = masked();
    await agrees(input, layer(more).apply(x) as Symbolic, lines());
  });

  it('and its states', async () => {
    const { input, x } = masked();
    await agrees(input, layer({ returnState: true }).apply(x) as Symbolic[], lines());
  });

  it('of an Embedding', async () => {
    const { input, x } = embedded();
    await agrees(input, layer({}).apply(x) as Symbolic, words());
  });

  it('in both directions', async () => {
    for (const returnSequences of [false, true]) {
      const { input, x } = embedded();
      const both = layers.bidirectional({ layer: layer({ returnSequences }) as tf.layers.RNN, mergeMode: 'concat' });
      await agrees(input, both.apply(x) as Symbolic, words());
    }
  });
});

describe('a mask is passed on', () => {
  it('through layers of each step, a recurrent layer that gives all steps, and TimeDistributed', async () => {
    const { input, x } = masked();
    const first = recurrent.GRU({ returnSequences: true }).apply(x) as Symbolic;
    const dense = layers.timeDistributed({ layer: layers.dense({ units: 4 }) }).apply(first) as Symbolic;
    const active = layers
      .activation({ activation: 'tanh' })
      .apply(layers.dropout({ rate: 0.5 }).apply(dense)) as Symbolic;
    await agrees(input, recurrent.LSTM({}).apply(layers.dense({ units: 2 }).apply(active)) as Symbolic, lines());
  });

  it('into a model within the model', async () => {
    const inside = tf.input({ shape: [STEPS, FEATURES] });
    const sequence = recurrent.GRU({ returnSequences: true }).apply(inside) as Symbolic;
    const inner = tf.model({ inputs: inside, outputs: sequence });
    const { input, x } = masked();
    await agrees(input, recurrent.SimpleRNN({}).apply(inner.apply(x)) as Symbolic, lines());
  });
});

describe('TF.js uses the last mask also behind layers that drop it', () => {
  it('such as one of the last output', async () => {
    const { input, x } = masked();
    const last = recurrent.LSTM({}).apply(x) as Symbolic;
    const again = layers.repeatVector({ n: STEPS }).apply(last) as Symbolic;
    await agrees(input, recurrent.GRU({}).apply(again) as Symbolic, lines());
  });

  it('unless the steps are others', async () => {
    const { input, x } = masked();
    const last = recurrent.LSTM({}).apply(x) as Symbolic;
    const again = layers.repeatVector({ n: STEPS + 1 }).apply(last) as Symbolic;
    const model = tf.model({ inputs: input, outputs: recurrent.GRU({}).apply(again) as Symbolic });
    randomise(model);
    expect(() => model.predict(tf.zeros([BATCH, STEPS, FEATURES]))).toThrow();
    expect((await readModel(await saved(model))).batched).toBe(true);
  });
});

/** An Elman network by its formula, one example after another: h ← tanh(x w + h u + b) at steps that count. */
function elman(
  x: FloatTensor | RefTensor,
  [w, u, b]: readonly FloatTensor[],
  how: { start: number; silent: boolean; backwards?: boolean },
) {
  const all: number[] = [];
  const last: number[] = [];
  for (let n = 0; n < BATCH; n++) {
    let h = Array<number>(UNITS).fill(how.start);
    let before = Array<number>(UNITS).fill(0);
    const outputs: number[][] = [];
    for (let i = 0; i < STEPS; i++) {
      const t = how.backwards ? STEPS - 1 - i : i;
      const next = h.map((_, k) => {
        let sum = b.data[k];
        for (let f = 0; f < FEATURES; f++) sum += x.data[(n * STEPS + t) * FEATURES + f] * w.data[f * UNITS + k];
        for (let j = 0; j < UNITS; j++) sum += h[j] * u.data[j * UNITS + k];
        return Math.tanh(sum);
      });
      if (counts(n, t)) [h, before] = [next, next];
      outputs.push(how.silent && !counts(n, t) ? Array<number>(UNITS).fill(0) : before);
    }
    all.push(...outputs.flat());
    last.push(...outputs.at(-1)!);
  }
  return { all, last };
}

describe('a model of Keras, by its formula', () => {
  const next = seeded(9);
  const draw = (...shape: number[]) =>
    float32(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => next()),
    );
  const weights = [draw(FEATURES, UNITS), draw(UNITS, UNITS), draw(UNITS)];
  const read = (layersOf: readonly object[], states: number) => {
    const refs = (name: string) => [[name, 0, 0, {}]];
    const input = {
      class_name: 'InputLayer',
      name: 'x',
      config: { name: 'x', batch_shape: [null, STEPS, FEATURES] },
      inbound_nodes: [],
    };
    const state = {
      class_name: 'InputLayer',
      name: 's',
      config: { name: 's', batch_shape: [null, UNITS] },
      inbound_nodes: [],
    };
    const mask = {
      class_name: 'Masking',
      name: 'm',
      config: { name: 'm', mask_value: -1 },
      inbound_nodes: [refs('x')],
    };
    const config = {
      layers: [input, ...(states ? [state] : []), mask, ...layersOf],
      input_layers: [['x', 0, 0], ...(states ? [['s', 0, 0]] : [])],
      output_layers: [['y', 0, 0]],
    };
    const source = { of: ([name]: readonly string[]) => (name === 'y' ? given(layersOf) : []) };
    const given = (all: readonly object[]) =>
      JSON.stringify(all).includes('Bidirectional')
        ? [...weights, ...weights].map((tensor) => ({ name: '', tensor }))
        : weights.map((tensor) => ({ name: '', tensor }));
    return importKeras(
      {
        file: 'm.keras',
        config: { class_name: 'Functional', config },
        weights: source,
        format: 'keras',
        info: { producer: '', version: 'Keras 3.4.0', opset: null },
        external: [],
        notes: [],
      },
      {},
    ).graph;
  };
  const rnn = (more: object) => ({
    class_name: 'SimpleRNN',
    config: { name: 'r', units: UNITS, activation: 'tanh', ...more },
  });
  const layer = (spec: { class_name: string; config: object }, from: readonly string[], name = 'y') => ({
    ...spec,
    name,
    config: { ...spec.config, name },
    inbound_nodes: [from.map((ref) => [ref, 0, 0, {}])],
  });
  const close = (actual: ArrayLike<number>, expected: readonly number[]) =>
    expect(difference(actual, Float32Array.from(expected))).toBeLessThanOrEqual(TOLERANCE);

  it('gives zeros at masked steps before the first that counts, whatever state it begins with', () => {
    const graph = read([layer(rnn({ return_sequences: true }), ['m', 's'])], 1);
    const x = lines();
    const start = ref(
      'float32',
      [BATCH, UNITS],
      Float32Array.from({ length: BATCH * UNITS }, () => 0.5),
    );
    const [y] = computed(graph, [x, start]);
    close(y.data, elman(x, weights, { start: 0.5, silent: false }).all);
    expect([...y.data.slice(0, UNITS)]).toEqual([0, 0, 0]);
  });

  it('gives zeros at all masked steps of a sequence in both directions', () => {
    const both = { class_name: 'Bidirectional', config: { layer: rnn({ return_sequences: true }), merge_mode: 'sum' } };
    const [y] = computed(read([layer(both, ['m'])], 0), [lines()]);
    const forth = elman(lines(), weights, { start: 0, silent: true }).all;
    const back = elman(lines(), weights, { start: 0, silent: true, backwards: true }).all;
    const turned = forth.map((v, i) => {
      const [n, t, k] = [Math.floor(i / (STEPS * UNITS)), Math.floor(i / UNITS) % STEPS, i % UNITS];
      return v + back[(n * STEPS + STEPS - 1 - t) * UNITS + k];
    });
    close(y.data, turned);
  });

  it('means over the steps that count', () => {
    const mean = { class_name: 'GlobalAveragePooling1D', config: {} };
    const x = lines();
    const [y] = computed(read([layer(mean, ['m'])], 0), [x]);
    const means = MASKED.flatMap((_, n) =>
      Array.from({ length: FEATURES }, (__, f) => {
        const steps = Array.from({ length: STEPS }, (___, t) => t).filter((t) => counts(n, t));
        return steps.reduce((sum, t) => sum + x.data[(n * STEPS + t) * FEATURES + f], 0) / steps.length;
      }),
    );
    close(y.data, means);
  });

  it('counts the steps of a sum that count in each that has a mask', () => {
    const other = layer({ class_name: 'Masking', config: { mask_value: 9 } }, ['x'], 'o');
    const sum = layer({ class_name: 'Add', config: {} }, ['m', 'o', 'x'], 'y2');
    const [y] = computed(read([other, sum, layer(rnn({}), ['y2'])], 0), [lines()]);
    const x = lines();
    const tripled = ref(
      'float32',
      x.shape,
      Float32Array.from(x.data, (v) => 3 * v),
    );
    close(y.data, elman(tripled, weights, { start: 0, silent: false }).last);
  });

  it('goes out of a model within the model', () => {
    const inner = {
      class_name: 'Sequential',
      config: {
        name: 'inner',
        layers: [
          { class_name: 'InputLayer', config: { name: 'i', batch_shape: [null, STEPS, FEATURES] } },
          { class_name: 'Masking', config: { name: 'm', mask_value: -1 } },
        ],
      },
    };
    const [y] = computed(read([layer(inner, ['x'], 'y2'), layer(rnn({}), ['y2'])], 0), [lines()]);
    close(y.data, elman(lines(), weights, { start: 0, silent: false }).last);
  });

  it('joins masks along the steps, and drops them behind layers that know none', () => {
    const twice = layer({ class_name: 'Concatenate', config: { axis: 1 } }, ['m', 'x'], 'y2');
    const [y] = computed(read([twice, layer(rnn({}), ['y2'])], 0), [lines()]);
    const dropped = layer({ class_name: 'ZeroPadding1D', config: { padding: 0 } }, ['m'], 'y2');
    const [z] = computed(read([dropped, layer(rnn({}), ['y2'])], 0), [lines()]);
    const x = lines();
    const seen = x.data.map((v, i) =>
      counts(Math.floor(i / STEPS / FEATURES), Math.floor(i / FEATURES) % STEPS) ? v : 0,
    );
    const [h0, hAll] = [plain(seen, 0, weights), plain(x.data, 0, weights)];
    close(z.data, h0);
    expect(difference(y.data, Float32Array.from(hAll))).toBeGreaterThan(TOLERANCE);
    close(y.data, afterTwo(x, weights));
  });

  /** All steps count. */
  function plain(data: ArrayLike<number>, start: number, [w, u, b]: readonly FloatTensor[]): number[] {
    return Array.from({ length: BATCH }, (_, n) => {
      let h = Array<number>(UNITS).fill(start);
      for (let t = 0; t < STEPS; t++)
        h = h.map((__, k) => {
          let sum = b.data[k];
          for (let f = 0; f < FEATURES; f++) sum += data[(n * STEPS + t) * FEATURES + f] * w.data[f * UNITS + k];
          for (let j = 0; j < UNITS; j++) sum += h[j] * u.data[j * UNITS + k];
          return Math.tanh(sum);
        });
      return h;
    }).flat();
  }

  /** First the steps that count, then all of them. */
  function afterTwo(x: RefTensor, w: readonly FloatTensor[]): number[] {
    const { last } = elman(x, w, { start: 0, silent: false });
    return Array.from({ length: BATCH }, (_, n) => {
      let h = last.slice(n * UNITS, (n + 1) * UNITS);
      for (let t = 0; t < STEPS; t++)
        h = h.map((__, k) => {
          let sum = w[2].data[k];
          for (let f = 0; f < FEATURES; f++) sum += x.data[(n * STEPS + t) * FEATURES + f] * w[0].data[f * UNITS + k];
          for (let j = 0; j < UNITS; j++) sum += h[j] * w[1].data[j * UNITS + k];
          return Math.tanh(sum);
        });
      return h;
    }).flat();
  }
});
