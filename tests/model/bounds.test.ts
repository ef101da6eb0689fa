import { expect, it } from 'vitest';
import { boundsOf, feedsOf, type OpenImage } from '../../src/lib/model/feed.ts';
import { preprocessingFor } from '../../src/lib/vision/preprocess.ts';

const pixels = { width: 2, height: 2, data: Uint8ClampedArray.from({ length: 16 }, (_, i) => 13 * i) };
const image: OpenImage = { pixels, sha256: '' };
const input = { channels: 3, width: 2, height: 2, layout: 'NCHW' } as const;
const plain = preprocessingFor('torchvision', input);

it('the bounds of a picture are black and white after preprocessing, also where it is inverted', () => {
  const inverted = { ...plain, std: plain.std.map((s) => -s) };
  for (const preprocessing of [plain, inverted]) {
    const feeds = feedsOf([{ image: 0, preprocessing }], () => image);
    const [low, high] = boundsOf(feeds, () => image);
    const { x } = feeds[0];
    expect(low.shape).toEqual(x.shape);
    for (let c = 0; c < 3; c++) {
      const ends = [0, 1].map((v) => (v - preprocessing.mean[c]) / preprocessing.std[c]);
      expect(low.data[4 * c]).toBeCloseTo(Math.min(...ends), 5);
      expect(high.data[4 * c]).toBeCloseTo(Math.max(...ends), 5);
    }
    expect(x.data.every((v, i) => low.data[i] <= v && v <= high.data[i])).toBe(true);
  }
});
