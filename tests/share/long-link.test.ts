import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Exhibit } from '../../src/lib/share/bundle.ts';
import { type Kind, LinkError, seal, unseal } from '../../src/lib/share/envelope.ts';
import { isLink, kindOf } from '../../src/lib/share/kind.ts';
import { encodeLink } from '../../src/lib/share/link.ts';
import { ROUNDING, decodeLongLink, encodeLongLink } from '../../src/lib/share/long-link.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { againstImages, long, ofNeuron, pair, throughNeuron, typical } from './records.ts';

const fixtures = join(import.meta.dirname, '../fixtures/links');
const input = new Uint8Array(readFileSync(join(fixtures, 'picture.jpg')));

const exhibit: Exhibit = {
  record: typical,
  result: {
    methodTitle: 'Integrated Gradients',
    signed: true,
    value: 0.1 + 0.2,
    baselineValue: null,
    probability: 0.95,
    check: null,
    passes: 32,
    milliseconds: 812.25,
    size: { width: 12, height: 8 },
    crop: { x: -2, y: 0, width: 16, height: 8 },
    notes: ['Every position has the same score.'],
    inputName: '',
    others: [],
  },
  scores: float32([1, 2, 3], [1, -2, 0, 0.5, 1e-4, -0.02]),
  input,
  others: [],
};
const link = encodeLongLink(exhibit);
const ofTwo: Exhibit = {
  ...exhibit,
  record: pair,
  result: {
    ...exhibit.result,
    inputName: 'left',
    others: [{ name: 'right', size: { width: 12, height: 8 }, crop: { x: 1, y: 2, width: 8, height: 6 } }],
  },
  others: [{ scores: float32([1, 1, 4], [0, -8, 2, 8]), input }],
};
const linkOfTwo = encodeLongLink(ofTwo);
const KIND: Kind = { letter: 'b', version: 2, maxLetters: 1_000_000, maxBytes: 2 ** 20 };

function faultOf(text: string): LinkError {
  try {
    decodeLongLink(text);
  } catch (error) {
    expect(error).toBeInstanceOf(LinkError);
    return error as LinkError;
  }
  throw new Error(`read without complaint: ${text.slice(0, 80)}`);
}

const content = (of: string) => unseal(KIND, of, (bytes) => bytes.slice());
const inside = content(link);

/** The content of `link`, changed, with a checksum that fits. */
function forged(change: (content: Uint8Array, head: DataView) => Uint8Array | void): string {
  const content = inside.slice();
  return seal(KIND, change(content, new DataView(content.buffer)) ?? content);
}

describe('a long link', () => {
  it.each([typical, long])('gives back settings, result and picture as they were (%#)', (record) => {
    const read = decodeLongLink(encodeLongLink({ ...exhibit, record }));
    expect([read.record, read.result]).toEqual([record, exhibit.result]);
    expect(Buffer.from(read.input).equals(input)).toBe(true);
    expect(read.scores.shape).toEqual([1, 2, 3]);
  });

  it('rounds each score by no more than it says, and keeps signs, zeros and the largest', () => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) });
    const check = (scores: number[]) => {
      const map = float32([1, 1, scores.length], scores);
      const read = decodeLongLink(encodeLongLink({ ...exhibit, scores: map })).scores.data;
      const largest = Math.max(...scores.map(Math.abs));
      scores.forEach((score, i) => {
        expect(Math.abs(read[i] - score)).toBeLessThanOrEqual(largest * ROUNDING * (1 + 1e-6));
        if (Math.abs(score) === largest && score !== 0) expect(read[i]).toBe(score);
        expect(read[i] * score).toBeGreaterThanOrEqual(0);
        if (score === 0) expect(Math.abs(read[i])).toBe(0);
      });
    };
    fc.assert(fc.property(fc.array(finite, { minLength: 1, maxLength: 40 }), check), { numRuns: 500 });
  });

  it('keeps what is not a number, and a map of zeros', () => {
    const read = (...scores: number[]) =>
      Array.from(decodeLongLink(encodeLongLink({ ...exhibit, scores: float32([1, 1, 3], scores) })).scores.data);
    expect(read(NaN, Infinity, 2)).toEqual([NaN, NaN, 2]);
    expect(read(0, 0, 0)).toEqual([0, 0, 0]);
  });

  it('of two images that was made once is still read', () => {
    const { link, method, names, scores } = JSON.parse(readFileSync(join(fixtures, 'b2.json'), 'utf8')) as {
      link: string;
      method: string;
      names: string[];
      scores: number[][];
    };
    const read = decodeLongLink(link);
    expect(read.record.method).toBe(method);
    expect([read.result.inputName, ...read.result.others.map(({ name }) => name)]).toEqual(names);
    const maps = [read.scores, ...read.others.map((other) => other.scores)];
    maps.forEach(({ data }, i) =>
      data.forEach((v, at) => expect(Math.abs(v - scores[i][at])).toBeLessThanOrEqual(8 * ROUNDING)),
    );
    expect(read.others.every((other) => Buffer.from(other.input).equals(input))).toBe(true);
  });

  it('is told from a short one', () => {
    expect([link, encodeLink(typical), '#explain', '#bundle', '%23b1.x'].map(kindOf)).toEqual([
      'b',
      'v',
      null,
      null,
      'b',
    ]);
    expect([link, '#b1', '#b9.x', '#back'].map(isLink)).toEqual([true, true, true, false]);
    expect(faultOf(encodeLink(typical)).fault).toBe('not a link');
  });

  it('is refused while it is made where the map is too large for an address', () => {
    const scores = float32([1, 600, 600], new Float32Array(360_000));
    expect(() => encodeLongLink({ ...exhibit, scores })).toThrow(/600 × 600 positions is too large.*Save a bundle/);
  });
});

describe('a long link of a model of two images', () => {
  it('gives back the picture and the map of each, rounded by no more than it says', () => {
    const read = decodeLongLink(linkOfTwo);
    expect([read.record, read.result]).toEqual([pair, ofTwo.result]);
    expect(read.others).toHaveLength(1);
    expect(Buffer.from(read.others[0].input).equals(input)).toBe(true);
    expect(read.others[0].scores.shape).toEqual([1, 1, 4]);
    read.others[0].scores.data.forEach((score, i) =>
      expect(Math.abs(score - ofTwo.others[0].scores.data[i])).toBeLessThanOrEqual(8 * ROUNDING),
    );
  });

  it('has a version that older pages call newer; one of one image keeps its own', () => {
    expect([link.slice(0, 4), linkOfTwo.slice(0, 4)]).toEqual(['#b1.', '#b2.']);
    const neuron = encodeLongLink({ ...exhibit, record: ofNeuron });
    expect(neuron.slice(0, 4)).toBe('#b3.');
    expect(decodeLongLink(neuron).record).toEqual(ofNeuron);
    const through = encodeLongLink({ ...exhibit, record: throughNeuron });
    expect(through.slice(0, 4)).toBe('#b4.');
    expect(decodeLongLink(through).record).toEqual(throughNeuron);
    const images = encodeLongLink({ ...exhibit, record: againstImages });
    expect(images.slice(0, 4)).toBe('#b5.');
    expect(decodeLongLink(images).record).toEqual(againstImages);
  });

  it('is refused while it is made where they do not fit, with the way out', () => {
    const large = { input, scores: float32([1, 512, 512], new Float32Array(2 ** 18)) };
    const others = Array.from({ length: 4 }, () => large);
    const five = { ...ofTwo, record: { ...pair, others: Array(4).fill(pair.others[0]) }, others };
    expect(() => encodeLongLink(five)).toThrow(
      /^Share: pictures and maps of 5 inputs take \d+ bytes; a link may have 1048576\. Save a bundle/,
    );
  });

  it('is refused where its second part is cut off, too long or not there', () => {
    const whole = content(linkOfTwo);
    const longer = new Uint8Array([...whole, 0]);
    for (const changed of [whole.subarray(0, -1), whole.subarray(0, whole.length - input.length - 4), longer])
      expect(faultOf(seal(KIND, changed)).message).toMatch(/length that it says/);
    const none = encodeLongLink({ ...ofTwo, result: exhibit.result, others: [] });
    expect(faultOf(none).message).toMatch(/name 2 images, its result 1/);
  });

  it('gives an error with a label or an exhibit whatever is damaged, also where the checksum fits', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const check = (changes: [number, number][]) => {
      const changed = content(linkOfTwo);
      changes.forEach(([at, byte]) => (changed[at % changed.length] = byte));
      try {
        const read = decodeLongLink(seal(KIND, changed));
        expect([read.others.length, read.record.others.length]).toEqual([1, 1]);
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
      }
    };
    fc.assert(fc.property(damage, check), { numRuns: 2000 });
  });
});

describe('a damaged long link', () => {
  it('is called truncated wherever it is cut off, and tampered with whichever character is changed', () => {
    for (let at = 3; at < link.length; at += 7) {
      expect([at, faultOf(link.slice(0, at)).fault]).toEqual([at, 'truncated']);
      if (at < 4 || link[at] === '.') continue;
      expect(faultOf(link.slice(0, at) + (link[at] === '7' ? '8' : '7') + link.slice(at + 1)).fault).toBe('tampered');
    }
  });

  it('of a newer format says so', () => {
    const error = faultOf(link.replace('#b1', '#b6'));
    expect([error.fault, error.message]).toEqual(['newer version', expect.stringMatching(/format 6.*up to 5.*Reload/)]);
    const settings = forged((content) => {
      content.set(new TextEncoder().encode('"version":9'), Buffer.from(content).indexOf('"version":2'));
    });
    expect(faultOf(settings).fault).toBe('newer version');
  });

  it.each<[what: string, change: Parameters<typeof forged>[0], sentence: RegExp]>([
    ['nothing in it', () => new Uint8Array(), /no beginning/],
    ['another length', (c) => c.subarray(0, c.length - 1), /length that it says/],
    ['settings as long as a book', (_, head) => head.setUint32(0, 2 ** 32 - 1), /length that it says/],
    ['no map', (_, head) => head.setUint16(8, 0), /length that it says/],
    ['an endless score', (_, head) => head.setFloat32(12, Infinity), /largest score is Infinity/],
    ['no picture', (c) => void c.fill(0, Buffer.from(c).indexOf(Buffer.from(input)), c.length - 6), /no JPEG/],
    [
      'a picture as large as a wall',
      (c, head) => head.setUint16(Buffer.from(c).indexOf(Buffer.of(0xff, 0xc0)) + 5, 60_000),
      /12 × 60000 pixels, not 12 × 8/,
    ],
    ['settings that are none', (c) => void c.fill(32, 16, 30), /cannot be unfolded/],
  ])('with %s and a checksum that fits is refused', (_, change, sentence) => {
    const error = faultOf(forged(change));
    expect([error.fault, error.message]).toEqual(['tampered', expect.stringMatching(sentence)]);
  });

  it('that would unfold to a thousand times its size is refused before it does', () => {
    const bomb = seal(KIND, new Uint8Array(50_000_000));
    expect(faultOf(bomb).message).toContain('more than 1048576 bytes');
    expect(faultOf(`#b1.${'A'.repeat(1_000_001)}`).message).toContain('more than the 1000000');
  });

  it('gives the exhibit or an error with a label, whatever was done to it', () => {
    const shown = decodeLongLink(link);
    const mutation = fc.record({
      at: fc.nat(link.length - 1),
      remove: fc.nat(40),
      insert: fc.oneof(fc.string({ maxLength: 20, unit: 'binary' }), fc.base64String({ maxLength: 20 })),
    });
    let errors = 0;
    const check = ({ at, remove, insert }: { at: number; remove: number; insert: string }) => {
      let read: Exhibit;
      try {
        read = decodeLongLink(link.slice(0, at) + insert + link.slice(at + remove));
      } catch (error) {
        errors++;
        expect(error).toBeInstanceOf(LinkError);
        expect((error as LinkError).message.length).toBeGreaterThan(40);
        return;
      }
      expect(read).toEqual(shown);
    };
    fc.assert(fc.property(mutation, check), { numRuns: 2000 });
    expect(errors).toBeGreaterThan(1000);
  });

  it('gives an error with a label or an exhibit also where the checksum fits', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const check = (changes: [number, number][]) => {
      const text = forged((content) => changes.forEach(([at, byte]) => (content[at % content.length] = byte)));
      try {
        expect(decodeLongLink(text).scores.data).toHaveLength(6);
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
      }
    };
    fc.assert(fc.property(damage, check), { numRuns: 2000 });
  });
});

describe('a long link that was made once', () => {
  it.each(['b1.json', 'b3.json', 'b4.json', 'b5.json'])('is still read as it was written: %s', (name) => {
    const { link, record, scores } = JSON.parse(readFileSync(join(fixtures, name), 'utf8')) as {
      link: string;
      record: object;
      scores: number[];
    };
    const read = decodeLongLink(link);
    expect(read.record).toEqual({
      others: [],
      neuron: null,
      through: null,
      place: null,
      ...record,
      device: read.record.device,
    });
    expect(read.record.device.runtime).toBe('onnxruntime-web');
    expect(Array.from(read.scores.data)).toEqual(scores);
    expect(Buffer.from(read.input).equals(input)).toBe(true);
  });
});
