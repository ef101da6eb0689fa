import fc from 'fast-check';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bundle, BundleError, packBundle, readBundle, refuseLargeBundle } from '../../src/lib/share/bundle.ts';
import { crc32 } from '../../src/lib/share/crc32.ts';
import { scoresCsv } from '../../src/lib/share/csv.ts';
import { unfold } from '../../src/lib/zip/unfold.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { againstImages, long, ofNeuron, pair, throughNeuron, typical } from './records.ts';

const png = new Uint8Array(readFileSync(join(import.meta.dirname, '../../static/gallery/cat-0.png')));

const bundle: Bundle = {
  record: long,
  result: {
    methodTitle: 'Integrated Gradients',
    signed: true,
    value: 0.1 + 0.2,
    baselineValue: null,
    probability: 0.95,
    check: { claim: 'Σ scores = F(x) − F(x′)', delta: 1e-9, relative: 1e-8 },
    passes: 32,
    milliseconds: 812.25,
    size: { width: 384, height: 384 },
    crop: { x: 24, y: -3.5, width: 336, height: 336 },
    notes: ['Every position has the same score.'],
    inputName: '',
    others: [],
  },
  scores: float32([2, 2, 3], [1, -2, 3, 4, 5, 6, 0.1, 0.2, 0.3, 0.4, 0.5, 1e-30]),
  input: png,
  others: [],
  picture: png,
};
const packed = packBundle(bundle);

/** Of a model of two images, with a picture of its own before each. */
const fish = new Uint8Array(readFileSync(join(import.meta.dirname, '../../static/gallery/fish-2.png')));
const ofTwo: Bundle = {
  ...bundle,
  record: pair,
  result: {
    ...bundle.result,
    inputName: 'left',
    others: [{ name: 'right', size: { width: 300, height: 200 }, crop: { x: 0.5, y: -8, width: 224, height: 224 } }],
  },
  others: [{ scores: float32([1, 2, 2], [4, -3, 2, 1e-20]), input: fish }],
};
const packedTwo = packBundle(ofTwo);

function faultOf(bytes: Uint8Array): BundleError {
  try {
    readBundle(bytes, 'b.vitrine.zip');
  } catch (error) {
    expect(error).toBeInstanceOf(BundleError);
    return error as BundleError;
  }
  throw new Error('read without complaint');
}

/** The bundle with changed files and the checksums that fit them. */
function forged(change: Record<string, Uint8Array | null>, of = packed): Uint8Array {
  const changed = Object.entries({ ...unzipSync(of), ...change });
  const files = Object.fromEntries(changed.flatMap(([name, bytes]) => (bytes ? [[name, bytes] as const] : [])));
  const sums = Object.entries(files)
    .filter(([name]) => name !== 'checksums.txt')
    .map(([name, bytes]) => `${crc32(bytes).toString(16).padStart(8, '0')} ${name}\n`);
  return zipSync({ ...files, 'checksums.txt': strToU8(sums.join('')) });
}
const settings = () => JSON.parse(Buffer.from(unzipSync(packed)['vitrine.json']).toString()) as Record<string, object>;
const forgedJson = (json: unknown) => forged({ 'vitrine.json': strToU8(JSON.stringify(json)) });

describe('a bundle', () => {
  it('gives back settings, result, scores and pictures to the last bit', () => {
    const read = readBundle(packed, 'b.vitrine.zip');
    expect(read.record).toEqual(long);
    expect(read.result).toEqual(bundle.result);
    expect(read.scores).toEqual(bundle.scores);
    expect(Buffer.from(read.input).equals(png) && Buffer.from(read.picture).equals(png)).toBe(true);
  });

  it('gives back the estimate of an error that was asked for, and nothing where none was', () => {
    const estimate = { error: 0.0098, target: 0.01, rule: 'gradients' };
    const asked = { ...bundle, result: { ...bundle.result, check: { ...bundle.result.check!, estimate } } };
    expect(readBundle(packBundle(asked), 'b.vitrine.zip').result.check!.estimate).toEqual(estimate);
    const written = JSON.parse(Buffer.from(unzipSync(packBundle(asked))['vitrine.json']).toString()) as object;
    expect(written).toMatchObject({ version: 4 });
    expect(readBundle(packed, 'b.vitrine.zip').result.check!.estimate).toBeUndefined();
  });

  it('is the same file for the same result', () => {
    expect(Buffer.from(packBundle(bundle)).equals(packed)).toBe(true);
  });

  it('is a zip of plain files: JSON, float32 NumPy, PNG', () => {
    const files = unzipSync(packed);
    expect(settings()).toMatchObject({ format: 'vitrine-bundle', version: 2, settings: { method: 'guided-grad-cam' } });
    expect(readNpy(files['scores.npy'])).toEqual(bundle.scores);
    expect(crc32(strToU8('123456789'))).toBe(0xcbf43926);
  });
});

describe('a bundle of a model of two images', () => {
  it('gives back the picture and the map of each, and where they lie', () => {
    const read = readBundle(packedTwo, 'b.vitrine.zip');
    expect([read.record, read.result]).toEqual([pair, ofTwo.result]);
    expect([read.scores, ...read.others.map(({ scores }) => scores)]).toEqual([bundle.scores, ofTwo.others[0].scores]);
    expect(Buffer.from(read.input).equals(png) && Buffer.from(read.others[0].input).equals(fish)).toBe(true);
  });

  it('is a zip of plain files that begins as one of one image does; only it says that pages must be newer', () => {
    const [one, two] = [unzipSync(packed), unzipSync(packedTwo)];
    const added = Object.keys(two).filter((name) => !(name in one));
    expect(added).toEqual(['scores-2.npy', 'input-2.png']);
    expect(Object.keys(one)).toEqual(['vitrine.json', 'scores.npy', 'input.png', 'result.png', 'checksums.txt']);
    expect(Buffer.from(two['scores.npy']).equals(one['scores.npy'])).toBe(true);
    const versions = [one, two].map((files) => JSON.parse(Buffer.from(files['vitrine.json']).toString()).version);
    expect(versions).toEqual([2, 3]);
    const neuron = packBundle({ ...bundle, record: ofNeuron });
    expect(JSON.parse(Buffer.from(unzipSync(neuron)['vitrine.json']).toString()).version).toBe(4);
    expect(readBundle(neuron, 'n.zip').record).toEqual(ofNeuron);
    const through = packBundle({ ...bundle, record: throughNeuron });
    expect(JSON.parse(Buffer.from(unzipSync(through)['vitrine.json']).toString()).version).toBe(5);
    const images = packBundle({ ...bundle, record: againstImages });
    expect(JSON.parse(Buffer.from(unzipSync(images)['vitrine.json']).toString()).version).toBe(6);
    expect(Object.keys(settings().result)).not.toContain('others');
  });

  const settingsOfTwo = () => JSON.parse(Buffer.from(unzipSync(packedTwo)['vitrine.json']).toString());
  const withResult = (change: object) => {
    const json = settingsOfTwo();
    return forged(
      { 'vitrine.json': strToU8(JSON.stringify({ ...json, result: { ...json.result, ...change } })) },
      packedTwo,
    );
  };

  it.each<[what: string, bytes: () => Uint8Array, fault: string, sentence: RegExp]>([
    ['without its second map', () => forged({ 'scores-2.npy': null }, packedTwo), 'not a bundle', /no scores-2\.npy/],
    ['without its second picture', () => forged({ 'input-2.png': null }, packedTwo), 'not a bundle', /no input-2\.png/],
    ['with a third one', () => forged({ 'input-3.png': png }, packedTwo), 'damaged', /input-3\.png, of which/],
    ['a picture of one that has none', () => forged({ 'input-2.png': png }), 'damaged', /input-2\.png, of which/],
    ['no PNG', () => forged({ 'input-2.png': strToU8('<svg>'.repeat(30)) }, packedTwo), 'damaged', /no PNG/],
    ['no floats', () => forged({ 'scores-2.npy': strToU8('x'.repeat(99)) }, packedTwo), 'damaged', /scores-2\.npy/],
    ['two images, one map', () => withResult({ others: [] }), 'damaged', /name 2 images, its result 1/],
    [
      'a seventeenth',
      () => withResult({ others: Array(16).fill(ofTwo.result.others[0]) }),
      'damaged',
      /list of 0 to 15/,
    ],
    ['an input 17', () => zipSync({ 'input-17.png': png }), 'not a bundle', /"input-17\.png", which no bundle has/],
  ])('is refused: %s', (_, bytes, fault, sentence) => {
    const error = faultOf(bytes());
    expect([error.fault, error.message]).toEqual([fault, expect.stringMatching(sentence)]);
  });

  it('that was changed in its second map is refused', () => {
    const files = { ...unzipSync(packedTwo) };
    files['scores-2.npy'] = files['scores-2.npy'].map((byte, i) => (i === 140 ? byte ^ 1 : byte));
    expect(faultOf(zipSync(files)).message).toMatch(/scores-2\.npy was changed after the bundle was made/);
  });

  it('whose files together would fill the memory is refused, whatever its headers say', () => {
    const names = ['scores-2.npy', 'scores-3.npy', 'scores-4.npy'];
    const limit = () => 50_000;
    const three = zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array(40_000)])));
    expect([...unfold(three, { limit, most: 120_000 }).keys()]).toEqual(names);
    const lie = three.slice();
    const view = new DataView(lie.buffer);
    // Each entry of the directory says a size of its own.
    for (let at = view.getUint32(lie.length - 6, true); view.getUint32(at, true) === 0x02014b50; at += 46 + 12)
      view.setUint32(at + 24, 10, true);
    for (const bomb of [three, lie])
      expect(() => unfold(bomb, { limit, most: 100_000 })).toThrow(
        expect.objectContaining({ fault: 'too large', entry: '', bytes: 120_000 }),
      );
  });
});

describe('a bundle of version 1', () => {
  it('is still read: what came later is none', () => {
    const v1 = readFileSync(join(import.meta.dirname, '../fixtures/bundles/v1.vitrine.zip'));
    const read = readBundle(new Uint8Array(v1), 'v1.vitrine.zip');
    expect([read.record.output, read.record.model.url, read.record.otherLabel]).toEqual([null, '', '']);
    expect(read.record).toMatchObject({ method: 'guided-grad-cam', layer: long.layer, numbers: long.numbers });
    expect(read.scores).toEqual(bundle.scores);
  });
});

describe('a bundle of version 3', () => {
  it('is still read, with both images and maps', () => {
    const v3 = readFileSync(join(import.meta.dirname, '../fixtures/bundles/v3.vitrine.zip'));
    const read = readBundle(new Uint8Array(v3), 'v3.vitrine.zip');
    expect(read.record).toEqual(pair);
    expect([read.result.inputName, read.result.others[0].name]).toEqual(['left', 'right']);
    expect([read.scores, read.others[0].scores]).toEqual([
      float32([1, 2, 2], [4, -3, 2, 0]),
      float32([1, 1, 4], [0, -8, 2, 8]),
    ]);
  });
});

describe('a bundle of version 4', () => {
  it('is still read, with the neuron that it explains', () => {
    const v4 = readFileSync(join(import.meta.dirname, '../fixtures/bundles/v4.vitrine.zip'));
    const read = readBundle(new Uint8Array(v4), 'v4.vitrine.zip');
    expect(read.record).toEqual(ofNeuron);
    expect(read.scores).toEqual(bundle.scores);
  });
});

describe('a bundle of version 5', () => {
  it('is still read, with the neuron that it goes through', () => {
    const v5 = readFileSync(join(import.meta.dirname, '../fixtures/bundles/v5.vitrine.zip'));
    const read = readBundle(new Uint8Array(v5), 'v5.vitrine.zip');
    expect(read.record).toEqual(throughNeuron);
    expect(read.scores).toEqual(bundle.scores);
  });
});

describe('a bundle of version 6', () => {
  it('is still read, with the images that it compares with', () => {
    const v6 = readFileSync(join(import.meta.dirname, '../fixtures/bundles/v6.vitrine.zip'));
    const read = readBundle(new Uint8Array(v6), 'v6.vitrine.zip');
    expect(read.record).toEqual(againstImages);
    expect(read.scores).toEqual(bundle.scores);
  });
});

describe('a bundle that is none is refused', () => {
  it.each<[what: string, bytes: () => Uint8Array, fault: string, sentence: RegExp]>([
    ['no zip', () => strToU8('hello'), 'not a bundle', /not a zip/],
    ['an empty file', () => new Uint8Array(), 'not a bundle', /not a zip/],
    ['cut off', () => packed.subarray(0, packed.length - 40), 'damaged', /cut off/],
    ['another zip', () => zipSync({ 'a.txt': strToU8('a') }), 'not a bundle', /"a\.txt", which no bundle has/],
    ['without scores', () => zipSync({ 'vitrine.json': strToU8('{}') }), 'not a bundle', /holds no scores\.npy/],
    ['a bomb', () => zipSync({ 'vitrine.json': new Uint8Array(5_000_000) }), 'too large', /5000000 bytes/],
    ['a newer one', () => forgedJson({ ...settings(), version: 7 }), 'newer version', /format 7.*Reload/],
    ['another JSON', () => forgedJson([1]), 'damaged', /its format is/],
    ['no JSON', () => forged({ 'vitrine.json': strToU8('{') }), 'damaged', /not a bundle that Vitrine made/],
    ['a wrong field', () => forgedJson({ ...settings(), result: {} }), 'damaged', /the result\.methodTitle is missing/],
    ['no PNG', () => forged({ 'input.png': strToU8('<svg onload="alert(1)">'.repeat(3)) }), 'damaged', /no PNG/],
    ['no floats', () => forged({ 'scores.npy': strToU8('x'.repeat(99)) }), 'damaged', /scores\.npy/],
  ])('%s', (_, bytes, fault, sentence) => {
    const error = faultOf(bytes());
    expect([error.fault, error.message]).toEqual([fault, expect.stringMatching(sentence)]);
  });

  it('with a picture that would fill the memory', () => {
    const wall = png.slice();
    new DataView(wall.buffer).setUint32(16, 60_000);
    new DataView(wall.buffer).setUint32(20, 60_000);
    expect(faultOf(forged({ 'input.png': wall })).message).toContain('60000 × 60000');
  });

  it('with a size in its directory that is a lie', () => {
    const bomb = zipSync({ 'vitrine.json': new Uint8Array(5_000_000) }, { level: 9 });
    const lie = bomb.slice();
    const view = new DataView(lie.buffer);
    // The directory’s entry stands behind the local header and the data.
    const directory = view.getUint32(lie.length - 6, true);
    view.setUint32(directory + 24, 10, true);
    expect(faultOf(lie).fault).toBe('too large');
  });
});

describe('a bundle that is a bomb is refused at its limit, soon', () => {
  /** A directory and a header that say `size` bytes of what unfolds to more. */
  const lying = (content: Uint8Array, size: number): Uint8Array => {
    const bomb = zipSync({ 'vitrine.json': content });
    const view = new DataView(bomb.buffer);
    view.setUint32(22, size, true);
    view.setUint32(view.getUint32(bomb.length - 6, true) + 24, size, true);
    return bomb;
  };

  it('whose headers tell ten bytes of twenty million', () => {
    const bomb = lying(new Uint8Array(20_000_000), 10);
    expect(bomb.length).toBeLessThan(100_000);
    const start = performance.now();
    const { fault, message } = faultOf(bomb);
    expect([fault, message]).toEqual([
      'too large',
      expect.stringMatching(/^b\.vitrine\.zip\/vitrine\.json: \d+ bytes, a bundle may have 1048576 there/),
    ]);
    // It stops where the limit is passed, sixteen kilobytes later at most.
    expect(Number(/: (\d+) bytes/.exec(message)![1])).toBeLessThan(2 ** 20 + 16_384 * 1100);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('that is stored, and longer than its headers tell', () => {
    const long = zipSync({ 'vitrine.json': new Uint8Array(2_000_000) }, { level: 0 });
    const view = new DataView(long.buffer);
    view.setUint32(view.getUint32(long.length - 6, true) + 24, 10, true);
    expect(faultOf(long).fault).toBe('too large');
  });

  it('that holds one file many times', () => {
    const one = zipSync({ 'input.png': png }, { level: 0 });
    const directory = new DataView(one.buffer).getUint32(one.length - 6, true);
    const entry = one.subarray(directory, one.length - 22);
    const end = one.slice(one.length - 22);
    const view = new DataView(end.buffer);
    [8, 10].forEach((at) => view.setUint16(at, 2, true));
    const twice = new Uint8Array([...one.subarray(0, directory), ...entry, ...entry, ...end]);
    expect(faultOf(twice).message).toMatch(/holds "input\.png" twice, which no bundle has/);
  });

  it('of more bytes than a bundle has, before it is read', () => {
    expect(() => refuseLargeBundle('b.vitrine.zip', 2 ** 40)).toThrow(
      /^b\.vitrine\.zip: 1099511627776 bytes, a bundle may have 268435456/,
    );
  });
});

describe.each([
  ['of one image', { ...bundle, record: typical }],
  ['of two images', { ...ofTwo, others: [{ ...ofTwo.others[0], input: fish.slice(0, 64) }] }],
])('damaged bundles %s', (_, whole) => {
  const small = packBundle({ ...whole, input: png.slice(0, 64), picture: png.slice(0, 64) });

  it('give errors with a label or the result, wherever they are damaged', () => {
    const damage = fc.record({ at: fc.nat(small.length - 1), byte: fc.nat(255), cut: fc.option(fc.nat(small.length)) });
    let errors = 0;
    const check = ({ at, byte, cut }: { at: number; byte: number; cut: number | null }) => {
      const bytes = small.slice(0, cut ?? small.length);
      if (at < bytes.length) bytes[at] = byte;
      try {
        const read = readBundle(bytes, 'b.zip');
        expect([read.record, read.scores, read.others]).toEqual([whole.record, bundle.scores, whole.others]);
      } catch (error) {
        errors++;
        if (!(error instanceof BundleError)) throw error;
        expect(error.message).toMatch(/^b\.zip/);
      }
    };
    fc.assert(fc.property(damage, check), { numRuns: 2000 });
    expect(errors).toBeGreaterThan(500);
  });
});

describe('a table of scores', () => {
  it('has a line for each position, with the sum over channels and each channel', () => {
    const lines = scoresCsv(bundle.scores).trim().split('\n');
    expect(lines[0]).toBe('x,y,score,channel0,channel1');
    expect(lines).toHaveLength(1 + 6);
    expect(lines[2]).toBe('1,0,-1.8,-2,0.200000003');
    expect(lines[6]).toBe('2,1,6,6,1e-30');
  });

  it('has no channels where there is but one', () => {
    expect(scoresCsv(float32([1, 1, 2], [0.1, 2]))).toBe('x,y,score\n0,0,0.100000001\n1,0,2\n');
  });
});
