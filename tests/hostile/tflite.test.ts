/** Damaged TensorFlow Lite files: a graph, or a FormatError that names the file and blames it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/lib/formats/error.ts';
import { readTflite } from '../../src/lib/formats/tflite/read.ts';
import { numbersFor } from '../formats/tflite-tensors.ts';
import { tfliteFile } from '../formats/tflite-file.ts';
import { LONGEST_MS } from './judge.ts';

const constant = (...shape: number[]) => ({ shape, data: numbersFor(shape, shape.length) });
const ints = (...data: number[]) => ({ shape: [data.length], data, type: 'int32' as const });

/** Quantised and real weights, options, shapes and every kind of field. */
const whole = tfliteFile({
  tensors: [
    { shape: [1, 8, 8, 3], name: 'image' },
    {
      shape: [4, 3, 3, 3],
      type: 'int8',
      data: numbersFor([4, 27], 3).map(Math.round),
      scale: [0.1, 0.2, 0.3, 0.4],
      zeroPoint: [0, 0, 0, 0],
    },
    constant(4),
    { shape: [1, 8, 8, 4], name: 'conv' },
    { shape: [4, 2], data: [0, 0, 1, 1, 1, 1, 0, 0], type: 'int32' },
    { shape: [1, 10, 10, 4], name: 'padded' },
    ints(0, 1, 1, 0),
    ints(1, 9, 9, 4),
    ints(1, 1, 1, 1),
    { shape: [1, 8, 8, 4], name: 'cut' },
    { shape: [1, 4, 4, 4], name: 'pooled' },
    ints(-1, 64),
    { shape: [1, 64], name: 'flat' },
    constant(5, 64),
    { shape: [1, 5], name: 'scores' },
    { shape: [1, 5], name: 'probabilities' },
    ints(2, 2),
    { shape: [2, 2], data: [0, 0, 0, 0], type: 'int32' },
    { shape: [4, 4, 4, 4], name: 'blocks' },
    { shape: [1, 8, 8, 4], name: 'unblocked' },
  ],
  operators: [
    { op: 'CONV_2D', inputs: [0, 1, 2], outputs: [3], options: { padding: 0, strideH: 1, strideW: 1, activation: 1 } },
    { op: 'PAD', inputs: [3, 4], outputs: [5] },
    { op: 'STRIDED_SLICE', inputs: [5, 6, 7, 8], outputs: [9], options: { beginMask: 9, endMask: 9 } },
    { op: 'SPACE_TO_BATCH_ND', inputs: [9, 16, 17], outputs: [18] },
    { op: 'BATCH_TO_SPACE_ND', inputs: [18, 16, 17], outputs: [19] },
    {
      op: 'MAX_POOL_2D',
      inputs: [19],
      outputs: [10],
      options: { padding: 1, strideH: 2, strideW: 2, filterH: 2, filterW: 2 },
    },
    { op: 'RESHAPE', inputs: [10, 11], outputs: [12], options: { newShape: [-1, 64] } },
    { op: 'FULLY_CONNECTED', inputs: [12, 13, -1], outputs: [14], options: { activation: 0 } },
    { op: 'SOFTMAX', inputs: [14], outputs: [15], options: { beta: 1 } },
  ],
  inputs: [0],
  outputs: [15],
});

const OUR_FAULT =
  /undefined|NaN|is not a function|is not iterable|[Cc]annot (read|mix|convert|be converted)|Invalid array|call stack|internal:|object Object/;

function judge(bytes: Uint8Array): 'read' | 'refused' {
  const start = performance.now();
  try {
    readTflite(bytes, 'm.tflite');
    return 'read';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { message } = error;
    if (!message.startsWith('m.tflite: ') || OUR_FAULT.test(message) || message.length > 2000)
      throw new Error(`is no answer: ${message.slice(0, 500)}`, { cause: error });
    return 'refused';
  } finally {
    expect(performance.now() - start).toBeLessThan(LONGEST_MS);
  }
}

const EXTREMES = [0, 1, 2, 4, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 0x10000000];

const mutation = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }).map(({ at, byte }) => (file: Uint8Array) => {
    file[at % file.length] = byte;
    return file;
  }),
  fc.record({ at: fc.nat(), value: fc.constantFrom(...EXTREMES) }).map(({ at, value }) => (file: Uint8Array) => {
    const word = Math.floor((at % Math.max(file.length - 4, 1)) / 4) * 4;
    if (word + 4 <= file.length) new DataView(file.buffer, file.byteOffset).setUint32(word, value, true);
    return file;
  }),
  fc
    .record({ at: fc.nat(), value: fc.constantFrom(0, 1, 2, 3, 5, 0xff, 0xffff) })
    .map(({ at, value }) => (file: Uint8Array) => {
      const half = Math.floor((at % Math.max(file.length - 2, 1)) / 2) * 2;
      if (half + 2 <= file.length) new DataView(file.buffer, file.byteOffset).setUint16(half, value, true);
      return file;
    }),
  fc.nat().map((at) => (file: Uint8Array) => file.slice(0, Math.max(at % file.length, 8))),
);

describe('TensorFlow Lite files that are damaged', () => {
  it('are read whole, before anything happens to them', () => {
    expect(judge(whole)).toBe('read');
  });

  it('give an answer or say what is wrong with them, a thousand times', () => {
    const found = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        found[judge(mutations.reduce<Uint8Array>((file, mutate) => mutate(file), whole.slice()))]++;
      }),
      { numRuns: 1000, seed: 3 },
    );
    expect(found.read).toBeGreaterThan(50);
    expect(found.refused).toBeGreaterThan(200);
  }, 120_000);

  it('of which every word of the tables in turn is another number', () => {
    for (let at = 0; at + 4 <= whole.length; at += 4) {
      for (const value of [0xffffffff, 3]) {
        const file = whole.slice();
        new DataView(file.buffer).setUint32(at, value, true);
        judge(file);
      }
    }
  }, 120_000);

  it('that stand for far more than they hold are refused', () => {
    const shared = { shape: [512, 512], data: numbersFor([512, 512], 1) };
    const layer = (i: number) => ({ op: 'FULLY_CONNECTED' as const, inputs: [i, 0], outputs: [i + 1] });
    const file = tfliteFile({
      tensors: [shared, ...Array.from({ length: 201 }, (_, i) => ({ shape: [1, 512], name: `v${i}` }))],
      operators: Array.from({ length: 200 }, (_, i) => layer(i + 1)),
      inputs: [1],
      outputs: [201],
    });
    expect(() => readTflite(file, 'm.tflite')).toThrow(/weights are read, a file of \d+ bytes has \d+ at most/);
  });
});
