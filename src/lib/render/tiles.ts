/** @file Many small pictures of equal size in a grid on a plain canvas: filters of a convolution, a matrix as one picture. */
import type { ColourMap } from './colour-maps.ts';

/** `data` is [tiles, planes, height, width]. */
export interface Tiles {
  readonly tiles: number;
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** CSS pixels. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Of one tile. */
  readonly width: number;
  readonly height: number;
  /** Between tiles. */
  readonly gap: number;
}

/** RGBA rows of `width` pixels. */
export interface Painted {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
}

export interface Dot {
  readonly tile: number;
  readonly y: number;
  readonly x: number;
}

/** What a number that is NaN or infinite looks like: no colour map has it. */
const NOT_FINITE = [214, 0, 214] as const;

/** As many tiles in a row as fit, the fewer the larger; a single one fills the width, up to `high`. */
export function gridOf({ tiles, height, width }: Tiles, room: number, high = 640): Grid {
  const gap = tiles > 400 ? 2 : 4;
  const longest = Math.max(height, width);
  const usual = tiles <= 64 ? 72 : tiles <= 256 ? 48 : tiles <= 1024 ? 36 : 24;
  // On a telephone a few still stand side by side.
  const side = tiles === 1 ? Math.min(room, high) : Math.min(usual, Math.max(24, room / 6));
  // Whole pixels for each number keep all numbers equally large.
  const scale = side >= 2 * longest ? Math.floor(side / longest) : side / longest;
  const size = { width: Math.max(1, width * scale), height: Math.max(1, height * scale) };
  const columns = Math.max(1, Math.min(tiles, Math.floor((room + gap) / (size.width + gap))));
  return { ...size, gap, columns, rows: Math.ceil(tiles / columns) };
}

export const gridSize = ({ columns, rows, width, height, gap }: Grid): { width: number; height: number } => ({
  width: columns * (width + gap) - gap,
  height: rows * (height + gap) - gap,
});

/** Upper left corner of a tile. */
export const cornerOf = ({ columns, width, height, gap }: Grid, tile: number): { x: number; y: number } => ({
  x: (tile % columns) * (width + gap),
  y: Math.floor(tile / columns) * (height + gap),
});

/** Which number lies at a place of the grid; null between tiles and beyond the last. */
export function dotAt(tiles: Tiles, grid: Grid, x: number, y: number): Dot | null {
  const [column, row] = [Math.floor(x / (grid.width + grid.gap)), Math.floor(y / (grid.height + grid.gap))];
  const tile = row * grid.columns + column;
  const [inX, inY] = [x - column * (grid.width + grid.gap), y - row * (grid.height + grid.gap)];
  const outside = column < 0 || row < 0 || column >= grid.columns || tile >= tiles.tiles;
  if (outside || inX >= grid.width || inY >= grid.height) return null;
  return { tile, y: Math.floor((inY / grid.height) * tiles.height), x: Math.floor((inX / grid.width) * tiles.width) };
}

/** The greatest finite magnitude of each tile. */
export function limitsOf({ tiles, data }: Pick<Tiles, 'tiles' | 'data'>): Float32Array {
  const size = data.length / tiles;
  return Float32Array.from({ length: tiles }, (_, tile) => {
    let limit = 0;
    for (let i = tile * size; i < (tile + 1) * size; i++) {
      const magnitude = Math.abs(data[i]);
      if (magnitude > limit && magnitude < Infinity) limit = magnitude;
    }
    return limit;
  });
}

/** The greatest limit for all tiles, or each its own. */
export const scaled = (limits: Float32Array, shared: boolean): Float32Array =>
  shared ? limits.map((_, __, all) => all.reduce((a, b) => Math.max(a, b), 0)) : limits;

/**
 * RGBA of the tiles in `columns` without gaps, a pixel for a number. One plane goes through the colour map, zero in the middle
 * of a diverging one; three planes are red, green and blue: −limit is none of a colour, 0 half, +limit all of it.
 */
export function paint(tiles: Tiles, limits: Float32Array, map: ColourMap, columns: number): Painted {
  const { height, width, data, planes } = tiles;
  const size = height * width;
  const across = columns * width;
  const out = new Uint8ClampedArray(4 * across * height * Math.ceil(tiles.tiles / columns));
  for (let tile = 0; tile < tiles.tiles; tile++) {
    const limit = limits[tile] || 1;
    const corner = Math.floor(tile / columns) * height * across + (tile % columns) * width;
    for (let p = 0; p < size; p++) {
      const to = 4 * (corner + Math.floor(p / width) * across + (p % width));
      if (planes === 3) paintColour(data, 3 * tile * size + p, size, limit, out, to);
      else paintValue(data[tile * size + p] / limit, map, out, to);
    }
  }
  return { data: out, width: across };
}

function paintValue(value: number, { colours, kind }: ColourMap, out: Uint8ClampedArray, to: number): void {
  out[to + 3] = 255;
  if (!Number.isFinite(value)) return out.set(NOT_FINITE, to);
  const at = kind === 'diverging' ? (value + 1) / 2 : value;
  const entry = 4 * Math.round(Math.min(1, Math.max(0, at)) * 255);
  for (let c = 0; c < 3; c++) out[to + c] = colours[entry + c];
}

function paintColour(
  data: Float32Array,
  from: number,
  size: number,
  limit: number,
  out: Uint8ClampedArray,
  to: number,
) {
  out[to + 3] = 255;
  for (let c = 0; c < 3; c++) {
    const value = data[from + c * size];
    if (!Number.isFinite(value)) return out.set(NOT_FINITE, to);
    out[to + c] = 255 * (0.5 + value / (2 * limit));
  }
}

/** Sizes the canvas and draws what `paint` gave, each number a crisp rectangle. `ratio`: device pixels for a CSS pixel. */
export function drawTiles(canvas: HTMLCanvasElement, tiles: Tiles, grid: Grid, painted: Painted, ratio: number): void {
  const { width, height } = gridSize(grid);
  // Browsers refuse larger canvases; a long grid is drawn a little softer.
  const sharp = Math.min(ratio, 8192 / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * sharp));
  canvas.height = Math.max(1, Math.round(height * sharp));
  const image = new ImageData(painted.data, painted.width);
  const source = new OffscreenCanvas(image.width, image.height);
  source.getContext('2d')?.putImageData(image, 0, 0);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.imageSmoothingEnabled = false;
  for (let tile = 0; tile < tiles.tiles; tile++) {
    const { x, y } = cornerOf(grid, tile);
    const [left, top] = [(tile % grid.columns) * tiles.width, Math.floor(tile / grid.columns) * tiles.height];
    context.drawImage(source, left, top, tiles.width, tiles.height, x, y, grid.width, grid.height);
  }
}
