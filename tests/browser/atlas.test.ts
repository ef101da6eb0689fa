import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Atlas, type AtlasData, createAtlas } from '../../src/lib/render/atlas.ts';
import { cellOf, layoutOf, valueRect, valuesOf } from '../../src/lib/render/atlas-layout.ts';
import { colourMap } from '../../src/lib/render/colour-maps.ts';

const tide = colourMap('tide');
const ember = colourMap('ember');
const shape = { count: 6, height: 2, width: 3, prefix: 0 };
/** Channel c holds values that no other has. */
const values = Float32Array.from({ length: 36 }, (_, i) => ((i * 7) % 36) / 18 - 1);

function data(change: Partial<AtlasData> = {}): AtlasData {
  const full = { values, shape, order: [0, 1, 2, 3, 4, 5], colours: tide, ...change };
  return {
    ...full,
    layout: change.layout ?? layoutOf(full.shape, 40, 12),
    limits: change.limits ?? Float32Array.from({ length: 2 * full.shape.count }, (_, i) => (i % 2 ? 1 : -1)),
  };
}

let canvas: HTMLCanvasElement;
let atlas: Atlas;

beforeEach(async () => {
  canvas = document.createElement('canvas');
  atlas = await createAtlas(canvas);
});

afterEach(() => atlas.destroy());

async function pixelsOf(wanted: AtlasData): Promise<(x: number, y: number) => number[]> {
  const image = await createImageBitmap(await atlas.picture(wanted));
  expect([image.width, image.height]).toEqual([wanted.layout.width, wanted.layout.height]);
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
  context.drawImage(image, 0, 0);
  return (x, y) => [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data];
}

/** The colour of place 0…1 by plain arithmetic. */
function colourOf(place: number, map = tide): number[] {
  const at = Math.min(1, Math.max(0, place)) * 255;
  const [low, share] = [Math.min(254, Math.floor(at)), at - Math.min(254, Math.floor(at))];
  return [0, 1, 2].map((c) => map.colours[4 * low + c] * (1 - share) + map.colours[4 * (low + 1) + c] * share);
}

/** Every value of every channel has its own colour at the place that the layout names. */
async function expectDrawn(wanted: AtlasData): Promise<void> {
  const pixel = await pixelsOf(wanted);
  const size = valuesOf(wanted.shape);
  for (let rank = 0; rank < wanted.order.length; rank++) {
    const channel = wanted.order[rank];
    const [low, high] = wanted.limits.subarray(2 * channel, 2 * channel + 2);
    for (let element = 0; element < size; element++) {
      const { x, y, width, height } = valueRect(wanted.layout, wanted.shape, { rank, element });
      const expected = colourOf((wanted.values[channel * size + element] - low) / (high - low), wanted.colours);
      const found = pixel(x + width / 2, y + height / 2);
      expected.forEach((level, c) => expect(Math.abs(found[c] - level)).toBeLessThanOrEqual(3));
      expect(found[3]).toBe(255);
    }
  }
}

describe('the atlas of feature maps', () => {
  it('draws each value of each channel in its colour at its place', () => expectDrawn(data()));

  it('draws the same values elsewhere when the order changes', async () => {
    await expectDrawn(data());
    await expectDrawn(data({ order: [4, 0, 5, 3, 1, 2] }));
  });

  it('gives each channel its own scale, with one direction of colours too', async () => {
    const limits = Float32Array.from([-1, 1, -0.5, 0.5, 0, 1, -1, 0, -0.25, 0.75, 0.1, 0.2]);
    await expectDrawn(data({ limits }));
    await expectDrawn(data({ limits, colours: ember, order: [5, 4, 3, 2, 1, 0] }));
  });

  it('draws tokens before the grid as squares below each map', () =>
    expectDrawn(
      data({
        shape: { count: 5, height: 2, width: 2, prefix: 3 },
        values: values.slice(0, 35),
        order: [3, 1, 0, 2, 4],
      }),
    ));

  it('leaves gaps and what is behind the last channel transparent', async () => {
    const wanted = data({ shape: { ...shape, count: 5 }, values: values.slice(0, 30), order: [0, 1, 2, 3, 4] });
    const pixel = await pixelsOf(wanted);
    const { x, y, width, height } = cellOf(wanted.layout, 0);
    expect(pixel(x + width + 1, y)[3]).toBe(0);
    expect(pixel(x, y + height + 1)[3]).toBe(0);
    expect(wanted.layout.columns).toBe(2);
    expect(pixel(wanted.layout.width - 2, wanted.layout.height - 2)[3]).toBe(0);
  });

  it('wraps values into rows of the texture: the last of two million has its colour', async () => {
    const large = { count: 2048, height: 31, width: 33, prefix: 0 };
    const many = new Float32Array(2048 * 31 * 33).fill(-1);
    many[many.length - 1] = 1;
    many[1000 * 31 * 33] = 0.5;
    const order = Uint32Array.from({ length: 2048 }, (_, i) => i);
    const wanted = data({ shape: large, values: many, order, layout: layoutOf(large, 46 * 36, 33) });
    const pixel = await pixelsOf(wanted);
    for (const [rank, element, value] of [
      [2047, 31 * 33 - 1, 1],
      [2047, 31 * 33 - 2, -1],
      [1000, 0, 0.5],
      [999, 31 * 33 - 1, -1],
    ]) {
      const { x, y } = valueRect(wanted.layout, large, { rank, element });
      colourOf(0.5 + value / 2).forEach((level, c) =>
        expect(Math.abs(pixel(x + 0.5, y + 0.5)[c] - level)).toBeLessThanOrEqual(3),
      );
    }
  });

  it('marks what is not a number, and gives a channel without a span the colour of zero or of the least', async () => {
    const strange = values.slice();
    strange[0] = NaN;
    strange[1] = Infinity;
    const limits = new Float32Array(12);
    for (const [colours, place] of [
      [tide, 0.5],
      [ember, 0],
    ] as const) {
      const wanted = data({ values: strange, limits, colours });
      const pixel = await pixelsOf(wanted);
      expect(pixel(1, 1)).toEqual([237, 41, 158, 255]);
      expect(pixel(5, 1)).toEqual([237, 41, 158, 255]);
      colourOf(place, colours).forEach((level, c) => expect(Math.abs(pixel(9, 1)[c] - level)).toBeLessThanOrEqual(3));
    }
  });

  it('draws the mean of values that share a pixel', async () => {
    const fine = { count: 1, height: 2, width: 2, prefix: 0 };
    const wanted = data({
      shape: fine,
      values: Float32Array.from([-1, 1, 1, 1]),
      order: [0],
      layout: layoutOf(fine, 1, 1),
    });
    const pixel = await pixelsOf(wanted);
    colourOf(0.75).forEach((level, c) => expect(Math.abs(pixel(0, 0)[c] - level)).toBeLessThanOrEqual(3));
  });

  it('puts the part in sight on another canvas, whatever was on it and however it scrolls', async () => {
    const wanted = data({ layout: layoutOf(shape, 26, 12) });
    const whole = await pixelsOf(wanted);
    const canvas = document.createElement('canvas');
    atlas.layer.update(wanted);
    for (const at of [
      { x: 0, y: 0 },
      { x: -4, y: 7 },
      { x: 3, y: 14 },
    ]) {
      const size = { width: 20, height: 12 };
      atlas.resize(size, 1);
      atlas.drawOn(canvas, at);
      expect([canvas.width, canvas.height]).toEqual([20, 12]);
      const { data: seen } = canvas.getContext('2d')!.getImageData(0, 0, 20, 12);
      for (let y = 0; y < 12; y++)
        for (let x = 0; x < 20; x++) {
          const [u, v] = [x + at.x, y + at.y];
          const outside = u < 0 || v < 0 || u >= wanted.layout.width || v >= wanted.layout.height;
          expect([...seen.slice(4 * (20 * y + x), 4 * (20 * y + x) + 4)]).toEqual(outside ? [0, 0, 0, 0] : whole(u, v));
        }
    }
  });

  it('replaces a layer by another of another shape', async () => {
    await expectDrawn(data());
    await expectDrawn(
      data({ shape: { count: 2, height: 3, width: 3, prefix: 0 }, values: values.slice(18), order: [1, 0] }),
    );
  });

  it('is drawn again on the page’s canvas, unasked, when the browser gives its context back', async () => {
    const wanted = data();
    const shown = document.createElement('canvas');
    const seen = () => [...shown.getContext('2d')!.getImageData(0, 0, shown.width, shown.height).data];
    atlas.resize(wanted.layout, 1);
    atlas.layer.update(wanted);
    atlas.drawOn(shown, { x: 0, y: 0 });
    const before = seen();
    expect(before.some((byte) => byte > 0)).toBe(true);
    const context = canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!;
    const lost = new Promise((tell) => canvas.addEventListener('webglcontextlost', tell, { once: true }));
    context.loseContext();
    await lost;
    atlas.drawOn(shown, { x: 0, y: 0 });
    expect(seen().every((byte) => byte === 0)).toBe(true);
    // The atlas has listened before and has drawn when this is told.
    const restored = new Promise<number[]>((tell) =>
      canvas.addEventListener('webglcontextrestored', () => tell(seen()), { once: true }),
    );
    // Not yet within the event, by which the context becomes one that may come back.
    setTimeout(() => context.restoreContext());
    expect(await restored).toEqual(before);
  });
});
