import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { colourMap } from '../../src/lib/render/colour-maps.ts';
import { openStudio } from '../../src/lib/render/client.ts';
import type { HeatmapData } from '../../src/lib/render/heatmap-layer.ts';
import type { ImageLayerData } from '../../src/lib/render/image-layer.ts';
import { pack, unpack } from '../../src/lib/render/parts.ts';
import { type Picture, whole } from '../../src/lib/render/picture.ts';
import type { Stage } from '../../src/lib/render/stage.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

const SCORES = [-4, -1, 0, 1, 2, 8];
const WIDTH = SCORES.length;
const tide = colourMap('tide');

const heatmap = (change: Partial<HeatmapData> = {}): HeatmapData => ({
  map: float32([1, WIDTH], SCORES),
  area: { x: 0, y: 0, width: WIDTH, height: 1 },
  colours: tide,
  limit: 4,
  opacity: 1,
  sign: 'all',
  smooth: false,
  fade: false,
  ...change,
});

const size = { width: WIDTH, height: 1 };
const viewport = { scale: 1, x: 0, y: 0 };
let blank: ImageBitmap;
let canvas: HTMLCanvasElement;
let stage: Stage;

const photographed = (change: Partial<ImageLayerData> = {}): ImageLayerData => ({
  image: blank,
  size,
  seen: { x: 0, y: 0, ...size },
  saturation: 1,
  strength: 0,
  outside: 1,
  smooth: false,
  ...change,
});

const picture = (heatmap: HeatmapData | null, image = photographed()) => whole({ image, heatmap, viewport }, size, 1);

beforeEach(async () => {
  blank = await createImageBitmap(new ImageData(WIDTH, 1));
  canvas = document.createElement('canvas');
  document.body.append(canvas);
  stage = (await openStudio()).stage(canvas);
});

afterEach(() => {
  stage.destroy();
  canvas.remove();
});

/** RGBA of each pixel of the row that stands on a canvas, or of a picture. */
function pixelsOf(source: HTMLCanvasElement | ImageBitmap): number[][] {
  const context = new OffscreenCanvas(WIDTH, 1).getContext('2d')!;
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, WIDTH, 1);
  return Array.from({ length: WIDTH }, (_, i) => [...data.slice(4 * i, 4 * i + 4)]);
}

async function drawn(wanted: Picture): Promise<number[][]> {
  expect(await stage.draw(wanted)).toBe(true);
  return pixelsOf(canvas);
}

async function heat(change: Partial<HeatmapData> = {}): Promise<number[][]> {
  return drawn(picture(heatmap(change)));
}

/** The colour of t in −1…1 by plain arithmetic, between the two nearest entries. */
function colourOf(t: number, map = tide): number[] {
  const place = (map.kind === 'diverging' ? 0.5 + 0.5 * t : Math.abs(t)) * 255;
  const [low, share] = [Math.min(254, Math.floor(place)), place - Math.min(254, Math.floor(place))];
  const entry = (i: number, c: number) => map.colours[4 * i + c];
  return [0, 1, 2].map((c) => entry(low, c) * (1 - share) + entry(low + 1, c) * share);
}

function expectColours(pixels: number[][], ts: number[], map = tide): void {
  ts.forEach((t, i) => {
    colourOf(t, map).forEach((value, c) => expect(Math.abs(pixels[i][c] - value)).toBeLessThanOrEqual(3));
  });
}

describe('the heatmap on the stage', () => {
  it('gives each score the colour of its share of the limit, and clips beyond it', async () => {
    expectColours(await heat(), [-1, -0.25, 0, 0.25, 0.5, 1]);
  });

  it('filters by sign', async () => {
    expectColours(await heat({ sign: 'positive' }), [0, 0, 0, 0.25, 0.5, 1]);
    expectColours(await heat({ sign: 'negative' }), [-1, -0.25, 0, 0, 0, 0]);
    expectColours(
      await heat({ sign: 'absolute', colours: colourMap('ember') }),
      [1, 0.25, 0, 0.25, 0.5, 1],
      colourMap('ember'),
    );
  });

  it('has its colour map by name, of which the worker paints the colours', () => {
    const packed = pack(picture(heatmap({ colours: colourMap('ember') })), () => 7);
    expect(JSON.stringify(packed)).toContain('"colours":{"colourMap":"ember"}');
    expect(unpack(packed, () => blank).strips[0].heatmap!.colours).toBe(colourMap('ember'));
  });

  it('interpolates between scores when smooth, and not otherwise', async () => {
    const area = { x: 0, y: 0, width: 2 * WIDTH, height: 1 };
    expectColours(await heat({ area }), [-1, -1, -0.25, -0.25, 0, 0]);
    // Pixel centres lie a quarter before and behind the scores' own centres.
    const between = [-4, -3.25, -1.75, -0.75, -0.25, 0.25].map((v) => v / 4);
    expectColours(await heat({ area, smooth: true }), between);
  });

  it('lets the picture through by opacity, and weak scores by fading', async () => {
    const alpha = async (change: Partial<HeatmapData>) => (await heat(change)).map((pixel) => pixel[3] / 255);
    for (const a of await alpha({ opacity: 0.4 })) expect(a).toBeCloseTo(0.4, 2);
    const faded = await alpha({ fade: true });
    [1, 0.25, 0, 0.25, 0.5, 1].forEach((a, i) => expect(faded[i]).toBeCloseTo(a, 2));
  });

  it('draws what is not a number as zero, and an all-zero map as zero', async () => {
    expectColours(await heat({ map: float32([1, WIDTH], [NaN, Infinity, 0, 1, 2, 8]) }), [0, 0, 0, 0.25, 0.5, 1]);
    expectColours(await heat({ map: float32([1, WIDTH], new Float32Array(WIDTH)), limit: 0 }), [0, 0, 0, 0, 0, 0]);
  });

  it('is gone when there is no result', async () => {
    await heat();
    expect((await drawn(picture(null))).every((pixel) => pixel[3] === 0)).toBe(true);
  });
});

describe('the photograph on the stage', () => {
  it('is dimmed outside of what the model sees, and grey when asked', async () => {
    const image = await createImageBitmap(
      new ImageData(new Uint8ClampedArray(Array(WIDTH).fill([200, 40, 80, 255]).flat()), WIDTH, 1),
    );
    const seen = { x: 0, y: 0, width: 3, height: 1 };
    let pixels = await drawn(picture(null, photographed({ image, seen, strength: 1, outside: 0.5 })));
    [200, 40, 80, 255].forEach((value, c) => expect(Math.abs(pixels[0][c] - value)).toBeLessThanOrEqual(2));
    expect(pixels[5][3]).toBeCloseTo(128, -1);
    pixels = await drawn(picture(null, photographed({ image, seen, strength: 1, saturation: 0 })));
    expect(Math.max(...pixels[0].slice(0, 3)) - Math.min(...pixels[0].slice(0, 3))).toBeLessThanOrEqual(1);
  });
});

describe('what stands on a canvas', () => {
  it('is the newest picture: one that a newer one overtakes is not drawn', async () => {
    const shown = await Promise.all([0.2, 0.4, 0.6].map((opacity) => stage.draw(picture(heatmap({ opacity })))));
    // The first is on its way to the worker when the others are asked for.
    expect(shown).toEqual([true, false, true]);
    for (const pixel of pixelsOf(canvas)) expect(pixel[3] / 255).toBeCloseTo(0.6, 2);
  });

  it('is also what its PNG shows', async () => {
    const pixels = await heat({ opacity: 0.4 });
    expect(pixelsOf(await createImageBitmap(await stage.snapshot()))).toEqual(pixels);
  });

  it('keeps its photograph and its scores on the page, for other canvases too', async () => {
    const studio = await openStudio();
    const other = studio.stage(document.createElement('canvas'));
    const scores = heatmap();
    await Promise.all([stage.draw(picture(scores)), other.draw(picture(scores))]);
    other.destroy();
    expectColours(await drawn(picture({ ...scores, limit: 8 })), [-0.5, -0.125, 0, 0.125, 0.25, 1]);
    stage.destroy();
    stage = studio.stage(canvas);
    expect([blank.width, scores.map.data.length]).toEqual([WIDTH, WIDTH]);
    expectColours(await drawn(picture(scores)), [-1, -0.25, 0, 0.25, 0.5, 1]);
  });

  it('may be destroyed while it is drawn', async () => {
    const late = stage.draw(picture(heatmap()));
    stage.destroy();
    expect(await late).toBe(false);
    stage = (await openStudio()).stage(canvas);
    expectColours(await heat(), [-1, -0.25, 0, 0.25, 0.5, 1]);
  });
});
