import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gaussianBlur, resample } from '../../src/lib/vision/resize.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';

interface Fixture {
  width: number;
  height: number;
  rgb: number[];
  cases: { box: [number, number, number, number]; size: [number, number]; values: number[] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/vision/resize.json', import.meta.url), 'utf8')) as Fixture;

const picture = (width: number, height: number, rgba: (i: number, c: number) => number): Pixels => ({
  width,
  height,
  data: Uint8ClampedArray.from({ length: width * height * 4 }, (_, k) => rgba(k >> 2, k & 3)),
});

describe('resample', () => {
  const pixels = picture(fixture.width, fixture.height, (i, c) => (c === 3 ? 255 : fixture.rgb[i * 3 + c]));

  it.each(fixture.cases)(
    'gives what Pillow gives for box $box at size $size',
    ({ box: [x0, y0, x1, y1], size: [w, h], values }) => {
      const ours = resample(pixels, { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, w, h);
      const worst = values.reduce((worst, v, i) => Math.max(worst, Math.abs(v - ours.data[i])), 0);
      expect(ours.data.length).toBe(values.length);
      expect(worst).toBeLessThan(2e-3);
    },
  );

  it('keeps a constant colour at any size', () => {
    const grey = picture(7, 5, (_, c) => (c === 3 ? 255 : 93));
    for (const size of [1, 3, 8, 31]) {
      expect(
        Math.max(...resample(grey, { x: 0, y: 0, width: 7, height: 5 }, size, size).data.map((v) => Math.abs(v - 93))),
      ).toBeLessThan(1e-4);
    }
  });

  it('blends transparent pixels with white', () => {
    const half = picture(4, 4, (_, c) => (c === 3 ? 0 : 10));
    for (const v of resample(half, { x: 0, y: 0, width: 4, height: 4 }, 2, 2).data) expect(v).toBeCloseTo(255, 3);
  });
});

describe('gaussianBlur', () => {
  it('has the standard deviation it is asked for', () => {
    const size = 41;
    const impulse = { width: size, height: size, channels: 1, data: new Float32Array(size * size) };
    impulse.data[20 * size + 20] = 1;
    const { data } = gaussianBlur(impulse, 3);
    let [total, variance] = [0, 0];
    data.forEach((v, i) => {
      total += v;
      variance += v * ((i % size) - 20) ** 2;
    });
    expect(total).toBeCloseTo(1, 5);
    expect(Math.sqrt(variance)).toBeCloseTo(3, 0);
  });
});
