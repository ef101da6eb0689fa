/** @file Every picture of the page off one WebGL context, of which a browser grants only few: drawn in turn, handed out as bitmaps. */
import { HeatmapLayer } from './heatmap-layer.ts';
import { ImageLayer } from './image-layer.ts';
import { type Painter, createPainter } from './painter.ts';
import type { Part } from './parts.ts';
import type { Picture } from './picture.ts';

export class Studio {
  readonly #painter: Painter<OffscreenCanvas>;
  /** By what is uploaded: a photograph is uploaded once, however many canvases show it. */
  readonly #images = new Map<Part, ImageLayer>();
  readonly #heatmaps = new Map<Part, HeatmapLayer>();

  /** Use `createStudio`. */
  constructor(painter: Painter<OffscreenCanvas>) {
    this.#painter = painter;
  }

  /** Called when the browser gave back a context that it had taken: what was handed out may be gone. */
  set onRestored(tell: () => void) {
    this.#painter.onRestored = tell;
  }

  /** Null while the browser has taken the context away. */
  frame(picture: Picture): ImageBitmap | null {
    this.#draw(picture);
    return this.#painter.lost ? null : this.#painter.canvas.transferToImageBitmap();
  }

  /** Rejects where the browser cannot encode it. */
  png(picture: Picture): Promise<Blob> {
    this.#draw(picture);
    return this.#painter.canvas.convertToBlob({ type: 'image/png' });
  }

  /** Frees what belongs to a part that no canvas shows any more. */
  forget(part: Part): void {
    const layer = this.#images.get(part) ?? this.#heatmaps.get(part);
    this.#images.delete(part);
    this.#heatmaps.delete(part);
    this.#painter.show([]);
    layer?.destroy();
  }

  destroy(): void {
    for (const part of [...this.#images.keys(), ...this.#heatmaps.keys()]) this.forget(part);
    this.#painter.destroy();
  }

  #draw({ size, ratio, strips }: Picture): void {
    this.#painter.resize(size, ratio);
    for (const { image, heatmap, viewport, from } of strips) {
      const photograph = layerOf(this.#images, image.image, ImageLayer);
      const scores = heatmap && layerOf(this.#heatmaps, heatmap.map.data, HeatmapLayer);
      photograph.update(image);
      scores?.update(heatmap);
      this.#painter.show(scores ? [photograph.view, scores.view] : [photograph.view]);
      this.#painter.look(viewport);
      this.#painter.draw(from);
    }
  }
}

function layerOf<L>(layers: Map<Part, L>, part: Part, Layer: new () => L): L {
  const layer = layers.get(part) ?? new Layer();
  layers.set(part, layer);
  return layer;
}

/** Throws an Error where the browser offers no WebGL 2. */
export const createStudio = async (canvas = new OffscreenCanvas(1, 1)): Promise<Studio> =>
  new Studio(await createPainter(canvas));
