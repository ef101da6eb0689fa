/** @file The stage: one WebGL canvas with the photograph and the heatmap on it. Drawn when asked, never by a clock. */
import { HeatmapLayer } from './heatmap-layer.ts';
import { ImageLayer } from './image-layer.ts';
import { type Painter, createPainter } from './painter.ts';
import type { Size, Viewport } from './viewport.ts';

export class Stage {
  readonly image = new ImageLayer();
  readonly heatmap = new HeatmapLayer();
  readonly #painter: Painter;

  /** Use `createStage`. */
  constructor(painter: Painter) {
    this.#painter = painter;
    painter.show([this.image.view, this.heatmap.view]);
  }

  /** CSS pixels, and device pixels per CSS pixel. */
  resize(size: Size, ratio: number): void {
    this.#painter.resize(size, ratio);
  }

  look(viewport: Viewport): void {
    this.#painter.look(viewport);
  }

  draw(): void {
    this.#painter.draw();
  }

  /** The stage as it stands, as a PNG. */
  snapshot(): Promise<Blob> {
    // The buffer is only defined right after drawing.
    this.draw();
    return new Promise((resolve, reject) => {
      this.#painter.canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error('Stage: the browser could not encode the picture as PNG.'))),
        'image/png',
      );
    });
  }

  destroy(): void {
    this.image.destroy();
    this.heatmap.destroy();
    this.#painter.destroy();
  }
}

/** Throws an Error where the browser offers no WebGL 2. */
export const createStage = async (canvas: HTMLCanvasElement): Promise<Stage> => new Stage(await createPainter(canvas));
