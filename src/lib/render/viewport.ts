/** @file Where the picture lies on the stage, and which pixel and which score lie under a point. Pure geometry, CSS pixels. */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** stage = offset + scale · image. */
export interface Viewport {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** What the person changed: zoom ≥ 1 about `centre`, a point of the image's bounds in 0…1. */
export interface Zoom {
  readonly factor: number;
  readonly centre: Point;
}

export const NO_ZOOM: Zoom = { factor: 1, centre: { x: 0.5, y: 0.5 } };
export const MAX_ZOOM = 32;

/** The smallest rectangle around both: the picture, and what the model sees of it (which may reach beyond its edge). */
export function union(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** `bounds` as large as fits into `stage`, centred, then zoomed. */
export function fit(bounds: Rect, stage: Size, zoom: Zoom = NO_ZOOM): Viewport {
  const scale = Math.min(stage.width / bounds.width, stage.height / bounds.height) * zoom.factor;
  const place = (from: number, length: number, room: number, centre: number): number => {
    const free = room - length * scale;
    // Larger than the stage: never shows a gap; smaller: centred.
    const wanted = free >= 0 ? free / 2 : Math.min(0, Math.max(free, room / 2 - centre * length * scale));
    return wanted - from * scale;
  };
  return {
    scale,
    x: place(bounds.x, bounds.width, stage.width, zoom.centre.x),
    y: place(bounds.y, bounds.height, stage.height, zoom.centre.y),
  };
}

export const toImage = (view: Viewport, at: Point): Point => ({
  x: (at.x - view.x) / view.scale,
  y: (at.y - view.y) / view.scale,
});

export const toStage = (view: Viewport, rect: Rect): Rect => ({
  x: view.x + rect.x * view.scale,
  y: view.y + rect.y * view.scale,
  width: rect.width * view.scale,
  height: rect.height * view.scale,
});

/** Zooms by `ratio` so that the image point under `at` stays where it is. */
export function zoomAt(zoom: Zoom, ratio: number, at: Point, bounds: Rect, stage: Size): Zoom {
  const factor = Math.min(MAX_ZOOM, Math.max(1, zoom.factor * ratio));
  if (factor === 1) return NO_ZOOM;
  const under = toImage(fit(bounds, stage, zoom), at);
  const { scale } = fit(bounds, stage, { ...zoom, factor });
  return {
    factor,
    centre: {
      x: inside((under.x - bounds.x + (stage.width / 2 - at.x) / scale) / bounds.width),
      y: inside((under.y - bounds.y + (stage.height / 2 - at.y) / scale) / bounds.height),
    },
  };
}

/** Moves the picture by so many CSS pixels, never beyond its edges. */
export function pan(zoom: Zoom, by: Point, bounds: Rect, stage: Size): Zoom {
  const { scale } = fit(bounds, stage, zoom);
  const move = (centre: number, pixels: number, length: number, room: number): number => {
    const half = room / 2 / (length * scale);
    const kept = (at: number): number => (half < 0.5 ? Math.min(1 - half, Math.max(half, at)) : 0.5);
    // From where the picture stands: a centre beyond the edge shows the same as one at the edge.
    return kept(kept(centre) - pixels / (length * scale));
  };
  return {
    factor: zoom.factor,
    centre: {
      x: move(zoom.centre.x, by.x, bounds.width, stage.width),
      y: move(zoom.centre.y, by.y, bounds.height, stage.height),
    },
  };
}

/** Moves the picture as little as is needed to show `area`, a rectangle of the image. */
export function reveal(zoom: Zoom, area: Rect, bounds: Rect, stage: Size): Zoom {
  if (zoom.factor === 1) return zoom;
  const { x, y, width, height } = toStage(fit(bounds, stage, zoom), area);
  const missing = (from: number, length: number, room: number): number => {
    if (length > room) return room / 2 - (from + length / 2);
    return from < 0 ? -from : Math.min(0, room - from - length);
  };
  return pan(zoom, { x: missing(x, width, stage.width), y: missing(y, height, stage.height) }, bounds, stage);
}

const inside = (share: number): number => Math.min(1, Math.max(0, share));

/** Column and row of the map under a point of the image; null outside the area that the map covers. */
export function cellAt(point: Point, area: Rect, map: Size): Point | null {
  const x = Math.floor(((point.x - area.x) / area.width) * map.width);
  const y = Math.floor(((point.y - area.y) / area.height) * map.height);
  return x >= 0 && y >= 0 && x < map.width && y < map.height ? { x, y } : null;
}

/** The image rectangle that a cell of the map covers. */
export function cellRect(cell: Point, area: Rect, map: Size): Rect {
  const [width, height] = [area.width / map.width, area.height / map.height];
  return { x: area.x + cell.x * width, y: area.y + cell.y * height, width, height };
}
