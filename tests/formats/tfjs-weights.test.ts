/** Weights of TF.js files are what was written, and what is missing is said at once. */
import { describe, expect, it } from 'vitest';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import { readWeights } from '../../src/lib/formats/tfjs/weights.ts';
import { float32ToHalf } from '../../src/lib/tensor/half.ts';

const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const source = (...shards: (readonly [string, Uint8Array])[]): SourceFiles => ({
  file: 'model.json',
  bytes: new Uint8Array(),
  beside: shards.map(([path, data]) => ({ path, data })),
});
const one = (weight: object, data: Uint8Array) =>
  [...readWeights([{ paths: ['w.bin'], weights: [weight] }], source(['w.bin', data])).values()][0];

describe('readWeights', () => {
  it('joins shards in the manifest’s order, wherever a weight is cut and wherever the files lie', () => {
    const numbers = Float32Array.of(1, 2, 3, 4, 5);
    const all = bytesOf(numbers);
    const manifest = [
      {
        paths: ['g-shard1of2', 'g-shard2of2'],
        weights: [
          { name: 'a', shape: [2], dtype: 'float32' },
          { name: 'b', shape: [1, 3], dtype: 'float32' },
        ],
      },
    ];
    const files = source(['deep/folder/g-shard2of2', all.slice(7)], ['deep/folder/g-shard1of2', all.slice(0, 7)]);
    const weights = readWeights(manifest, files);
    expect([...weights.keys()]).toEqual(['a', 'b']);
    expect(Array.from(weights.get('a')!.data as Float32Array)).toEqual([1, 2]);
    expect(Array.from(weights.get('b')!.data as Float32Array)).toEqual([3, 4, 5]);
    expect(weights.get('b')!.shape).toEqual([1, 3]);
  });

  it.each([
    ['uint8', Uint8Array.of(0, 3, 255)],
    ['uint16', Uint16Array.of(0, 3, 65535)],
  ])('decodes %s by scale and min', (dtype, stored) => {
    const { data } = one(
      { name: 'w', shape: [3], dtype: 'float32', quantization: { dtype, scale: 0.5, min: -2 } },
      bytesOf(stored),
    );
    expect(Array.from(data as Float32Array)).toEqual(Array.from(stored, (q) => q * 0.5 - 2));
  });

  it('decodes float16 and quantised whole numbers', () => {
    const half = one(
      { name: 'w', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
      bytesOf(float32ToHalf([0.5, -3])),
    );
    expect([half.dtype, Array.from(half.data as Float32Array)]).toEqual(['float32', [0.5, -3]]);
    const whole = one(
      { name: 'w', shape: [2], dtype: 'int32', quantization: { dtype: 'uint8', scale: 2.1, min: 1 } },
      Uint8Array.of(0, 2),
    );
    expect([whole.dtype, Array.from(whole.data as Int32Array)]).toEqual(['int32', [1, 5]]);
  });

  it('passes over text and complex numbers', () => {
    const text = Uint8Array.of(2, 0, 0, 0, 104, 105, 0, 0, 0, 0);
    const data = Uint8Array.of(...text, 1, 0, ...new Uint8Array(8), 7);
    const weights = [
      { name: 'words', shape: [2], dtype: 'string' },
      { name: 'flags', shape: [2], dtype: 'bool' },
      { name: 'waves', shape: [1], dtype: 'complex64' },
      { name: 'last', shape: [1], dtype: 'uint8' },
    ];
    const read = readWeights([{ paths: ['w.bin'], weights }], source(['w.bin', data]));
    expect([...read].map(([name, { data: numbers }]) => [name, Array.from(numbers as Uint8Array)])).toEqual([
      ['flags', [1, 0]],
      ['last', [7]],
    ]);
  });

  const group = (path: string, count: number) => ({
    paths: [path],
    weights: [{ name: `w/${path}`, shape: [count], dtype: 'float32' }],
  });

  it('names every shard that is missing', () => {
    expect(() =>
      readWeights([group('a.bin', 1), group('b.bin', 1), group('c.bin', 1)], source(['b.bin', new Uint8Array(4)])),
    ).toThrow(
      'model.json: its weights are in files that are not here: a.bin, c.bin. Drop them together with model.json.',
    );
  });

  it('names every shard of another length, with both lengths', () => {
    const files = source(['a.bin', new Uint8Array(3)], ['b.bin', new Uint8Array(8)], ['c.bin', new Uint8Array(4)]);
    expect(() => readWeights([group('a.bin', 1), group('b.bin', 1), group('c.bin', 1)], files)).toThrow(
      'a.bin (3 bytes for weights of 4); b.bin (8 bytes for weights of 4)',
    );
  });

  it.each([
    [{ name: 'w', shape: [2 ** 30, 2 ** 30], dtype: 'float32' }, 'too large to be true'],
    [{ name: 'w', shape: [-1], dtype: 'float32' }, 'the shape [-1]'],
    [{ name: 'w', shape: [2 ** 40], dtype: 'float32' }, '4398046511104'],
    [{ name: 'w', shape: [1], dtype: 'float8' }, 'the element type "float8"'],
    [{ name: 'w', shape: [1], dtype: 'float32', quantization: { dtype: 'int4' } }, 'the quantisation "int4"'],
    [{ shape: [1], dtype: 'float32' }, 'a weight has no name'],
  ])('refuses %j before it allocates anything', (weight, message) => {
    expect(() => one(weight, new Uint8Array(4))).toThrow(message);
  });

  it('refuses a manifest that is none', () => {
    expect(() => readWeights(undefined, source())).toThrow('model.json: it has no list of weights');
    expect(() => readWeights([{ paths: 'a' }], source())).toThrow('is damaged');
  });
});
