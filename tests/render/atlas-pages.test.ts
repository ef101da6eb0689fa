import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellOf, layoutOf, spotAt } from '../../src/lib/render/atlas-layout.ts';
import { boxOf, pageSize, pagesOf, quadsOf, ranksIn } from '../../src/lib/render/atlas-pages.ts';

const grids = fc.record({
  count: fc.integer({ min: 1, max: 3000 }),
  height: fc.integer({ min: 1, max: 400 }),
  width: fc.integer({ min: 1, max: 400 }),
  prefix: fc.integer({ min: 0, max: 3 }),
  room: fc.integer({ min: 40, max: 2000 }),
  tile: fc.integer({ min: 8, max: 400 }),
  ratio: fc.constantFrom(1, 1.5, 2),
});

describe('the pages of the atlas', () => {
  it('hold every channel once, within what a texture holds', () => {
    fc.assert(
      fc.property(grids, fc.constantFrom(512, 2048, 8192), ({ room, tile, ratio, ...shape }, limit) => {
        const pages = pagesOf(shape, layoutOf(shape, room, tile), ratio, limit);
        const { box, map, perPage } = pages;
        expect(map.width).toBeLessThanOrEqual(shape.width);
        expect(map.height).toBeLessThanOrEqual(shape.height);
        const taken = new Set<string>();
        for (let rank = 0; rank < shape.count; rank++) {
          const page = Math.floor(rank / perPage);
          const size = pageSize(pages, page, shape.count);
          const { x, y } = boxOf(pages, rank);
          const apart = x % box.width === 0 && y % box.height === 0;
          const inside = x + box.width <= size.width && y + box.height <= size.height;
          expect({ rank, apart, inside, fits: Math.max(size.width, size.height) <= limit }).toEqual({
            rank,
            apart: true,
            inside: true,
            fits: true,
          });
          taken.add([page, x, y].join());
        }
        expect(taken.size).toBe(shape.count);
      }),
      { numRuns: 60 },
    );
  });

  it('put what lies under a point of the grid where its texel is', () => {
    fc.assert(
      fc.property(grids, fc.nat(), fc.nat(), ({ room, tile, ...shape }, a, b) => {
        const layout = layoutOf(shape, room, tile);
        const pages = pagesOf(shape, layout, 1, 8192);
        const rank = a % shape.count;
        const page = Math.floor(rank / pages.perPage);
        const size = pageSize(pages, page, shape.count);
        const { positions, uvs } = quadsOf(shape, layout, pages, size, rank, rank + 1);
        const cell = cellOf(layout, rank);
        const point = { x: cell.x + (b % layout.map.width) + 0.5, y: cell.y + (b % layout.map.height) + 0.5 };
        const along = (at: number, from: Float32Array, to: Float32Array, axis: 0 | 1) =>
          to[axis] + ((at - from[axis]) / (from[4 + axis] - from[axis])) * (to[4 + axis] - to[axis]);
        const box = boxOf(pages, rank);
        const texel = {
          x: along(point.x, positions, uvs, 0) * size.width - box.x,
          y: along(point.y, positions, uvs, 1) * size.height - box.y,
        };
        const element = spotAt(layout, shape, point)!.element - shape.prefix;
        const [column, row] = [element % shape.width, Math.floor(element / shape.width)];
        // Float32 corners of a texture of a thousand texels.
        expect(Math.abs(texel.x - ((point.x - cell.x) / layout.map.width) * pages.map.width)).toBeLessThan(0.01);
        if (pages.map.width === shape.width) expect(Math.abs(texel.x - column - 0.5)).toBeLessThanOrEqual(0.51);
        if (pages.map.height === shape.height) expect(Math.abs(texel.y - row - 0.5)).toBeLessThanOrEqual(0.51);
      }),
    );
  });

  it('draw the channels in sight and no row beyond', () => {
    const shape = { count: 95, height: 7, width: 7, prefix: 0 };
    const layout = layoutOf(shape, 97, 7);
    expect(layout).toMatchObject({ columns: 10, rows: 10 });
    expect(ranksIn(layout, 95, { x: 0, y: 0, width: 97, height: 10 })).toEqual([0, 10]);
    expect(ranksIn(layout, 95, { x: 0, y: 9.5, width: 97, height: 11 })).toEqual([0, 30]);
    expect(ranksIn(layout, 95, { x: 0, y: -4, width: 97, height: 2 })).toEqual([0, 0]);
    expect(ranksIn(layout, 95, { x: 0, y: 85, width: 97, height: 500 })).toEqual([80, 95]);
    expect(ranksIn(layout, 95, { x: 0, y: 900, width: 97, height: 500 })).toEqual([95, 95]);
  });

  it('draw squares of tokens below each map', () => {
    const shape = { count: 2, height: 2, width: 2, prefix: 2 };
    const layout = layoutOf(shape, 43, 20);
    const pages = pagesOf(shape, layout, 1, 8192);
    const { positions, uvs, indices } = quadsOf(shape, layout, pages, pageSize(pages, 0, 2), 1, 2);
    expect([...positions]).toEqual([23, 0, 43, 0, 43, 20, 23, 20, 23, 22, 43, 22, 43, 32, 23, 32]);
    expect([...uvs.slice(8)].map((v, i) => Math.round(v * (i % 2 ? 3e6 : 4e6)) / 1e6)).toEqual([
      2, 2, 4, 2, 4, 3, 2, 3,
    ]);
    expect([...indices]).toEqual([0, 1, 2, 0, 2, 3, 4, 5, 6, 4, 6, 7]);
  });
});
