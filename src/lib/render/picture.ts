/** @file What is drawn on a canvas, as plain data: the page says it, the drawing worker draws it. */
import type { HeatmapData } from './heatmap-layer.ts';
import type { ImageLayerData } from './image-layer.ts';
import type { Size, Viewport } from './viewport.ts';

/** A photograph and the scores on it. */
export interface Overlaid {
  readonly image: ImageLayerData;
  readonly heatmap: HeatmapData | null;
  readonly viewport: Viewport;
}

/** Drawn from `from` (0…1 of the canvas's width) to the right edge, in place of what stood there. */
export interface Strip extends Overlaid {
  readonly from: number;
}

export interface Picture {
  /** CSS pixels. */
  readonly size: Size;
  /** Device pixels for each CSS pixel. */
  readonly ratio: number;
  /** In the order in which they are drawn. */
  readonly strips: readonly Strip[];
}

/** One photograph with its scores on the whole canvas. */
export const whole = (overlaid: Overlaid, size: Size, ratio: number): Picture => ({
  size,
  ratio,
  strips: [{ ...overlaid, from: 0 }],
});
