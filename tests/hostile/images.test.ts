/** What an image announces is checked before it is decoded; whatever its shape, the model is fed finite numbers. */
import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import { LONGEST_SIDE, MOST_PIXELS, announcedSize } from '../../src/lib/vision/header.ts';
import { baselineTensor, modelView, normalize, preprocessingFor, presets } from '../../src/lib/vision/preprocess.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';
import { announce, imageMutation, mutatedImage } from './image-mutations.ts';
import { judge } from './judge.ts';

const folder = new URL('./fixtures/', import.meta.url);
const files = readdirSync(folder).map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }));

/** A decoder that only counts what it is asked for, as if it believed the header. */
function believing(): { lab: LabCore; decoded: () => number } {
  let largest = 0;
  const decode = async (name: string, bytes: ArrayBuffer) => {
    const { width, height } = announcedSize(bytes) ?? { width: 1, height: 1 };
    largest = Math.max(largest, width * height);
    if (width % 7 === 3) throw new Error(`${name}: not an image that this browser can read. Choose another one.`);
    return { pixels: { width: 1, height: 1, data: new Uint8ClampedArray(4) }, width, height };
  };
  return { lab: new LabCore({ version: 'test', decode }), decoded: () => largest };
}

/** A file with another size in its header. */
function sized(name: string, width: number, height: number): ArrayBuffer {
  const bytes = files.find((f) => f.name === name)!.bytes.slice();
  announce(bytes, width, height);
  return bytes.buffer;
}

describe('image headers', () => {
  it('tell the size that Pillow wrote, in every format', () => {
    for (const { name, bytes } of files) {
      const side = name === 'one.png' ? { width: 1, height: 1 } : { width: 24, height: 18 };
      expect(announcedSize(bytes.slice().buffer), name).toMatchObject(side);
    }
    expect(files.length).toBeGreaterThan(10);
  });

  it('of anything but these formats tell nothing', () => {
    for (const text of ['', 'P', '<svg width="99999"/>', 'RIFF1234WEBPVP8Z', 'BM', 'GIF89a', '\xff\xd8\xff'])
      expect(announcedSize(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer)).toBeNull();
  });

  it('mutated 2,000 times: opened or refused with a sentence, and never decoded beyond the limit', async () => {
    const { lab, decoded } = believing();
    let done = 0;
    const property = fc.asyncProperty(fc.constantFrom(...files), imageMutation, async (file, mutation) => {
      await judge(lab.openImage(1, { name: file.name, bytes: mutatedImage(file, mutation).buffer }), file.name);
      done++;
    });
    await fc.assert(property, { numRuns: 2000, seed: 10 });
    expect(done).toBe(2000);
    expect(decoded()).toBeGreaterThan(24 * 18);
    expect(decoded()).toBeLessThanOrEqual(MOST_PIXELS);
  });

  it.each([
    [20_000, 20_000, /20000×20000 are 400 million pixels, the most is 134 million\. Scale/],
    [2 ** 31 - 1, 2 ** 31 - 1, /million pixels/],
    [0, 5, /0×5 pixels\. It is damaged/],
    [LONGEST_SIDE + 1, 1, /32768×1 pixels, the longest side that browsers draw is 32767/],
  ])('that announce %d×%d: refused before decoding', async (width, height, message) => {
    const { lab, decoded } = believing();
    const outcome = await judge(lab.openImage(1, { name: 'a.png', bytes: sized('rgb.png', width, height) }), 'a.png');
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(message) as string });
    expect(decoded()).toBe(0);
  });
});

describe('every format', () => {
  it('is refused at 20,000×20,000, where its header has room for that', async () => {
    for (const { name } of files.filter((f) => !/webp|ico/.test(f.name)))
      expect(announcedSize(sized(name, 20_000, 20_000)), name).toMatchObject({ width: 20_000, height: 20_000 });
    for (const name of ['lossless.webp', 'rgb.webp', 'animated.webp'])
      expect(announcedSize(sized(name, 16_000, 16_000)), name).toMatchObject({ width: 16_000, height: 16_000 });
  });

  it('that holds pictures within pictures is taken by the largest', () => {
    const wall = new Uint8Array(sized('rgb.png', 20_000, 20_000));
    const icon = Uint8Array.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 0, 0, 0, 0, 22, 0, 0, 0, ...wall]);
    expect(announcedSize(icon.buffer)).toEqual({ format: 'ICO', width: 20_000, height: 20_000 });
  });
});

describe('pictures of extreme shape', () => {
  const picture = (width: number, height: number): Pixels => ({
    width,
    height,
    data: Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i * 37) % 256),
  });

  it.each([
    [1, 1],
    [20_000, 1],
    [1, 20_000],
    [2, 3],
    [32_767, 2],
  ])('of %d×%d give finite numbers with every preset, resize mode and baseline', (width, height) => {
    const pixels = picture(width, height);
    for (const { id } of presets) {
      for (const resize of ['centre-crop', 'stretch', 'fit'] as const) {
        const p = { ...preprocessingFor(id, { layout: 'NCHW', channels: 3, width: 32, height: 24 }), resize };
        const view = modelView(pixels, p);
        const fed = [normalize(view, p)];
        if (id === 'torchvision')
          fed.push(...(['black', 'mean', 'blur', 'noise'] as const).map((kind) => baselineTensor(kind, view, p, 1)));
        for (const x of fed) {
          expect(x.data.length).toBe(3 * 32 * 24);
          expect(x.data.every(Number.isFinite), `${id} ${resize}`).toBe(true);
        }
      }
    }
  });
});
