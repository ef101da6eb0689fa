/** What the browser's decoders make of odd but sound files: fixtures of tests/fixtures/vision, written by Pillow. */
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/lib/vision/decode.ts';
import { resample } from '../../src/lib/vision/resize.ts';

const urls = import.meta.glob<string>('../fixtures/vision/*.{png,jpg,gif,webp}', {
  query: '?url',
  import: 'default',
  eager: true,
});

async function decoded(name: string) {
  const response = await fetch(urls[`../fixtures/vision/${name}`]);
  return decodeImage(name, await response.arrayBuffer());
}

const [RED, BLUE, GREEN] = [
  [200, 40, 30],
  [20, 60, 210],
  [30, 180, 50],
];

/** The picture is 32×16: its left half red with the upper half of it green, its right half blue. */
async function expectPicture(name: string, tolerance: number, at: readonly (readonly [x: number, y: number])[]) {
  const { pixels } = await decoded(name);
  [GREEN, RED, BLUE].forEach((colour, i) => {
    const [x, y] = at[i];
    colour.forEach((v, c) => {
      const found = pixels.data[4 * (y * pixels.width + x) + c];
      expect(Math.abs(found - v), `${name} channel ${c} at ${x}, ${y}: ${found}`).toBeLessThanOrEqual(tolerance);
    });
  });
}

const UPRIGHT = [
  [4, 3],
  [4, 12],
  [24, 8],
] as const;

describe('an image that is read', () => {
  it.each(['deep.png', 'still.gif', 'moving.gif', 'moving.png', 'moving.webp'])(
    'has the colours of its (first) picture, also with 16 bits: %s',
    (name) => expectPicture(name, 1, UPRIGHT),
  );

  it('of four printing inks has nearly the colours that were printed', () => expectPicture('cmyk.jpg', 6, UPRIGHT));

  it('stands upright as its camera noted (EXIF)', async () => {
    const { width, height } = await decoded('turned.jpg');
    expect([width, height]).toEqual([16, 32]);
    // Turned by a quarter to the right: the upper left comes to the upper right.
    await expectPicture('turned.jpg', 6, [
      [12, 4],
      [3, 4],
      [8, 24],
    ]);
  });

  it('lies on white where it is transparent', async () => {
    const { pixels } = await decoded('half.png');
    const { data } = resample(pixels, { x: 0, y: 0, width: 32, height: 16 }, 32, 16);
    RED.forEach((v, c) =>
      expect(Math.abs(data[3 * (12 * 32 + 4) + c] - (v * 128 + 255 * 127) / 255)).toBeLessThan(1.5),
    );
  });
});
