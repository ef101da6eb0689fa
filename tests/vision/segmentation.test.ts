/** Segments against scikit-image's, a version on lists of pixels, and what the algorithm promises; blur and size against loops. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mirroredBlur } from '../../src/lib/vision/gaussian.ts';
import { resized, type FloatImage } from '../../src/lib/vision/resize.ts';
import { felzenszwalb } from '../../src/lib/vision/segmentation.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { blurPlane, type Plane } from '../reference/methods/blur.ts';
import { enlarged, segments } from '../reference/methods/xrai.ts';

interface Golden {
  readonly height: number;
  readonly width: number;
  readonly picture: number[];
  readonly sigma: number;
  readonly minSize: number;
  readonly segments: readonly { readonly scale: number; readonly labels: number[] }[];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/saliency/regions.json'), 'utf8'),
) as Golden;

function noise(width: number, height: number, channels: number, seed: number): FloatImage {
  const { normal } = random(seed);
  return { width, height, channels, data: Float32Array.from({ length: width * height * channels }, normal) };
}

const planesOf = ({ width, height, channels, data }: FloatImage): Plane[] =>
  Array.from({ length: channels }, (_, c) =>
    Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => data[(y * width + x) * channels + c]),
    ),
  );
const planesFrom = (data: ArrayLike<number>, like: FloatImage) =>
  planesOf({ ...like, data: Float32Array.from(data) }).flat(2);
const close = (a: readonly number[], b: readonly number[]) => {
  expect(a.length).toBe(b.length);
  a.forEach((v, i) => expect(v).toBeCloseTo(b[i], 5));
};

describe('segments', () => {
  const { width, height, sigma, minSize } = golden;
  const image: FloatImage = {
    width,
    height,
    channels: 3,
    data: Float32Array.from(golden.picture, (v) => (v / 255) * 2 - 1),
  };

  it.each(golden.segments)('at scale $scale are scikit-image’s', ({ scale, labels }) => {
    expect([...felzenszwalb(image, { sigma, minSize })(scale).of]).toEqual(labels);
  });

  it.each([
    [17, 23, 3, 30],
    [30, 11, 1, 200],
    [1, 19, 3, 60],
  ])('of %i × %i noise with %i channels are those of lists that merge', (wide, high, channels, scale) => {
    const picture = noise(wide, high, channels, 3);
    const { of, count } = felzenszwalb(picture, { sigma: 0.8, minSize: 6 })(scale);
    expect([...of]).toEqual(segments(planesOf(picture), scale, 0.8, 6));
    expect(new Set(of).size).toBe(count);
  });

  it('are larger at larger scales, never too small, and one where there is no colour', () => {
    const picture = noise(40, 30, 3, 5);
    const counts = [0, 10].map((minSize) =>
      [30, 300, 3000, 100_000].map((scale) => {
        const { count, of } = felzenszwalb(picture, { sigma: 0.8, minSize })(scale);
        const sizes = Array.from({ length: count }, (_, s) => of.filter((v) => v === s).length);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(minSize);
        return count;
      }),
    );
    counts.forEach(([first, second, third, last]) => {
      expect(first).toBeGreaterThan(third);
      expect(second).toBeGreaterThan(third);
      expect(last).toBe(1);
    });
    expect(counts[0][0]).toBeGreaterThan(counts[1][0]);
    const grey = { ...picture, data: picture.data.map(() => 0.5) };
    expect(felzenszwalb(grey, { sigma: 0.8, minSize: 1 })(1).count).toBe(1);
  });

  it('lie along an edge that is plain to see', () => {
    const halves = noise(20, 20, 3, 6);
    halves.data.forEach((v, i) => (halves.data[i] = 0.02 * v + (Math.floor(i / 3) % 20 < 9 ? -1 : 1)));
    const { count, of } = felzenszwalb(halves, { sigma: 0.1, minSize: 20 })(100);
    expect(count).toBe(2);
    of.forEach((label, i) => expect(label).toBe(i % 20 < 9 ? 0 : 1));
  });
});

describe('what pictures go through before', () => {
  it('blur with mirrored edges is that of loops, however wide', () => {
    const picture = noise(7, 5, 2, 8);
    for (const sigma of [0, 0.8, 3, 20])
      close(
        planesFrom(mirroredBlur(picture, sigma), picture),
        planesOf(picture).flatMap((plane) => blurPlane(plane, sigma).flat()),
      );
  });

  it('a larger size is bilinear, the same size the same, a smaller one a mean', () => {
    const picture = noise(7, 5, 3, 9);
    const large = resized(picture, 16, 12);
    close(
      planesOf(large).flat(2),
      planesOf(picture).flatMap((plane) => enlarged(plane, 12, 16).flat()),
    );
    close([...resized(picture, 7, 5).data], [...picture.data]);
    const one = resized({ ...picture, data: picture.data.map((_, i) => i % 3) }, 2, 1);
    close([...one.data], [0, 1, 2, 0, 1, 2]);
  });
});
