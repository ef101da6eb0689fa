import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cellOf,
  layoutOf,
  pictureLayout,
  spotAt,
  tileFor,
  valueRect,
  valuesOf,
} from '../../src/lib/render/atlas-layout.ts';

const shapes = fc.record({
  count: fc.integer({ min: 1, max: 3000 }),
  height: fc.integer({ min: 1, max: 60 }),
  width: fc.integer({ min: 1, max: 60 }),
  prefix: fc.integer({ min: 0, max: 3 }),
});

describe('the grid of feature maps', () => {
  it('finds each value under the middle of its rectangle', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 64, max: 2000 }), fc.nat(), fc.nat(), (shape, room, a, b) => {
        const layout = layoutOf(shape, room, 64);
        const spot = { rank: a % shape.count, element: b % valuesOf(shape) };
        const { x, y, width, height } = valueRect(layout, shape, spot);
        expect(spotAt(layout, shape, { x: x + width / 2, y: y + height / 2 })).toEqual(spot);
      }),
    );
  });

  it('holds every cell in its room and none above another', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 10, max: 2000 }), fc.integer({ min: 4, max: 400 }), (shape, room, tile) => {
        const layout = layoutOf(shape, room, tile);
        expect(layout.width).toBeLessThanOrEqual(room);
        expect(layout.columns * layout.rows).toBeGreaterThanOrEqual(shape.count);
        expect(layout.columns * (layout.rows - 1)).toBeLessThan(shape.count);
        const last = cellOf(layout, shape.count - 1);
        expect(last.y + last.height).toBe(layout.height);
      }),
    );
  });

  it('finds nothing in gaps, behind the last channel, beside tokens and outside', () => {
    const shape = { count: 3, height: 2, width: 2, prefix: 2 };
    const layout = layoutOf(shape, 43, 20);
    expect(layout).toMatchObject({ columns: 2, rows: 2, token: 10, cell: { width: 20, height: 32 } });
    const nothing = [
      [21, 5],
      [5, 33],
      [30, 40],
      [5, 21],
      [-1, 5],
      [5, -1],
      [44, 5],
      [5, 70],
    ];
    for (const [x, y] of nothing) expect(spotAt(layout, shape, { x, y })).toBeNull();
    expect(spotAt(layout, shape, { x: 15, y: 25 })).toEqual({ rank: 0, element: 1 });
    expect(spotAt(layout, { ...shape, prefix: 1 }, { x: 15, y: 25 })).toBeNull();
  });

  it('keeps the proportions of maps, and shortens those that are longer than eight to one', () => {
    expect(layoutOf({ count: 4, height: 3, width: 6, prefix: 0 }, 500, 60).map).toEqual({ width: 60, height: 30 });
    expect(layoutOf({ count: 4, height: 6, width: 3, prefix: 0 }, 500, 60).map).toEqual({ width: 30, height: 60 });
    expect(layoutOf({ count: 4, height: 1, width: 200, prefix: 0 }, 500, 64).map).toEqual({ width: 64, height: 8 });
  });

  it('draws few channels large, many about 64 pixels large in full rows, and none wider than its room', () => {
    const room = { width: 800, height: 500 };
    const many = { count: 2048, height: 7, width: 7, prefix: 0 };
    expect(tileFor(many, room)).toBe(63);
    expect(layoutOf(many, 800, 63).width).toBeGreaterThan(800 - 12);
    expect(tileFor({ count: 6, height: 28, width: 28, prefix: 0 }, room)).toBeGreaterThan(190);
    expect(tileFor({ count: 1, height: 2, width: 2, prefix: 0 }, room)).toBe(64);
    expect(tileFor({ count: 9, height: 28, width: 28, prefix: 0 }, { width: 50, height: 500 })).toBe(50);
  });

  it('gives a picture file whole pixels for each value and stays within the limit', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const square = { ...shape, height: shape.width, prefix: 0 };
        const layout = pictureLayout(square, 8192);
        expect(Math.max(layout.width, layout.height)).toBeLessThanOrEqual(8192);
        expect(layout.map.width % square.width).toBe(0);
      }),
    );
    const deep = pictureLayout({ count: 4096, height: 224, width: 224, prefix: 0 }, 8192);
    expect(Math.max(deep.width, deep.height)).toBeLessThanOrEqual(8192);
  });
});
