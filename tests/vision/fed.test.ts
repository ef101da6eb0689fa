import { describe, expect, it } from 'vitest';
import { fedView } from '../../src/lib/vision/fed.ts';
import { modelView, normalize, preprocessingFor, presets } from '../../src/lib/vision/preprocess.ts';
import { random } from '../../src/lib/tensor/random.ts';

const rng = random(7);
const pixels = {
  width: 31,
  height: 22,
  data: Uint8ClampedArray.from({ length: 31 * 22 * 4 }, (_, i) => (i % 4 === 3 ? 255 : 255 * rng.uniform())),
};

const cases = presets.flatMap(({ id }) =>
  (['NCHW', 'NHWC'] as const).flatMap((layout) =>
    ([1, 3] as const).map((channels) => ({ id, layout, channels, width: 12, height: 9 })),
  ),
);

describe('what a model is fed', () => {
  it.each(cases)('is turned back into its picture: $id $layout $channels', ({ id, ...input }) => {
    const p = preprocessingFor(id, input);
    const view = modelView(pixels, p);
    const fed = fedView(normalize(view, p), p);
    expect([fed.pixels.width, fed.pixels.height]).toEqual([12, 9]);
    for (let i = 0; i < 12 * 9; i++) {
      const [r, g, b] = view.data.subarray(3 * i, 3 * i + 3);
      const grey = 0.299 * r + 0.587 * g + 0.114 * b;
      const expected = input.channels === 1 ? [grey, grey, grey] : [r, g, b];
      expected.forEach((v, c) => {
        expect(Math.abs(fed.pixels.data[4 * i + c] - Math.min(255, Math.max(0, v)))).toBeLessThan(0.501);
      });
      expect(fed.pixels.data[4 * i + 3]).toBe(255);
    }
  });

  it.each(cases)('has the numbers of each channel of the tensor: $id $layout $channels', ({ id, ...input }) => {
    const p = preprocessingFor(id, input);
    const x = normalize(modelView(pixels, p), p);
    const { channels, shape } = fedView(x, p);
    expect(shape).toEqual(x.shape);
    expect(channels.map(({ name }) => name)).toEqual(
      input.channels === 1 ? ['grey'] : id === 'caffe' ? ['blue', 'green', 'red'] : ['red', 'green', 'blue'],
    );
    channels.forEach(({ min, max, mean }, c) => {
      const own = [...x.data].filter((_, i) =>
        input.layout === 'NCHW' ? Math.floor(i / 108) === c : i % input.channels === c,
      );
      expect([min, max]).toEqual([Math.min(...own), Math.max(...own)]);
      expect(mean).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 10);
    });
  });

  it('is refused where tensor and preprocessing do not fit', () => {
    const p = preprocessingFor('torchvision', { layout: 'NCHW', channels: 3, width: 12, height: 9 });
    const x = normalize(modelView(pixels, p), p);
    expect(() => fedView(x, { ...p, width: 13 })).toThrow(/324 elements, not 3 × 117/);
  });
});
