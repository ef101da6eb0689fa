/** The browser's own decoders, in the worker where the page decodes: every damaged image is pixels or a sentence. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_PIXELS } from '../../src/lib/vision/header.ts';
import { LabClient } from '../../src/lib/worker/client.ts';
import {
  type ImageFile,
  type ImageMutation,
  announce,
  imageMutation,
  mutatedImage,
} from '../hostile/image-mutations.ts';

const urls = import.meta.glob<string>('../hostile/fixtures/*', { query: '?url', import: 'default', eager: true });
const nameOf = (path: string): string => path.split('/').at(-1)!;

/** What an image that is refused is told, after its name. */
const SENTENCE = new RegExp(
  [
    'the file is empty\\. Choose',
    'not an image that this browser can read\\. Choose a PNG',
    'the file says that it is \\d+×\\d+ pixels\\. It is damaged: save it again\\.$',
    '\\d+×\\d+ are \\d+ million pixels, the most is 134 million\\. Scale',
    '\\d+×\\d+ pixels, the longest side that browsers draw is 32767\\. Scale',
    '\\d+×\\d+ pixels do not fit in this browser’s memory\\. Choose',
  ].join('|'),
);

describe('images, decoded by the browser in the worker', { timeout: 120_000 }, () => {
  const files: ImageFile[] = [];
  let client: LabClient;
  let workers = 0;

  beforeAll(async () => {
    for (const [path, url] of Object.entries(urls))
      files.push({ name: nameOf(path), bytes: new Uint8Array(await (await fetch(url)).arrayBuffer()) });
    client = new LabClient(new URL('/ort/', location.href).href, () => {
      workers++;
      return new Worker(new URL('../../src/lib/worker/lab.worker.ts', import.meta.url), { type: 'module' });
    });
    expect((await client.start('wasm')).ok).toBe(true);
  });
  afterAll(() => client.dispose());

  /** What came of it: `24×18`, or the sentence. */
  async function open(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const outcome = await client.openImage({ name, bytes: bytes.slice().buffer });
    if (!outcome.ok) return outcome.message;
    const { id, width, height } = outcome.value;
    await client.closeImage(id);
    expect(width * height).toBeLessThanOrEqual(MOST_PIXELS);
    return `${width}×${height}`;
  }

  it('whole, of every format: the size that Pillow wrote', async () => {
    for (const { name, bytes } of files)
      expect(await open(name, bytes), name).toBe(name === 'one.png' ? '1×1' : '24×18');
    expect(files.length).toBeGreaterThanOrEqual(16);
  });

  it('damaged 2,000 times, in what they announce and in their bytes: an image or a sentence, by the same worker', async () => {
    const seen = { opened: 0, refused: 0 };
    const check = async ({ file, mutation }: { file: ImageFile; mutation: ImageMutation }) => {
      const said = await open(file.name, mutatedImage(file, mutation));
      if (/^\d+×\d+$/.test(said)) seen.opened++;
      else {
        seen.refused++;
        expect(said.slice(0, file.name.length + 2)).toBe(`${file.name}: `);
        expect(said.slice(file.name.length + 2)).toMatch(SENTENCE);
      }
    };
    // Ten at once: decoders work beside each other. A decoder that hangs ends the wait, with the seed.
    const ten = fc.array(fc.record({ file: fc.constantFrom(...files), mutation: imageMutation }), {
      minLength: 10,
      maxLength: 10,
      size: 'max',
    });
    const property = fc.asyncProperty(ten, (cases) => Promise.all(cases.map(check)).then(() => undefined));
    await fc.assert(property, { numRuns: 200, seed: 21, timeout: 30_000 });
    expect(seen.opened + seen.refused).toBe(2000);
    expect(Math.min(seen.opened, seen.refused)).toBeGreaterThan(200);
    expect(workers).toBe(1);
  });

  it('of 20,000×20,000 in every format: refused before a decoder sees them', async () => {
    for (const file of files) {
      const bytes = file.bytes.slice();
      announce(bytes, 20_000, 20_000);
      // The fields of WebP hold 14 bits, those of an icon 8.
      const said = await open(file.name, bytes);
      if (!/webp|ico/.test(file.name)) expect(said).toMatch(/20000×20000 are 400 million pixels/);
      else expect(said, said).toMatch(/^\d+×\d+$|: /);
    }
  });

  it('as large as is allowed: pixels or a sentence, and the next image opens', async () => {
    const wall = files.find(({ name }) => name === 'rgb.png')!.bytes.slice();
    announce(wall, 11_000, 11_000);
    expect(await open('wall.png', wall)).toMatch(/^(11000×11000$|wall\.png: )/);
    expect(await open('after.png', files.find(({ name }) => name === 'rgb.png')!.bytes)).toBe('24×18');
  });

  it('of formats that are none: a sentence', async () => {
    for (const text of [
      '',
      'P',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
      '%PDF-1.7',
      '\0'.repeat(99),
    ]) {
      const said = await open('drawing.svg', new TextEncoder().encode(text));
      expect(said).toMatch(/^drawing\.svg: (the file is empty|not an image that this browser can read)/);
    }
  });
});
