/** @file One look at several pictures: the same zoom, and the same place under the cursor in all of them. */
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
import { type Sight, centreOf } from './inspector.svelte.ts';

export class SharedLook {
  /** Of each picture's window, in CSS pixels. */
  size = $state.raw<Size>({ width: 1, height: 1 });
  zoom = $state.raw<Zoom>(NO_ZOOM);
  /** Where the cursor is, 0…1 of what the model sees: maps of any size have such a place. */
  place = $state.raw<Point | null>(null);

  /** Column and row of a map under the place. */
  cellOf(map: FloatTensor): Point | null {
    return this.place && cellAt(this.place, { x: 0, y: 0, width: 1, height: 1 }, mapSize(map));
  }

  /** The score there. */
  scoreOf(map: FloatTensor): number | null {
    const cell = this.cellOf(map);
    return cell && map.data[cell.y * mapSize(map).width + cell.x];
  }
}

/** One picture of them. Speaks as an Inspector does. */
export class Pane {
  readonly #look: SharedLook;
  readonly #sight: () => Sight | null;

  constructor(look: SharedLook, sight: () => Sight | null) {
    this.#look = look;
    this.#sight = sight;
  }

  readonly bounds: Rect = $derived.by(() => {
    const sight = this.#sight();
    return sight ? union({ x: 0, y: 0, ...sight.image }, sight.seen) : { x: 0, y: 0, width: 1, height: 1 };
  });

  readonly viewport: Viewport = $derived.by(() => fit(this.bounds, this.#look.size, this.#look.zoom));

  /** Column and row of this picture's map under the shared place. */
  readonly cell: Point | null = $derived.by(() => {
    const map = this.#sight()?.map;
    return map ? this.#look.cellOf(map) : null;
  });

  /** The score there. */
  readonly value: number | null = $derived.by(() => {
    const map = this.#sight()?.map;
    return map ? this.#look.scoreOf(map) : null;
  });

  readonly marked: Rect | null = $derived.by(() => {
    const [sight, cell] = [this.#sight(), this.cell];
    return sight?.map && cell ? toStage(this.viewport, cellRect(cell, sight.seen, mapSize(sight.map))) : null;
  });

  get zoom(): Zoom {
    return this.#look.zoom;
  }

  point(at: Point | null): void {
    const sight = this.#sight();
    if (!at || !sight) {
      this.#look.place = null;
      return;
    }
    const { x, y } = toImage(this.viewport, at);
    const place = { x: (x - sight.seen.x) / sight.seen.width, y: (y - sight.seen.y) / sight.seen.height };
    const inside = place.x >= 0 && place.y >= 0 && place.x < 1 && place.y < 1;
    this.#look.place = inside ? place : null;
  }

  /** Moves the cursor by cells of this picture's map, to the middle of one, and the pictures with it. */
  step(dx: number, dy: number): void {
    const sight = this.#sight();
    if (!sight?.map) return;
    const { width, height } = mapSize(sight.map);
    const from = this.cell ?? { x: width >> 1, y: height >> 1 };
    const [x, y] = [Math.min(width - 1, Math.max(0, from.x + dx)), Math.min(height - 1, Math.max(0, from.y + dy))];
    this.#look.place = { x: (x + 0.5) / width, y: (y + 0.5) / height };
    const { zoom, size } = this.#look;
    this.#look.zoom = reveal(zoom, cellRect({ x, y }, sight.seen, { width, height }), this.bounds, size);
  }

  /** About `at`; without it about the cursor, else about the middle. */
  zoomBy(ratio: number, at?: Point): void {
    const { size, zoom } = this.#look;
    this.#look.zoom = zoomAt(zoom, ratio, at ?? centreOf(this.marked, size), this.bounds, size);
  }

  panBy(by: Point): void {
    const { size, zoom } = this.#look;
    if (zoom.factor > 1) this.#look.zoom = pan(zoom, by, this.bounds, size);
  }

  reset(): void {
    this.#look.zoom = NO_ZOOM;
  }
}
