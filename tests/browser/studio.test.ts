import { afterEach, beforeEach, expect, it } from 'vitest';
import { colourMap } from '../../src/lib/render/colour-maps.ts';
import type { Picture, Strip } from '../../src/lib/render/picture.ts';
import { type Studio, createStudio } from '../../src/lib/render/studio.ts';
import { type FloatTensor, float32 } from '../../src/lib/tensor/tensor.ts';

const SIZE = { width: 4, height: 1 };
const grey = colourMap('grey');

let canvas: OffscreenCanvas;
let studio: Studio;
let image: ImageBitmap;

beforeEach(async () => {
  canvas = new OffscreenCanvas(1, 1);
  studio = await createStudio(canvas);
  image = await createImageBitmap(new ImageData(4, 1));
});

afterEach(() => studio.destroy());

/** Four scores in grey, from 0 (dark) to 3 (light). */
const strip = (map: FloatTensor, from = 0): Strip => ({
  from,
  viewport: { scale: 1, x: 0, y: 0 },
  image: {
    image,
    size: SIZE,
    seen: { x: 0, y: 0, ...SIZE },
    saturation: 1,
    strength: 0,
    outside: 1,
    smooth: false,
  },
  heatmap: {
    map,
    area: { x: 0, y: 0, ...SIZE },
    colours: grey,
    limit: 3,
    opacity: 1,
    sign: 'all' as const,
    smooth: false,
    fade: false,
  },
});

const picture = (...strips: Strip[]): Picture => ({ size: SIZE, ratio: 1, strips });
const scores = (...values: number[]) => float32([1, 4], values);

function lightness(frame: ImageBitmap | null): number[] {
  const { width } = frame!;
  const context = new OffscreenCanvas(width, 1).getContext('2d')!;
  context.drawImage(frame!, 0, 0);
  const { data } = context.getImageData(0, 0, width, 1);
  return Array.from({ length: width }, (_, i) => data[4 * i]);
}

const byScore = (score: number) => grey.colours[4 * Math.round((score / 3) * 255)];

it('draws one picture after the other, and leaves those before as they are', () => {
  const [a, b] = [scores(0, 1, 2, 3), scores(3, 2, 1, 0)].map((map) => studio.frame(picture(strip(map))));
  expect(lightness(a)).toEqual([0, 1, 2, 3].map(byScore));
  expect(lightness(b)).toEqual([3, 2, 1, 0].map(byScore));
});

it('draws a strip in place of what stood there, from its left edge to the right', () => {
  const frame = studio.frame(picture(strip(scores(0, 0, 0, 0)), strip(scores(3, 3, 3, 3), 0.5)));
  expect(lightness(frame)).toEqual([0, 0, 3, 3].map(byScore));
  const clear = { ...strip(scores(3, 3, 3, 3), 0.75), heatmap: null };
  expect(lightness(studio.frame(picture(strip(scores(1, 1, 1, 1)), clear)))).toEqual([...[1, 1, 1].map(byScore), 0]);
});

it('draws again what it was told to forget, at another size too', () => {
  const map = scores(0, 1, 2, 3);
  studio.frame(picture(strip(map)));
  studio.forget(image);
  studio.forget(map.data);
  const frame = studio.frame({ ...picture(strip(map)), ratio: 2 });
  expect(lightness(frame)).toEqual([0, 0, 1, 1, 2, 2, 3, 3].map(byScore));
});

it('gives no frame while the browser has taken the context, says when it is back, and then draws the same', async () => {
  const wanted = picture(strip(scores(0, 1, 2, 3)));
  studio.frame(wanted);
  const context = canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!;
  const restored = new Promise<void>((tell) => (studio.onRestored = tell));
  const lost = new Promise((tell) => canvas.addEventListener('webglcontextlost', tell, { once: true }));
  context.loseContext();
  expect(studio.frame(wanted)).toBeNull();
  await lost;
  // Not yet within the event, by which the context becomes one that may come back.
  setTimeout(() => context.restoreContext());
  await restored;
  expect(lightness(studio.frame(wanted))).toEqual([0, 1, 2, 3].map(byScore));
});
