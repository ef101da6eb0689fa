/** @file Where the person looks: zoom, and the score under the pointer or the keyboard's cursor. */
import type { FloatTensor } from '../tensor/tensor.ts';
import { mapSize } from '../render/scale.ts';
import {
  NO_ZOOM,
  type Point,
  type Rect,
  type Size,
  type Viewport,
  type Zoom,
  cellAt,
  cellRect,
  fit,
  pan,
  reveal,
  toImage,
  toStage,
  union,
  zoomAt,
} from '../render/viewport.ts';

/** What lies on the stage. */
export interface Sight {
  readonly image: Size;
  /** What the model sees of it, in image pixels. */
  readonly seen: Rect;
  /** Summed over channels; null while there is no result. */
  readonly map: FloatTensor | null;
  readonly scores: FloatTensor | null;
}

export interface Reading {
  readonly cell: Point;
  /** Centre of the cell, in image pixels. */
  readonly pixel: Point;
  readonly sum: number;
  /** Of each channel; empty where there is but one. */
  readonly channels: readonly number[];
}

export class Inspector {
  size = $state.raw<Size>({ width: 1, height: 1 });
  zoom = $state.raw<Zoom>(NO_ZOOM);
  cell = $state.raw<Point | null>(null);
  readonly #sight: () => Sight | null;

  constructor(sight: () => Sight | null) {
    this.#sight = sight;
  }

  readonly bounds: Rect = $derived.by(() => {
    const sight = this.#sight();
    return sight ? union({ x: 0, y: 0, ...sight.image }, sight.seen) : { x: 0, y: 0, width: 1, height: 1 };
  });

  readonly viewport: Viewport = $derived(fit(this.bounds, this.size, this.zoom));

  /** What is under the cursor; null outside of the map. */
  readonly reading: Reading | null = $derived.by(() => {
    const [sight, cell] = [this.#sight(), this.cell];
    if (!sight?.map || !sight.scores || !cell) return null;
    const { width, height } = mapSize(sight.map);
    if (cell.x >= width || cell.y >= height) return null;
    const at = cell.y * width + cell.x;
    const depth = sight.scores.data.length / (width * height);
    const area = cellRect(cell, sight.seen, { width, height });
    return {
      cell,
      pixel: { x: Math.floor(area.x + area.width / 2), y: Math.floor(area.y + area.height / 2) },
      sum: sight.map.data[at],
      channels: depth > 1 ? Array.from({ length: depth }, (_, c) => sight.scores!.data[c * width * height + at]) : [],
    };
  });

  /** The cell under the cursor, in stage pixels. */
  readonly marked: Rect | null = $derived.by(() => {
    const [sight, cell] = [this.#sight(), this.cell];
    return sight?.map && cell ? toStage(this.viewport, cellRect(cell, sight.seen, mapSize(sight.map))) : null;
  });

  point(at: Point | null): void {
    const sight = this.#sight();
    this.cell = at && sight?.map ? cellAt(toImage(this.viewport, at), sight.seen, mapSize(sight.map)) : null;
  }

  /** Moves the cursor by cells, and the picture with it; the first move puts it into the middle. */
  step(dx: number, dy: number): void {
    const sight = this.#sight();
    if (!sight?.map) return;
    const { width, height } = mapSize(sight.map);
    const from = this.cell ?? { x: width >> 1, y: height >> 1 };
    this.cell = {
      x: Math.min(width - 1, Math.max(0, from.x + dx)),
      y: Math.min(height - 1, Math.max(0, from.y + dy)),
    };
    const area = cellRect(this.cell, sight.seen, { width, height });
    this.zoom = reveal(this.zoom, area, this.bounds, this.size);
  }

  /** About `at`; without it about the cursor, else about the middle. */
  zoomBy(ratio: number, at: Point = centreOf(this.marked, this.size)): void {
    this.zoom = zoomAt(this.zoom, ratio, at, this.bounds, this.size);
  }

  panBy(by: Point): void {
    if (this.zoom.factor > 1) this.zoom = pan(this.zoom, by, this.bounds, this.size);
  }

  reset(): void {
    this.zoom = NO_ZOOM;
  }
}

/** The middle of what is marked, else of the stage. */
export const centreOf = (marked: Rect | null, { width, height }: Size): Point =>
  marked ? { x: marked.x + marked.width / 2, y: marked.y + marked.height / 2 } : { x: width / 2, y: height / 2 };
