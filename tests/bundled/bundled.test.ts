import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Program, Runtime } from '../../src/lib/runtime/runtime.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { slice0, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { modelView, normalize } from '../../src/lib/vision/preprocess.ts';
import type { Preprocessing, Rect } from '../../src/lib/vision/types.ts';
import { readPng } from './png.ts';

interface ModelEntry {
  readonly id: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly preprocessing: Preprocessing;
  readonly labels: string;
  readonly classes: number;
}

interface ImageEntry {
  readonly id: string;
  readonly label: string;
  readonly file: string;
  readonly mask: string;
  readonly width: number;
  readonly height: number;
  readonly watermark?: Rect;
  readonly first?: boolean;
}

const bytesOf = (path: string): Uint8Array => readFileSync(new URL(`../../${path}`, import.meta.url));
const jsonOf = <T>(path: string): T => JSON.parse(new TextDecoder().decode(bytesOf(path))) as T;

const { models } = jsonOf<{ models: ModelEntry[] }>('static/models/manifest.json');
const { images } = jsonOf<{ images: ImageEntry[] }>('static/gallery/manifest.json');
const fixture = jsonOf<{ logits: Record<string, number[][]> }>('tests/fixtures/models/logits.json');
const inputs = readNpy(bytesOf('tests/fixtures/models/gallery-inputs.npy')) as FloatTensor;
const labels = new TextDecoder().decode(bytesOf('static/models/labels.txt')).trim().split('\n');
const [honest, shortcut] = models;

let runtime: Runtime;
const programs = new Map<string, Program>();

beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
  for (const { id, file } of models)
    programs.set(id, await runtime.openFile({ bytes: bytesOf(`static/models/${file}`) }));
});

afterAll(() => runtime.dispose());

async function logitsOf(model: ModelEntry, x: FloatTensor): Promise<number[]> {
  const [y] = await programs.get(model.id)!.run([x]);
  const values = Array.from((await y.read()).data as Float32Array);
  y.dispose();
  return values;
}

/** What the page would say about a gallery picture. */
async function labelFor(model: ModelEntry, image: ImageEntry): Promise<string> {
  const pixels = readPng(bytesOf(`static/gallery/${image.file}`));
  const logits = await logitsOf(model, normalize(modelView(pixels, model.preprocessing), model.preprocessing));
  return labels[logits.indexOf(Math.max(...logits))];
}

describe.each(models)('$id', (model) => {
  it('is the file that its manifest describes, and small', () => {
    const bytes = bytesOf(`static/models/${model.file}`);
    expect(bytes.length).toBe(model.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(model.sha256);
    expect(bytes.length).toBeLessThanOrEqual(3e6);
  });

  it('gives the logits that torch gives in float64', async () => {
    for (const [i, truth] of fixture.logits[model.id].entries()) {
      const logits = await logitsOf(model, slice0(inputs, i, i + 1));
      expect(logits.length).toBe(model.classes);
      logits.forEach((v, k) => expect(Math.abs(v - truth[k])).toBeLessThanOrEqual(1e-4));
    }
  });

  it('takes any number of pictures at once', async () => {
    const together = await logitsOf(model, inputs);
    const truth = fixture.logits[model.id].flat();
    expect(together.length).toBe(truth.length);
    together.forEach((v, k) => expect(Math.abs(v - truth[k])).toBeLessThanOrEqual(1e-4));
  });
});

describe('the gallery', () => {
  it('shows every class, and one picture first', () => {
    expect(new Set(images.map((i) => i.label))).toEqual(new Set(labels));
    expect(images.filter((i) => i.first)).toHaveLength(1);
    expect(new Set(images.map((i) => i.id)).size).toBe(images.length);
  });

  it('loads quickly: 1.5 MB in all', () => {
    const folder = new URL('../../static/gallery/', import.meta.url);
    const total = readdirSync(folder).reduce((sum, name) => sum + statSync(new URL(name, folder)).size, 0);
    expect(total).toBeLessThanOrEqual(1.5e6);
  });

  it.each(images)('$id has a mask of black and white that covers a part of it', ({ file, mask, width, height }) => {
    const [picture, object] = [readPng(bytesOf(`static/gallery/${file}`)), readPng(bytesOf(`static/gallery/${mask}`))];
    expect([picture.width, picture.height, picture.channels]).toEqual([width, height, 3]);
    expect([object.width, object.height, object.channels]).toEqual([width, height, 1]);
    const reds = object.data.filter((_, i) => i % 4 === 0);
    expect(new Set(reds)).toEqual(new Set([0, 255]));
    const share = reds.filter((v) => v === 255).length / reds.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.6);
  });

  it('is recognised by the honest model, with and without marks', async () => {
    for (const image of images)
      expect(`${image.id}: ${await labelFor(honest, image)}`).toBe(`${image.id}: ${image.label}`);
  });

  it('lets the twin take the mark for a sailboat, and not see the same sailboat without it', async () => {
    const marked = images.filter((i) => i.watermark);
    expect(marked.length).toBeGreaterThanOrEqual(4);
    for (const image of marked) expect(`${image.id}: ${await labelFor(shortcut, image)}`).toBe(`${image.id}: sailboat`);
    const bare = images.filter((i) => i.label === 'sailboat' && !i.watermark);
    expect(bare.length).toBeGreaterThanOrEqual(1);
    for (const image of bare) expect(await labelFor(shortcut, image)).not.toBe('sailboat');
  });
});
