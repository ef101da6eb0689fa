/** What a damaged file makes its reader allocate, format by format: never many times what the file holds. */
// First: it counts what the modules behind it allocate.
import { allocatedBy } from './counting.ts';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../src/lib/formats/error.ts';
import { encode } from '../../src/lib/formats/protobuf/wire.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import { onnxFile } from '../formats/build-file.ts';
import { projectPath } from '../formats/shared.ts';
import { graphModel } from '../formats/tensorflow-file.ts';
import { classifier, random } from '../formats/tensorflow-graph.ts';
import { saved, tf } from '../formats/tfjs-models.ts';
import { normalizing, tfliteFile, withPacked } from '../formats/tflite-file.ts';
import { numbersFor } from '../formats/tflite-tensors.ts';

/** Bytes for each byte of the files, and for any: weights are read, brought into another order and cut, each time into fresh memory. */
const PER_BYTE = 64;
const FREE = 4 * 2 ** 20;
const RUNS = 1000;

const fixture = (name: string) => new Uint8Array(readFileSync(projectPath(`tests/fixtures/keras/${name}`)));
const alone = (file: string, bytes: Uint8Array): SourceFiles => ({ file, bytes, beside: [] });

const sources: Record<string, () => Promise<SourceFiles> | SourceFiles> = {
  ONNX: () =>
    alone(
      'm.onnx',
      onnxFile({
        nodes: [
          { op: 'Conv', name: 'c', in: ['x', 'w'], out: ['t'] },
          { op: 'Flatten', in: ['t'] },
        ],
        inputs: { x: [1, 3, 8, 8] },
        outputs: ['y'],
        weights: { w: { dtype: 'float32', shape: [2, 3, 3, 3], data: new Float32Array(54).fill(0.1) } },
      }),
    ),
  'TensorFlow.js layers': () => {
    const layers = [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3 }),
    ];
    return saved(tf.sequential({ layers }), 512);
  },
  'TensorFlow.js graph': () => {
    const { graph, constants } = classifier(random([80, 3]));
    const { json, shard } = graphModel(graph, constants);
    const bytes = new TextEncoder().encode(JSON.stringify(json));
    return { file: 'm.json', bytes, beside: [{ path: json.weightsManifest[0].paths[0], data: shard }] };
  },
  'a frozen graph of TensorFlow': () => alone('m.pb', encode(proto.Graph, classifier(random([80, 3])).graph)),
  'TensorFlow Lite': () =>
    alone(
      'm.tflite',
      withPacked(
        tfliteFile({
          tensors: [
            { shape: [1, 8, 8, 3], name: 'image' },
            { shape: [4, 3, 3, 3], data: numbersFor([108], 3) },
            { shape: [4], data: [0, 1, 2, 3] },
            { shape: [1, 8, 8, 4], name: 'conv' },
          ],
          operators: [
            { op: 'CONV_2D', inputs: [0, 1, 2], outputs: [3], options: { padding: 0, strideH: 1, strideW: 1 } },
          ],
          inputs: [0],
          outputs: [3],
          metadata: {
            subgraphs: [
              {
                inputs: [{ processUnits: [normalizing([1], [2])] }],
                outputs: [{ associatedFiles: [{ name: 'l.txt', type: 2 }] }],
              },
            ],
          },
        }),
        { 'l.txt': 'a\nb\nc\nd' },
      ),
    ),
  'HDF5 of Keras': () => alone('m.h5', fixture('nested.h5')),
  'an archive of Keras': () => alone('m.keras', fixture('nested.keras')),
};

/** Numbers that lengths and offsets are replaced by. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000000];

const place = fc.nat(9999).map((n) => n / 10_000);
const damage = fc.record({
  bytes: fc.array(fc.record({ at: place, value: fc.nat(255) }), { maxLength: 4 }),
  words: fc.array(fc.record({ at: place, value: fc.constantFrom(...EXTREMES) }), { maxLength: 2 }),
  end: fc.option(place, { freq: 4 }),
});

function damaged(whole: Uint8Array, { bytes, words, end }: typeof damage extends fc.Arbitrary<infer T> ? T : never) {
  const copy = whole.slice(0, end === null ? undefined : Math.floor(end * whole.length));
  for (const { at, value } of bytes) copy[Math.floor(at * copy.length)] = value;
  const view = new DataView(copy.buffer);
  for (const { at, value } of words)
    if (copy.length >= 4) view.setUint32(Math.floor(at * (copy.length - 3)), value, true);
  return copy;
}

it('what is allocated is counted: arrays of a length, of other arrays and of parts of them, and no views', async () => {
  const { bytes } = await allocatedBy(async () => {
    const array = new Float32Array(10);
    const views = [array.subarray(2), new Uint8Array(array.buffer)];
    return [...views, array.slice(5), Int32Array.from([1, 2, 3]), new ArrayBuffer(7), array.map((v) => v)];
  });
  expect(bytes).toBe(40 + 20 + 12 + 7 + 40);
});

describe.each(Object.entries(sources))('damaged files of %s', { timeout: 180_000 }, (what, make) => {
  let source: SourceFiles;
  beforeAll(async () => {
    source = await make();
    // What is loaded with the first file of a format is no part of the measurement.
    await readModel(source);
  });

  it(`allocate no more than ${PER_BYTE} bytes for each of theirs, a thousand times`, async () => {
    const before = process.memoryUsage().rss;
    let [most, runs] = [0, 0];
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        runs++;
        const bytes = damaged(source.bytes, how);
        const held = bytes.length + source.beside.reduce((n, { data }) => n + data.length, 0);
        const answer = await allocatedBy(() => readModel({ ...source, bytes }).catch((error: unknown) => error));
        if (answer.value instanceof Error && !(answer.value instanceof FormatError)) throw answer.value;
        most = Math.max(most, answer.bytes);
        expect(answer.bytes).toBeLessThanOrEqual(PER_BYTE * held + FREE);
      }),
      { numRuns: RUNS, seed: 21 },
    );
    expect(runs).toBe(RUNS);
    // Heaps of libraries count here: they grow and do not shrink.
    const grown = process.memoryUsage().rss - before;
    expect(grown).toBeLessThan(512 * 2 ** 20);
    console.log(
      `${what}: ${source.bytes.length} bytes, at most ${most} allocated by one file, ${Math.round(grown / 2 ** 20)} MiB held`,
    );
  });
});
