import { deflateSync } from 'fflate';
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/lib/share/crc32.ts';
import { LinkError } from '../../src/lib/share/envelope.ts';
import { isLink } from '../../src/lib/share/kind.ts';
import { MOST_OF_FRAGMENT, decodeLink, encodeLink } from '../../src/lib/share/link.ts';
import { type SharedRecord, imagesOf, readLong, writeLong, writeShort } from '../../src/lib/share/record.ts';
import { toBase64Url } from '../../src/lib/share/schema.ts';
import { againstImages, long, ofNeuron, pair, placed, throughNeuron, typical } from './records.ts';

function faultOf(link: string): LinkError {
  try {
    decodeLink(link);
  } catch (error) {
    expect(error).toBeInstanceOf(LinkError);
    return error as LinkError;
  }
  throw new Error(`read without complaint: ${link}`);
}

/** A link with any content and the checksum that fits it. */
function forged(bytes: Uint8Array): string {
  const payload = toBase64Url(deflateSync(bytes, { level: 9 }));
  return `#v2.${payload}.${crc32(new TextEncoder().encode(`v2.${payload}`))
    .toString(16)
    .padStart(8, '0')}`;
}
const forgedJson = (json: unknown): string => forged(new TextEncoder().encode(JSON.stringify(json)));
const altered = (change: Record<string, unknown>): string =>
  forgedJson({ ...(writeShort(typical) as object), ...change });

describe('a link', () => {
  it.each([
    ['typical', typical],
    ['long', long],
    ['pair', pair],
    ['placed', placed],
    ['neuron', ofNeuron],
    ['way through a neuron', throughNeuron],
  ] as const)('gives back a %s record', (_, record) => {
    expect(decodeLink(encodeLink(record))).toEqual(record);
  });

  it('is shorter than chat programs cut', () => {
    expect(encodeLink(typical).length).toBeLessThan(400);
    expect(encodeLink(long).length).toBeLessThan(1500);
    expect(encodeLink(againstImages).length).toBeLessThan(1800);
  });

  it('is of the oldest format that says all of it', () => {
    const version = (record: SharedRecord) => encodeLink(record).slice(0, 3);
    expect([typical, pair, placed, { ...pair, place: placed.place }].map(version)).toEqual([
      '#v2',
      '#v3',
      '#v4',
      '#v4',
    ]);
    expect([ofNeuron, { ...placed, neuron: ofNeuron.neuron }].map(version)).toEqual(['#v5', '#v5']);
    expect([throughNeuron, { ...ofNeuron, through: ofNeuron.neuron }].map(version)).toEqual(['#v6', '#v6']);
    expect([againstImages, { ...againstImages, neuron: ofNeuron.neuron }].map(version)).toEqual(['#v7', '#v7']);
    expect(JSON.stringify(writeShort(typical))).not.toContain('"n":{"t"');
    expect(Object.keys(writeLong(placed) as object)).not.toContain('place');
  });

  it('has nothing but letters, digits, -, _ and dots', () => {
    expect(encodeLink(long)).toMatch(/^#v2\.[\w-]+\.[0-9a-f]{8}$/);
  });

  it('keeps six digits of the result’s numbers, and none of what is not finite', () => {
    const numbers = { value: 1.23456789, delta: NaN, sum: Infinity, max: null };
    expect(decodeLink(encodeLink({ ...typical, numbers })).numbers).toEqual({
      value: 1.23457,
      delta: null,
      sum: null,
      max: null,
    });
  });

  it('cuts what is too long and takes out what cannot be seen in names', () => {
    const name = `a\u202eb\n${'c'.repeat(500)}`;
    const read = decodeLink(encodeLink({ ...typical, image: { ...typical.image, name } }));
    expect(read.image.name).toBe(`a b ${'c'.repeat(116)}`);
  });

  it('leaves an address out that is too long or none: a cut one leads elsewhere', () => {
    const read = (url: string) => decodeLink(encodeLink({ ...typical, model: { ...typical.model, url } })).model.url;
    expect(read(`https://example.org/${'a'.repeat(300)}`)).toBe('');
    expect(read('file:///etc/passwd')).toBe('');
    expect(read('https://example.org/a%20b?c=d#e')).toBe('https://example.org/a%20b?c=d#e');
  });

  it.each([
    ['encoded once', (link: string) => encodeURIComponent(link)],
    ['encoded twice', (link: string) => encodeURIComponent(encodeURIComponent(link))],
    ['followed by a full stop', (link: string) => `${link}.`],
    ['in brackets and quotes', (link: string) => `${link})”>,`],
    ['wrapped by a mail program', (link: string) => `${link.slice(0, 70)}\r\n ${link.slice(70)}\n`],
    ['without its #', (link: string) => link.slice(1)],
  ])('is read when %s', (_, change) => {
    expect(decodeLink(change(encodeLink(typical)))).toEqual(typical);
  });

  it('is told from a place on the page', () => {
    expect([encodeLink(typical), '#v1.', '%23v1.abc', '#v9.x'].map(isLink)).toEqual([true, true, true, true]);
    expect(['', '#', '#explain', '#view', '#compare'].map(isLink)).toEqual([false, false, false, false, false]);
  });

  it('says in a bundle the same in words', () => {
    for (const record of [long, pair, ofNeuron, throughNeuron])
      expect(readLong(JSON.parse(JSON.stringify(writeLong(record))))).toEqual(record);
    expect(writeLong(typical)).toMatchObject({ target: { kind: 'logit' }, view: { backdrop: 'grey', smooth: true } });
  });
});

/** `unit`: of which characters. */
// Half a letter, which a cut may leave, and a separator of lines come back as others, in names.
const textOf = (length: number, unit: 'binary' | 'grapheme' | 'grapheme-ascii' = 'grapheme') =>
  fc.string({ minLength: length, maxLength: length, unit }).map((text) =>
    text
      .slice(0, length)
      .toWellFormed()
      .replace(/["\p{Zl}\p{Zp}\p{Cf}]/gu, '_'),
  );
const sha256 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const fileAtLimit = fc.record({
  bundled: fc.constant(''),
  name: textOf(120),
  bytes: fc.nat(2 ** 30),
  sha256,
  url: fc.stringMatching(/^[a-zA-Z0-9]{280}$/).map((path) => `https://example.org/${path}`),
});
const label = textOf(60, 'grapheme');
const others = fc.array(fc.record({ image: fileAtLimit, preprocessing: fc.constant(long.preprocessing) }), {
  maxLength: 3,
});
const recordAtLimit = fc
  .record({ model: fileAtLimit, image: fileAtLimit, other: fileAtLimit, others, label, otherLabel: label })
  .map(({ other, ...texts }): SharedRecord => ({ ...long, ...texts, baseline: { kind: 'image', image: other } }));

describe('a link of long texts', () => {
  it('is never too long for programs: names and addresses give way, what decides the result stays', () => {
    const check = (record: SharedRecord) => {
      const link = encodeLink(record);
      expect(link.length).toBeLessThanOrEqual(MOST_OF_FRAGMENT);
      const read = decodeLink(link);
      const files = (of: SharedRecord) =>
        [of.model, ...imagesOf(of), ...(of.baseline.kind === 'image' ? [of.baseline.image] : [])].map(
          ({ sha256, bytes, bundled }) => ({ sha256, bytes, bundled }),
        );
      const { model, image, baseline, label, otherLabel } = long;
      const settings = (of: SharedRecord) => of.others.map(({ preprocessing }) => preprocessing);
      const rest = (of: SharedRecord) => ({ ...of, model, image, baseline, label, otherLabel, others: settings(of) });
      expect(files(read)).toEqual(files(record));
      expect(rest(read)).toEqual(rest(record));
      expect(record.model.name.startsWith(read.model.name.replace(/…(\.[\w-]{1,8})?$/, ''))).toBe(true);
      expect(['', record.model.url]).toContain(read.model.url);
    };
    fc.assert(fc.property(recordAtLimit, check), { numRuns: 150 });
  });

  it('whatever their length is short enough, or an error that says what is too long', () => {
    let [links, errors] = [0, 0];
    const texts = fc.record({ output: textOf(400, 'binary'), layer: fc.oneof(textOf(400, 'binary'), textOf(20)) });
    fc.assert(
      fc.property(recordAtLimit, texts, fc.boolean(), (record, { output, layer }, both) => {
        try {
          const link = encodeLink({ ...record, layer, output: both ? output : null });
          expect(link.length).toBeLessThanOrEqual(MOST_OF_FRAGMENT);
          links++;
        } catch (error) {
          expect(error).toMatchObject({ name: 'LinkError', fault: 'too long' });
          expect((error as LinkError).message).toMatch(
            /(the name of the (output|layer)|what is said of the \d images? behind the first) alone has \d+\. Save /,
          );
          errors++;
        }
      }),
      { numRuns: 150 },
    );
    expect(Math.min(links, errors)).toBeGreaterThan(20);
  });

  it('of more images than it can name is an error that says so', () => {
    const hashes = fc.sample(sha256, { seed: 1, numRuns: 40 });
    const many = hashes.map((hash) => ({ ...pair.others[0], image: { ...pair.image, bundled: '', sha256: hash } }));
    expect(decodeLink(encodeLink({ ...pair, others: many.slice(0, 8) })).others).toEqual(many.slice(0, 8));
    expect(() => encodeLink({ ...pair, others: many })).toThrow(
      /what is said of the 40 images behind the first alone has \d+\. Save the settings instead\./,
    );
  });

  it('keeps the ending of a file’s name, and a name that is all it is known by', () => {
    const noise = (length: number) =>
      fc.sample(fc.stringMatching(new RegExp(`^[\\u4e00-\\u9fff]{${length}}$`)), { seed: length, numRuns: 1 })[0];
    const name = `${noise(60)}.onnx`;
    const wide = { ...long, layer: noise(180), image: { ...long.image, name: noise(120) } };
    const read = (sha256: string) => decodeLink(encodeLink({ ...wide, model: { ...long.model, name, sha256 } })).model;
    expect(read(long.model.sha256).name).toMatch(/^.{1,34}…\.onnx$/);
    expect(read('').name).toBe(name);
  });
});

describe('a link with a place inside the model', () => {
  const detail = fc.dictionary(fc.stringMatching(/^[a-z]{1,12}$/), textOf(30, 'grapheme-ascii'), { maxKeys: 16 });
  const index = fc.nat(10_000_000);
  const placeAtLimit = fc.record({
    tab: fc.constantFrom('maps' as const, 'filters' as const, 'maximise' as const),
    layer: fc.oneof(fc.stringMatching(/^[\w/.:]{1,60}$/), fc.stringMatching(/^[\w/.:]{400}$/)),
    channel: fc.option(index),
    position: fc.option(fc.record({ y: index, x: index })),
    details: fc.record({ maps: detail, filters: detail, maximise: detail }),
  });

  it('stays short enough: the place gives way last, whole parts at a time, and what decides the result stays', () => {
    const kept = { all: 0, selection: 0, none: 0 };
    fc.assert(
      fc.property(recordAtLimit, placeAtLimit, fc.boolean(), (crowded, place, roomy) => {
        const record = { ...(roomy ? typical : { ...crowded, others: [] }), place };
        const link = encodeLink(record);
        expect(link.length).toBeLessThanOrEqual(MOST_OF_FRAGMENT);
        const read = decodeLink(link);
        const { model, image, target, options, numbers } = read;
        expect([target, options, numbers]).toEqual([record.target, record.options, record.numbers]);
        expect([model.sha256, image.sha256]).toEqual([record.model.sha256, record.image.sha256]);
        const bare = { ...place, details: { maps: {}, filters: {}, maximise: {} } };
        expect([place, bare, null]).toContainEqual(read.place);
        kept[
          read.place === null ? 'none' : JSON.stringify(read.place) === JSON.stringify(place) ? 'all' : 'selection'
        ]++;
      }),
      { numRuns: 200 },
    );
    expect(kept.all).toBeGreaterThan(20);
    expect(kept.selection + kept.none).toBeGreaterThan(5);
  });
});

describe('a damaged link', () => {
  it('is called truncated wherever it is cut off', () => {
    const link = encodeLink(typical);
    for (let length = 3; length < link.length; length++) {
      const error = faultOf(link.slice(0, length));
      expect([length, error.fault]).toEqual([length, 'truncated']);
      expect(error.message).toMatch(/cut off after \d+ characters.*Copy it again/);
    }
  });

  it('is called tampered with whichever character is changed', () => {
    const link = encodeLink(typical);
    for (let at = 4; at < link.length; at++) {
      if (link[at] === '.') continue;
      const other = link[at] === '7' ? '8' : '7';
      expect(faultOf(link.slice(0, at) + other + link.slice(at + 1)).fault).toBe('tampered');
    }
  });

  it('of a newer format says so', () => {
    const error = faultOf(encodeLink(typical).replace('#v2', '#v8'));
    expect(error.fault).toBe('newer version');
    expect(error.message).toMatch(/format 8.*reads formats up to 7.*Reload/);
  });

  it.each(['', '#', 'explain', 'https://example.org', '#w1.abc.12345678'])('%j is not a link', (text) => {
    expect(faultOf(text).fault).toBe('not a link');
  });

  it('that would unfold to a thousand times its size is refused before it does', () => {
    const bomb = forged(new Uint8Array(20_000_000));
    expect(bomb.length).toBeLessThan(30_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(faultOf(bomb).message).toContain('more than 64000 bytes');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
    expect(faultOf(`#v1.${'A'.repeat(100_000)}`).message).toContain('more than the 64000');
  });
});

const modelOfTypical = (writeShort(typical) as { m: object }).m;

describe('a forged link with a checksum that fits is refused', () => {
  it.each<[what: string, change: Record<string, unknown>, sentence: RegExp]>([
    ['a field that is none', { z: 1 }, /has "z", which is no field/],
    ['a prototype', JSON.parse('{"__proto__":{"a":1},"constructor":1}'), /which is no field/],
    ['a negative class', { t: { i: -1 } }, /target\.index is -1/],
    ['a class and a half', { t: { i: 1.5 } }, /target\.index is 1\.5/],
    ['a kind that is none', { t: { k: 9, i: 1 } }, /target\.kind is 9/],
    ['a method of another type', { e: ['length'] }, /method is \["length"\]/],
    ['a name with markup', { e: '<img src=x>' }, /method is/],
    ['an address that runs a script', { m: { ...modelOfTypical, u: 'javascript:alert(1)' } }, /url is "javascript/],
    ['an address that is none', { m: { ...modelOfTypical, u: 'https://[' } }, /url is "https/],
    ['a difference of one class', { t: { k: 3, i: 1 } }, /without a second class/],
    ['a huge input', { p: { w: 1e9 } }, /preprocessing\.width is 1000000000/],
    ['an option that is a list', { o: { steps: [1] } }, /options\.steps/],
    ['an option with a strange name', { o: { 'a b': 1 } }, /options\.a b/],
    ['a hash that is too short', { m: { n: 'a', b: 1, h: 'abc' } }, /model\.sha256/],
    ['a missing model', { m: undefined }, /model is missing/],
    ['a name that turns its writing round', { i: { n: 'a\u202egnp.exe', b: 1, h: '' } }, /image\.name/],
    ['a second image without a name', { w: [{ p: {} }] }, /others\[0\]\.image is missing/],
    [
      'a second image that is huge',
      { w: [{ i: modelOfTypical, p: { h: 1e9 } }] },
      /others\[0\]\.preprocessing\.height/,
    ],
    ['a place without a layer', { n: { c: 1 } }, /place\.layer is missing/],
    ['a place on a tab that is none', { n: { t: 9, l: 'a' } }, /place\.tab is 9/],
    ['a channel that is none', { n: { l: 'a', c: -1 } }, /place\.channel is -1/],
    ['a detail that is a list', { n: { l: 'a', r: { steps: [1] } } }, /place\.maximise\.steps/],
    ['an opacity beyond 1', { v: { o: 2 } }, /view\.opacity is 2/],
  ])('%s', (_, change, sentence) => {
    const error = faultOf(altered(change));
    expect(error.fault).toBe('tampered');
    expect(error.message).toMatch(sentence);
  });

  it.each([[null], [[]], ['text'], [1]])('%j', (json) => {
    expect(faultOf(forgedJson(json)).fault).toBe('tampered');
  });
});

describe('mutated links', () => {
  const links = [typical, long, pair, placed].map(encodeLink);
  const mutation = fc.record({
    link: fc.constantFrom(...links),
    at: fc.nat(1600),
    remove: fc.nat(40),
    insert: fc.oneof(fc.string({ maxLength: 20, unit: 'binary' }), fc.base64String({ maxLength: 20 })),
  });

  it('give the record or an error with a label, whatever was done to them', () => {
    let errors = 0;
    const check = ({ link, at, remove, insert }: { link: string; at: number; remove: number; insert: string }) => {
      const place = at % link.length;
      const mutated = link.slice(0, place) + insert + link.slice(place + remove);
      let read: SharedRecord;
      try {
        read = decodeLink(mutated);
      } catch (error) {
        errors++;
        expect(error).toBeInstanceOf(LinkError);
        expect((error as LinkError).message.length).toBeGreaterThan(40);
        return;
      }
      expect([typical, long, pair, placed]).toContainEqual(read);
    };
    fc.assert(fc.property(mutation, check), { numRuns: 2000 });
    expect(errors).toBeGreaterThan(1000);
  });

  it('give errors with a label also where the checksum fits', () => {
    const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.string());
    const keys = [...Object.keys(writeShort(long) as object), 'w', 'n'];
    fc.assert(
      fc.property(fc.constantFrom(...keys), value, (key, json) => {
        try {
          decodeLink(altered({ [key]: json }));
        } catch (error) {
          expect(error).toBeInstanceOf(LinkError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('links that were made once', () => {
  const folder = join(import.meta.dirname, '../fixtures/links');
  it.each(readdirSync(folder).filter((name) => name.startsWith('v')))('%s is still read as it was written', (name) => {
    const { link, record } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { link: string; record: object };
    const read = decodeLink(link);
    expect(read).toMatchObject(record);
    // What came later is none, and the only runtime there was.
    expect(read.device.runtime).toBe('onnxruntime-web');
    if (name.startsWith('v1')) expect([read.output, read.model.url, read.otherLabel]).toEqual([null, '', '']);
    else expect(read).toEqual({ others: [], neuron: null, through: null, place: null, ...record, device: read.device });
    // A link of one image is written as it always was: it says nothing of others, which version 3 brought.
    expect(JSON.stringify(writeShort(read)).includes('"w":[')).toBe(read.others.length > 0);
    if (!name.startsWith('v1')) expect(encodeLink(read)).toBe(link);
  });
});
