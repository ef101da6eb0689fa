/** Whatever is in a TF.js layers model, reading it gives a model or a sentence that names the file. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/lib/formats/error.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import { LONGEST_MS, judge } from '../hostile/judge.ts';
import { saved, tf } from './tfjs-models.ts';

let sources: SourceFiles[] = [];

const image = () => tf.input({ shape: [8, 8, 2], name: 'image' });

function convolutional(): tf.LayersModel {
  const x = image();
  const a = tf.layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(x);
  const b = tf.layers.batchNormalization().apply(a) as tf.SymbolicTensor;
  const c = tf.layers.add().apply([b, x]);
  const d = tf.layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }).apply(c);
  const e = tf.layers.upSampling2d({ size: [2, 2] }).apply(tf.layers.zeroPadding2d().apply(d));
  const f = tf.layers
    .averagePooling2d({ poolSize: 2 })
    .apply(tf.layers.separableConv2d({ filters: 2, kernelSize: 2 }).apply(e));
  const y = tf.layers.dense({ units: 3, activation: 'softmax' }).apply(tf.layers.flatten().apply(f));
  return tf.model({ inputs: x, outputs: y as tf.SymbolicTensor });
}

function recurrent(): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 3 }), inputShape: [4, 2] }),
      tf.layers.bidirectional({
        layer: tf.layers.lstm({ units: 2, returnSequences: true }) as tf.RNN,
        mergeMode: 'concat',
      }),
      tf.layers.layerNormalization(),
      tf.layers.reshape({ targetShape: [8, 2] }),
      tf.layers.permute({ dims: [2, 1] }),
      tf.layers.gru({ units: 2 }),
      tf.layers.repeatVector({ n: 2 }),
      tf.layers.rnn({
        cell: tf.layers.stackedRNNCells({
          cells: [tf.layers.gruCell({ units: 2 }) as tf.layers.RNNCell],
        }) as tf.layers.RNNCell,
      }),
    ],
  });
}

function nested(): tf.LayersModel {
  const inner = tf.sequential({ layers: [tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 2] })] });
  const [a, b] = [image(), tf.input({ shape: [8, 8, 2], name: 'other' })];
  const both = tf.layers.concatenate().apply([a, b].map((x) => inner.apply(x) as tf.SymbolicTensor));
  const y = tf.layers.globalMaxPooling2d({ dataFormat: 'channelsLast' }).apply(both);
  return tf.model({ inputs: [a, b], outputs: y as tf.SymbolicTensor });
}

beforeAll(async () => {
  await tf.setBackend('cpu');
  sources = [];
  for (const model of [convolutional(), recurrent(), nested()]) sources.push(await saved(model, 256));
});

const SIZES = [-1, 0, 1, 2, 3, 0.5, 1000, 2 ** 20, 2 ** 31, 2 ** 40, -(2 ** 40), 2 ** 53 - 1, 1e300];
const LITTLE: readonly unknown[] = [
  null,
  true,
  false,
  '',
  'relu',
  'same',
  '__proto__',
  '<b>x</b>',
  [],
  {},
  [[]],
  [null],
  [2, 2],
  [
    [1, 0],
    [0, 1],
  ],
];
const DEEP = { class_name: 'Sequential', config: { layers: [] as unknown[] } };
for (let i = 0, at = DEEP; i < 40; i++) {
  const next = { class_name: 'Sequential', config: { layers: [] as unknown[] } };
  at.config.layers.push(next);
  at = next;
}
const VALUES: readonly unknown[] = [...SIZES, ...LITTLE, DEEP, { class_name: '__keras_tensor__', config: {} }];

interface Edit {
  readonly at: number;
  readonly kind: number;
  readonly pick: number;
}

type Place = readonly [Record<string, unknown> | unknown[], string];

/** Every place in a value, containers first. */
function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    [value, key] as Place,
    ...placesOf((value as Record<string, unknown>)[key]),
  ]);
}

const from = <T>(list: readonly T[], share: number): T =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))];

function edited(json: unknown, { at, kind, pick }: Edit): void {
  const places = placesOf(json);
  const [holder, key] = from(places, at);
  const fields = holder as Record<string, unknown>;
  const [other, otherKey] = places[pick % places.length];
  if (kind === 0) fields[key] = VALUES[pick % VALUES.length];
  else if (kind === 1 && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (kind === 1) delete fields[key];
  else if (kind === 2 && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
  else fields[key] = structuredClone((other as Record<string, unknown>)[otherKey]);
}

/** 0…9,999 evenly: fast-check's own fractions gather at the ends. */
const share = fc.nat(9999).map((n) => n / 10_000);
const edit = fc.record({ at: share, kind: fc.nat(3), pick: fc.nat(100_000) });
const which = fc.nat(2);

/** A model, or a FormatError that is a sentence about the file. Anything else that is thrown fails. */
const outcome = (source: SourceFiles) =>
  judge(
    readModel(source).then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => {
        if (!(error instanceof FormatError)) throw error;
        return { ok: false as const, reason: 'failed' as const, message: error.message };
      },
    ),
    'model.json',
  );

async function always<T>(count: number, seed: number, cases: fc.Arbitrary<T>, check: (v: T) => Promise<unknown>) {
  let done = 0;
  const property = fc.asyncProperty(cases, async (value) => {
    await check(value);
    done++;
  });
  await fc.assert(property, { numRuns: count, seed, timeout: 2 * LONGEST_MS });
  expect(done).toBe(count);
}

describe('layers models, damaged', { timeout: 180_000 }, () => {
  it('in what their JSON says, 1,000 times: read, or refused with a sentence', async () => {
    let read = 0;
    const cases = fc.record({ which, edits: fc.array(edit, { minLength: 1, maxLength: 2 }) });
    await always(1000, 3, cases, async ({ which: i, edits }) => {
      const json = JSON.parse(new TextDecoder().decode(sources[i].bytes)) as unknown;
      edits.forEach((one) => edited(json, one));
      const bytes = new TextEncoder().encode(JSON.stringify(json));
      if ((await outcome({ ...sources[i], bytes })).ok) read++;
    });
    expect(read).toBeGreaterThan(150);
    expect(read).toBeLessThan(850);
  });

  it('in the letters of their JSON, 1,000 times: the same', async () => {
    const cases = fc.record({
      which,
      patches: fc.array(edit, { minLength: 1, maxLength: 3 }),
      end: fc.option(share, { freq: 3 }),
    });
    await always(1000, 4, cases, ({ which: i, patches, end }) => {
      const bytes = Uint8Array.from(sources[i].bytes);
      patches.forEach(({ at, pick }) => (bytes[Math.floor(at * bytes.length)] = pick % 256));
      const cut = end === null ? bytes : bytes.subarray(0, Math.floor(end * bytes.length));
      return outcome({ ...sources[i], bytes: cut });
    });
  });

  it('in their shards, 1,000 times: cut, left out or changed', async () => {
    let read = 0;
    await always(1000, 5, fc.record({ which, edit }), async ({ which: i, edit: { at, kind, pick } }) => {
      const shard = from(sources[i].beside, at);
      const data = Uint8Array.from(shard.data);
      data.fill(pick % 256, pick % data.length);
      const changed = [[], [{ ...shard, data: data.subarray(pick % data.length) }], [{ ...shard, data }], [shard]][
        kind
      ];
      const beside = [...sources[i].beside.filter((file) => file !== shard), ...changed];
      const result = await outcome({ ...sources[i], beside });
      if (result.ok) read++;
      else
        expect(result.message).toMatch(
          kind === 0 ? shard.path : /lengths of its weight files do not fit: group1-shard1of/,
        );
    });
    expect(read).toBeGreaterThan(300);
  });
});
