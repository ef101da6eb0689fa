/** @file Where each channel of a layer lies in a grid of feature maps, and which value lies under a point. Pure geometry. */
import type { Point, Rect, Size } from './viewport.ts';

/** Channels of one layer: `prefix` values of tokens outside of the grid, then height · width values, for each channel. */
export interface GridShape {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly prefix: number;
}

/** A grid in CSS pixels: every channel has a cell of the same size, filled row by row. */
export interface AtlasLayout {
  readonly columns: number;
  readonly rows: number;
  readonly gap: number;
  /** The map, and below it the strip of the tokens before it. */
  readonly cell: Size;
  readonly map: Size;
  /** Side of a token's square in the strip; 0 without such tokens. */
  readonly token: number;
  /** Of the whole grid. */
  readonly width: number;
  readonly height: number;
}

/** A value: the how-manieth channel in the order on show, and which of its values, prefix first. */
export interface Spot {
  readonly rank: number;
  readonly element: number;
}

export const MIN_TILE = 16;
/** As small as a tile gets unless a person wants it smaller. */
const LEAST_FAIR_TILE = 64;
const GAP = 3;
/** Between a map and its strip of tokens. */
export const STRIP_GAP = 2;
const MAX_TOKEN = 10;
/** Longer maps are drawn shorter than they are, so that they can be seen. */
const MAX_ASPECT = 8;

export const valuesOf = ({ height, width, prefix }: GridShape): number => prefix + height * width;

/** The grid in `room` CSS pixels of width; `tile` is a map's longer side. */
export function layoutOf(shape: GridShape, room: number, tile: number, gap = GAP): AtlasLayout {
  const side = Math.max(1, Math.min(Math.round(tile), Math.floor(room)));
  const aspect = Math.min(MAX_ASPECT, Math.max(1 / MAX_ASPECT, shape.height / shape.width));
  const map = {
    width: aspect <= 1 ? side : Math.max(1, Math.round(side / aspect)),
    height: aspect <= 1 ? Math.max(1, Math.round(side * aspect)) : side,
  };
  const token = shape.prefix === 0 ? 0 : Math.max(1, Math.min(MAX_TOKEN, Math.floor(map.width / shape.prefix)));
  const cell = { width: map.width, height: map.height + (token && token + STRIP_GAP) };
  const columns = Math.max(1, Math.min(shape.count, Math.floor((room + gap) / (cell.width + gap))));
  const rows = Math.ceil(shape.count / columns);
  return {
    columns,
    rows,
    gap,
    cell,
    map,
    token,
    width: Math.max(0, columns * (cell.width + gap) - gap),
    height: Math.max(0, rows * (cell.height + gap) - gap),
  };
}

/** A tile that suits a layer: few channels are drawn large, but not a map of few values larger than helps; rows are full. */
export function tileFor({ count, height, width }: GridShape, room: Size): number {
  const fair = Math.sqrt((room.width * room.height) / Math.max(1, count)) - GAP;
  const most = Math.min(320, Math.max(LEAST_FAIR_TILE, 24 * Math.max(height, width)));
  const tile = Math.min(room.width, Math.max(LEAST_FAIR_TILE, Math.min(fair, most)));
  const columns = Math.ceil((room.width + GAP) / (tile + GAP));
  return Math.floor(columns > count || height > width ? tile : (room.width + GAP) / columns - GAP);
}

/** From a cell to the next. */
export const pitchOf = ({ cell, gap }: AtlasLayout): Size => ({ width: cell.width + gap, height: cell.height + gap });

/** What lies under a point of the grid; null in gaps, behind the last channel and outside. */
export function spotAt(layout: AtlasLayout, shape: GridShape, { x, y }: Point): Spot | null {
  const pitch = pitchOf(layout);
  const [column, row] = [Math.floor(x / pitch.width), Math.floor(y / pitch.height)];
  const rank = row * layout.columns + column;
  if (x < 0 || y < 0 || column >= layout.columns || rank >= shape.count) return null;
  const [dx, dy] = [x - column * pitch.width, y - row * pitch.height];
  if (dx >= layout.cell.width || dy >= layout.cell.height) return null;
  if (dy < layout.map.height) {
    const across = Math.floor((dx / layout.map.width) * shape.width);
    const down = Math.floor((dy / layout.map.height) * shape.height);
    return { rank, element: shape.prefix + down * shape.width + across };
  }
  const token = Math.floor(dx / layout.token);
  return dy >= layout.map.height + STRIP_GAP && token < shape.prefix ? { rank, element: token } : null;
}

/** The cell of a channel. */
export function cellOf(layout: AtlasLayout, rank: number): Rect {
  const pitch = pitchOf(layout);
  const [column, row] = [rank % layout.columns, Math.floor(rank / layout.columns)];
  return { x: column * pitch.width, y: row * pitch.height, ...layout.cell };
}

/** The rectangle of one value. */
export function valueRect(layout: AtlasLayout, shape: GridShape, { rank, element }: Spot): Rect {
  const { x, y } = cellOf(layout, rank);
  const { map, token } = layout;
  if (element < shape.prefix)
    return { x: x + element * token, y: y + map.height + STRIP_GAP, width: token, height: token };
  const at = element - shape.prefix;
  const [width, height] = [map.width / shape.width, map.height / shape.height];
  return { x: x + (at % shape.width) * width, y: y + Math.floor(at / shape.width) * height, width, height };
}

/**
 * A grid for a picture file: whole pixels for each value, about square, no side beyond `limit` pixels where tiles can be
 * made that small.
 */
export function pictureLayout(shape: GridShape, limit: number): AtlasLayout {
  const longest = Math.max(shape.height, shape.width);
  const build = (tile: number): AtlasLayout => {
    const columns = Math.ceil(Math.sqrt(shape.count));
    const { cell } = layoutOf(shape, tile, tile, 1);
    return layoutOf(shape, columns * (cell.width + 1) - 1, tile, 1);
  };
  let layout = build(longest * Math.max(1, Math.ceil(48 / longest)));
  for (let tile = longest; Math.max(layout.width, layout.height) > limit && tile >= 1; tile >>= 1) layout = build(tile);
  return layout;
}
