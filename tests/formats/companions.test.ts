import { describe, expect, it } from 'vitest';
import { companionsOf, partsOf } from '../../src/lib/formats/companions.ts';

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const model = (weightsManifest: unknown) => json({ format: 'layers-model', weightsManifest });

describe('a model.json', () => {
  it('names its shards in the order of the manifest, with their sizes', () => {
    const weights = [
      { name: 'k', shape: [3, 3, 3, 100_000], dtype: 'float32' },
      { name: 'b', shape: [100], dtype: 'float32', quantization: { dtype: 'uint8' } },
    ];
    const manifest = [
      { paths: ['b.bin', 'a.bin', 'c.bin'], weights },
      { paths: ['sub/d.bin'], weights: [{ name: 'g', shape: [], dtype: 'int32' }] },
    ];
    const total = 3 * 3 * 3 * 100_000 * 4 + 100;
    expect(companionsOf(model(manifest), 'model.json')).toEqual([
      { path: 'b.bin', bytes: 4194304 },
      { path: 'a.bin', bytes: 4194304 },
      { path: 'c.bin', bytes: total - 2 * 4194304 },
      { path: 'sub/d.bin', bytes: 4 },
    ]);
  });

  it('of another shape names none, and is refused when it is opened', () => {
    for (const odd of [undefined, 7, [7], [{ paths: 'w.bin' }], [{ paths: [7] }]])
      expect(companionsOf(model(odd), 'model.json')).toEqual([]);
  });

  it('finds those of its shards that are at hand, in its own order', () => {
    const hand = ['labels.txt', 'a.bin', 'b.bin'].map((path) => ({ path, kind: null }));
    const named = ['b.bin', 'missing.bin', 'a.bin', 'b.bin'].map((path) => ({ path, bytes: 1 }));
    expect(partsOf('tfjs-layers', named, hand).map(({ path }) => path)).toEqual(['b.bin', 'a.bin']);
  });
});

it('a config of Keras takes the weights beside it, and a SavedModel its variables', () => {
  const hand = [
    { path: 'variables/variables.index', kind: null },
    { path: 'w.h5', kind: 'hdf5' as const },
    { path: 'variables/variables.data-00000-of-00001', kind: null },
  ];
  expect(partsOf('keras-json', [], hand).map(({ path }) => path)).toEqual(['w.h5']);
  expect(partsOf('saved-model', [], hand).map(({ path }) => path)).toEqual([
    'variables/variables.data-00000-of-00001',
    'variables/variables.index',
  ]);
});
