import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { colourMap } from '../../src/lib/render/colour-maps.ts';
import type { HeatmapData } from '../../src/lib/render/heatmap-layer.ts';
import { createStage, type Stage } from '../../src/lib/render/stage.ts';
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

let stage: Stage;

beforeEach(async () => {
  const canvas = document.createElement('canvas');
  document.body.append(canvas);
  stage = await createStage(canvas);
  stage.resize({ width: WIDTH, height: 1 }, 1);
  stage.look({ scale: 1, x: 0, y: 0 });
});

afterEach(() => stage.destroy());

/** RGBA of each pixel of the stage's only row. */
async function drawn(): Promise<number[][]> {
  const image = await createImageBitmap(await stage.snapshot());
  const context = new OffscreenCanvas(WIDTH, 1).getContext('2d')!;
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, WIDTH, 1);
  return Array.from({ length: WIDTH }, (_, i) => [...data.slice(4 * i, 4 * i + 4)]);
}

async function heat(change: Partial<HeatmapData> = {}): Promise<number[][]> {
  stage.heatmap.update(heatmap(change));
  return drawn();
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
    stage.heatmap.update(null);
    expect((await drawn()).every((pixel) => pixel[3] === 0)).toBe(true);
  });
});

describe('the photograph on the stage', () => {
  it('is dimmed outside of what the model sees, and grey when asked', async () => {
    const image = await createImageBitmap(
      new ImageData(new Uint8ClampedArray(Array(WIDTH).fill([200, 40, 80, 255]).flat()), WIDTH, 1),
    );
    const data = { image, size: { width: WIDTH, height: 1 }, seen: { x: 0, y: 0, width: 3, height: 1 } };
    stage.image.update({ ...data, saturation: 1, strength: 1, outside: 0.5, smooth: false });
    let pixels = await drawn();
    [200, 40, 80, 255].forEach((value, c) => expect(Math.abs(pixels[0][c] - value)).toBeLessThanOrEqual(2));
    expect(pixels[5][3]).toBeCloseTo(128, -1);
    stage.image.update({ ...data, saturation: 0, strength: 1, outside: 1, smooth: false });
    pixels = await drawn();
    expect(Math.max(...pixels[0].slice(0, 3)) - Math.min(...pixels[0].slice(0, 3))).toBeLessThanOrEqual(1);
  });
});
