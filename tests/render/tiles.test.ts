import { describe, expect, it } from 'vitest';
import { colourMap } from '../../src/lib/render/colour-maps.ts';
import { cornerOf, dotAt, gridOf, gridSize, limitsOf, paint, scaled, type Tiles } from '../../src/lib/render/tiles.ts';

const tiles = (n: number, planes: number, height: number, width: number, data: number[]): Tiles => ({
  tiles: n,
  planes,
  height,
  width,
  data: Float32Array.from(data),
});
const pixel = ({ data }: { data: Uint8ClampedArray }, at: number) => Array.from(data.slice(4 * at, 4 * at + 4));

describe('a grid of tiles', () => {
  const many = tiles(100, 1, 3, 3, Array<number>(900).fill(0));

  it('fits its room, with whole pixels for each number', () => {
    for (const room of [300, 641, 1200]) {
      const grid = gridOf(many, room);
      expect(gridSize(grid).width).toBeLessThanOrEqual(room);
      expect(grid.width % 3).toBe(0);
      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(100);
      expect(grid.columns * (grid.rows - 1)).toBeLessThan(100);
    }
  });

  it('finds each number again where it is drawn', () => {
    const grid = gridOf(many, 500);
    for (const tile of [0, 7, 63, 99]) {
      const { x, y } = cornerOf(grid, tile);
      expect(dotAt(many, grid, x + 0.5, y + 0.5)).toEqual({ tile, y: 0, x: 0 });
      expect(dotAt(many, grid, x + grid.width - 0.5, y + grid.height / 2)).toEqual({ tile, y: 1, x: 2 });
      expect(dotAt(many, grid, x + grid.width + 0.5, y + 0.5)).toBeNull();
    }
    const { x, y } = cornerOf(grid, 100);
    expect(dotAt(many, grid, x + 0.5, y + 0.5)).toBeNull();
  });

  it('shrinks a matrix that is wider than its room', () => {
    const grid = gridOf(tiles(1, 1, 1, 256, []), 200);
    expect(gridSize(grid).width).toBe(200);
  });
});

describe('colours', () => {
  const grey = colourMap('tide');

  it('compose red, green and blue of three planes about a grey zero', () => {
    const one = tiles(1, 3, 1, 2, [0.5, -0.5, 0, 0.25, -0.25, 0.5]);
    const painted = paint(one, limitsOf(one), grey, 1);
    expect(pixel(painted, 0)).toEqual([255, 128, 64, 255]);
    expect(pixel(painted, 1)).toEqual([0, 191, 255, 255]);
  });

  it('put zero in the middle and the limit at the end of a signed map', () => {
    const one = tiles(1, 1, 1, 3, [-2, 0, 2]);
    const painted = paint(one, limitsOf(one), grey, 1);
    const entry = (i: number) => Array.from(grey.colours.slice(4 * i, 4 * i + 4));
    expect([pixel(painted, 0), pixel(painted, 1), pixel(painted, 2)]).toEqual([entry(0), entry(128), entry(255)]);
  });

  it('have each tile’s own limit, or the greatest for all', () => {
    const two = tiles(2, 1, 1, 2, [1, -3, NaN, 0.5]);
    expect(Array.from(limitsOf(two))).toEqual([3, 0.5]);
    expect(Array.from(scaled(limitsOf(two), true))).toEqual([3, 3]);
    expect(Array.from(scaled(limitsOf(two), false))).toEqual([3, 0.5]);
  });

  it('mark what is not a number, and draw a tile of zeros', () => {
    const two = tiles(2, 1, 1, 1, [NaN, 0]);
    const painted = paint(two, limitsOf(two), grey, 2);
    expect(painted.width).toBe(2);
    expect(pixel(painted, 0)).toEqual([214, 0, 214, 255]);
    expect(pixel(painted, 1)).toEqual([...grey.colours.slice(512, 516)]);
  });

  it('lie in columns without gaps', () => {
    const three = tiles(3, 1, 2, 1, [0, 1, 0, 2, 0, 3]);
    const painted = paint(three, scaled(limitsOf(three), false), grey, 2);
    const end = Array.from(grey.colours.slice(-4));
    // Row 1 holds the second numbers of tiles 0 and 1, row 3 that of tile 2.
    expect([pixel(painted, 2), pixel(painted, 3), pixel(painted, 6)]).toEqual([end, end, end]);
    expect(pixel(painted, 7)).toEqual([0, 0, 0, 0]);
  });
});
