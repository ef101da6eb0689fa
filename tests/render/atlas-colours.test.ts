import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf, valuesOf } from '../../src/lib/render/atlas-layout.ts';
import { paintPage } from '../../src/lib/render/atlas-colours.ts';
import { boxOf, pageSize, pagesOf } from '../../src/lib/render/atlas-pages.ts';
import { colourMap } from '../../src/lib/render/colour-maps.ts';

const maps = ['tide', 'ember'].map(colourMap);

/** The colour of place 0…1, in levels that are not rounded. */
function colourOf(place: number, { colours }: (typeof maps)[number]): number[] {
  const at = Math.min(1, Math.max(0, place)) * 255;
  const low = Math.min(254, Math.floor(at));
  return [0, 1, 2].map((c) => colours[4 * low + c] + (at - low) * (colours[4 * (low + 1) + c] - colours[4 * low + c]));
}

describe('the colours of the atlas', () => {
  it('are those of the values, within a level, wherever a channel stands and however many share a page', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 90 }),
      width: fc.integer({ min: 1, max: 90 }),
      prefix: fc.integer({ min: 0, max: 3 }),
      seed: fc.integer({ min: 1, max: 1000 }),
      map: fc.constantFrom(...maps),
    });
    fc.assert(
      fc.property(cases, ({ seed, map: colours, ...shape }) => {
        const per = valuesOf(shape);
        const values = Float32Array.from({ length: shape.count * per }, (_, i) => ((i * seed) % 97) / 48 - 1);
        const order = Array.from({ length: shape.count }, (_, rank) => (rank + seed) % shape.count);
        const limits = Float32Array.from({ length: 2 * shape.count }, (_, i) =>
          i % 2 ? 0.25 + i / 50 : -0.5 - i / 90,
        );
        // So large that no two values share a texel.
        const pages = pagesOf(shape, layoutOf(shape, 4000, 2400), 8, 8192);
        expect(pages.map).toEqual({ width: shape.width, height: shape.height });
        let [worst, opaque] = [0, true];
        for (let rank = 0; rank < shape.count; rank += 7) {
          const page = Math.floor(rank / pages.perPage);
          const painted = paintPage({ values, shape, order, limits, colours }, pages, page);
          const across = pageSize(pages, page, shape.count).width;
          const { x, y } = boxOf(pages, rank);
          const channel = order[rank];
          const [low, high] = limits.subarray(2 * channel, 2 * channel + 2);
          for (let element = 0; element < per; element += 11) {
            const at = element - shape.prefix;
            const [dx, dy] = at < 0 ? [element, shape.height] : [at % shape.width, Math.floor(at / shape.width)];
            const texel = 4 * ((y + dy) * across + x + dx);
            const wanted = colourOf((values[channel * per + element] - low) / (high - low), colours);
            wanted.forEach((level, c) => (worst = Math.max(worst, Math.abs(painted[texel + c] - level))));
            opaque &&= painted[texel + 3] === 255;
          }
        }
        expect(worst).toBeLessThanOrEqual(1);
        expect(opaque).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('are those of the mean of the values that share a pixel', () => {
    const shape = { count: 2, height: 9, width: 6, prefix: 0 };
    const values = Float32Array.from({ length: 108 }, (_, i) => ((i * 37) % 108) / 54 - 1);
    const limits = Float32Array.from([-1, 1, -1, 1]);
    const pages = pagesOf(shape, layoutOf(shape, 100, 3), 1, 8192);
    expect(pages.map).toEqual({ width: 2, height: 3 });
    const painted = paintPage({ values, shape, order: [1, 0], limits, colours: maps[0] }, pages, 0);
    const across = pageSize(pages, 0, 2).width;
    for (const rank of [0, 1])
      for (let row = 0; row < 3; row++)
        for (let column = 0; column < 2; column++) {
          let sum = 0;
          for (let y = 3 * row; y < 3 * row + 3; y++)
            for (let x = 3 * column; x < 3 * column + 3; x++) sum += values[(1 - rank) * 54 + y * 6 + x];
          const { x, y } = boxOf(pages, rank);
          const texel = 4 * ((y + row) * across + x + column);
          colourOf(0.5 + sum / 18, maps[0]).forEach((level, c) =>
            expect(Math.abs(painted[texel + c] - level)).toBeLessThanOrEqual(1),
          );
        }
  });
});
