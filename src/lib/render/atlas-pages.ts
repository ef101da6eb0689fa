/** @file Where the texels of a grid of feature maps lie in textures, and which parts of them go where. Pure geometry. */
import { type AtlasLayout, type GridShape, STRIP_GAP, cellOf, pitchOf } from './atlas-layout.ts';
import type { Rect, Size } from './viewport.ts';

/**
 * A layer's channels in the order on show, as many to a page as fill one texture. Each has a box of texels: its map, and in a
 * row below it the tokens outside of the grid.
 */
export interface Pages {
  /** Of a map, in texels: one for each value, or as many as it has pixels on the screen where those are fewer. */
  readonly map: Size;
  readonly box: Size;
  /** Boxes side by side, and in the whole of a page. */
  readonly perRow: number;
  readonly perPage: number;
}

/** Quads for the channels of one page: corners in CSS pixels of the grid, and the same corners in the texture, 0…1. */
export interface Quads {
  readonly positions: Float32Array;
  readonly uvs: Float32Array;
  readonly indices: Uint32Array;
}

/** Texels on the side of a page: 4 MB. A page is coloured as a whole, when the first of its channels comes into sight. */
const SIDE = 1024;

/** `ratio`: device pixels for a CSS pixel; `limit`: texels that a texture may have on a side. */
export function pagesOf(shape: GridShape, layout: AtlasLayout, ratio: number, limit: number): Pages {
  const texels = (values: number, pixels: number): number =>
    Math.max(1, Math.min(values, limit - 1, Math.round(pixels * ratio)));
  const map = { width: texels(shape.width, layout.map.width), height: texels(shape.height, layout.map.height) };
  const box = { width: Math.max(map.width, shape.prefix), height: map.height + (shape.prefix > 0 ? 1 : 0) };
  const side = Math.min(SIDE, limit);
  const most = Math.max(1, Math.floor((side * side) / (box.width * box.height)));
  const perRow = Math.max(1, Math.min(shape.count, most, Math.floor(side / box.width)));
  const rows = Math.max(1, Math.min(Math.floor(most / perRow), Math.floor(limit / box.height)));
  return { map, box, perRow, perPage: perRow * rows };
}

/** Texels of a page; the last has no more rows than it needs. */
export function pageSize({ box, perRow, perPage }: Pages, page: number, count: number): Size {
  const held = Math.min(perPage, count - page * perPage);
  return { width: perRow * box.width, height: Math.ceil(held / perRow) * box.height };
}

/** Upper left corner of a channel's box in its page. */
export function boxOf({ box, perRow, perPage }: Pages, rank: number): { x: number; y: number } {
  const at = rank % perPage;
  return { x: (at % perRow) * box.width, y: Math.floor(at / perRow) * box.height };
}

/** The channels [first, end) of which `sight`, in CSS pixels of the grid, may show a part. */
export function ranksIn(layout: AtlasLayout, count: number, sight: Rect): readonly [first: number, end: number] {
  const { height } = pitchOf(layout);
  const clamped = (row: number): number => Math.min(count, Math.max(0, row) * layout.columns);
  return [clamped(Math.floor(sight.y / height)), clamped(Math.ceil((sight.y + sight.height) / height))];
}

/** Of the channels [first, end), which are all on one page of `size` texels. */
export function quadsOf(
  shape: GridShape,
  layout: AtlasLayout,
  pages: Pages,
  size: Size,
  first: number,
  end: number,
): Quads {
  const each = shape.prefix > 0 ? 2 : 1;
  const count = each * Math.max(0, end - first);
  const positions = new Float32Array(8 * count);
  const uvs = new Float32Array(8 * count);
  const indices = new Uint32Array(6 * count);
  const put = (quad: number, on: Rect, from: Rect): void => {
    corners(positions, 8 * quad, on, 1, 1);
    corners(uvs, 8 * quad, from, size.width, size.height);
    for (let i = 0; i < 6; i++) indices[6 * quad + i] = 4 * quad + TRIANGLES[i];
  };
  for (let rank = first; rank < end; rank++) {
    const [cell, box] = [cellOf(layout, rank), boxOf(pages, rank)];
    const quad = each * (rank - first);
    put(quad, { ...cell, ...layout.map }, { ...box, ...pages.map });
    if (shape.prefix === 0) continue;
    const strip = { width: shape.prefix * layout.token, height: layout.token };
    put(
      quad + 1,
      { x: cell.x, y: cell.y + layout.map.height + STRIP_GAP, ...strip },
      { x: box.x, y: box.y + pages.map.height, width: shape.prefix, height: 1 },
    );
  }
  return { positions, uvs, indices };
}

const TRIANGLES = [0, 1, 2, 0, 2, 3];

function corners(to: Float32Array, at: number, { x, y, width, height }: Rect, across: number, down: number): void {
  const [left, right, top, bottom] = [x / across, (x + width) / across, y / down, (y + height) / down];
  to[at] = to[at + 6] = left;
  to[at + 1] = to[at + 3] = top;
  to[at + 2] = to[at + 4] = right;
  to[at + 5] = to[at + 7] = bottom;
}
