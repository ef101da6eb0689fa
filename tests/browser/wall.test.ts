import { afterEach, beforeEach, expect, it } from 'vitest';
import { colourMap } from '../../src/lib/render/colour-maps.ts';
import { type Wall, createWall } from '../../src/lib/render/wall.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

const SIZE = { width: 4, height: 1 };
const grey = colourMap('grey');

let wall: Wall;
let image: ImageBitmap;

beforeEach(async () => {
  wall = await createWall();
  image = await createImageBitmap(new ImageData(4, 1));
});

afterEach(() => wall.destroy());

/** Four scores in grey, from 0 (dark) to 3 (light). */
const picture = (scores: number[]) => ({
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
    map: float32([1, 4], scores),
    area: { x: 0, y: 0, ...SIZE },
    colours: grey,
    limit: 3,
    opacity: 1,
    sign: 'all' as const,
    smooth: false,
    fade: false,
  },
});

const lightness = (canvas: HTMLCanvasElement) => {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, 1);
  return Array.from({ length: canvas.width }, (_, i) => data[4 * i]);
};

const byScore = (score: number) => grey.colours[4 * Math.round((score / 3) * 255)];

it('draws each cell on a canvas of its own, and leaves the others as they are', () => {
  const [a, b] = [document.createElement('canvas'), document.createElement('canvas')];
  wall.draw(a, 'a', picture([0, 1, 2, 3]), SIZE, 1);
  wall.draw(b, 'b', picture([3, 2, 1, 0]), SIZE, 1);
  expect(lightness(a)).toEqual([0, 1, 2, 3].map(byScore));
  expect(lightness(b)).toEqual([3, 2, 1, 0].map(byScore));
});

it('lays one over the other from the divider to the right', () => {
  const canvas = document.createElement('canvas');
  wall.draw(canvas, 'a', picture([0, 0, 0, 0]), SIZE, 1);
  wall.draw(canvas, 'b', picture([3, 3, 3, 3]), SIZE, 1, { from: 0.5, to: 1 });
  expect(lightness(canvas)).toEqual([0, 0, 3, 3].map(byScore));
});

it('draws again what it was told to forget, at another size too', () => {
  const canvas = document.createElement('canvas');
  wall.draw(canvas, 'a', picture([0, 1, 2, 3]), SIZE, 1);
  wall.forget([], []);
  wall.draw(canvas, 'a', picture([3, 2, 1, 0]), SIZE, 2);
  expect(lightness(canvas)).toEqual([3, 3, 2, 2, 1, 1, 0, 0].map(byScore));
});
