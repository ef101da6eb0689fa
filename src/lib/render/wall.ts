/** @file Many small stages off one WebGL context, of which a browser grants only few: drawn in turn, copied out one by one. */
import { type HeatmapData, HeatmapLayer } from './heatmap-layer.ts';
import { ImageLayer, type ImageLayerData } from './image-layer.ts';
import { type Painter, createPainter } from './painter.ts';
import type { Size, Viewport } from './viewport.ts';

export interface WallPicture {
  readonly image: ImageLayerData;
  readonly heatmap: HeatmapData | null;
  readonly viewport: Viewport;
}

/** The part of a canvas's width that is drawn, 0…1; all of it by default. */
export interface Strip {
  readonly from: number;
  readonly to: number;
}

const WHOLE: Strip = { from: 0, to: 1 };

export class Wall {
  readonly #painter: Painter;
  /** A photograph is uploaded once, however many cells show it. */
  readonly #images = new Map<ImageBitmap, ImageLayer>();
  readonly #heatmaps = new Map<string, HeatmapLayer>();
  #size: Size & { readonly ratio: number } = { width: 0, height: 0, ratio: 0 };

  /** Use `createWall`. */
  constructor(painter: Painter) {
    this.#painter = painter;
  }

  /** Called when the browser had lost what was drawn: all of it is to be drawn again. */
  set onRestored(tell: () => void) {
    this.#painter.onRestored = tell;
  }

  /**
   * Draws `picture` on a canvas of `size` CSS pixels, `ratio` device pixels each. `name`: whose scores they are; the
   * texture of a name is kept until `forget`.
   */
  draw(
    canvas: HTMLCanvasElement,
    name: string,
    { image, heatmap, viewport }: WallPicture,
    size: Size,
    ratio: number,
    strip = WHOLE,
  ): void {
    const photograph = this.#image(image.image);
    const scores = this.#heatmap(name);
    photograph.update(image);
    scores.update(heatmap);
    if (size.width !== this.#size.width || size.height !== this.#size.height || ratio !== this.#size.ratio) {
      this.#size = { ...size, ratio };
      this.#painter.resize(size, ratio);
    }
    this.#painter.show([photograph.view, scores.view]);
    this.#painter.look(viewport);
    this.#painter.draw();
    copy(this.#painter.canvas, canvas, strip);
  }

  /** Frees what belongs to names and photographs that are no longer shown. */
  forget(names: readonly string[], images: readonly ImageBitmap[]): void {
    for (const [name, layer] of this.#heatmaps) if (!names.includes(name)) this.#drop(this.#heatmaps, name, layer);
    for (const [image, layer] of this.#images) if (!images.includes(image)) this.#drop(this.#images, image, layer);
  }

  destroy(): void {
    this.forget([], []);
    this.#painter.destroy();
  }

  #image(image: ImageBitmap): ImageLayer {
    const layer = this.#images.get(image) ?? new ImageLayer();
    this.#images.set(image, layer);
    return layer;
  }

  #heatmap(name: string): HeatmapLayer {
    const layer = this.#heatmaps.get(name) ?? new HeatmapLayer();
    this.#heatmaps.set(name, layer);
    return layer;
  }

  #drop<K>(from: Map<K, ImageLayer> | Map<K, HeatmapLayer>, key: K, layer: ImageLayer | HeatmapLayer): void {
    from.delete(key);
    this.#painter.show([]);
    layer.destroy();
  }
}

/** Copies at once: the buffer of a WebGL canvas is only defined right after drawing. */
function copy(from: HTMLCanvasElement, to: HTMLCanvasElement, strip: Strip): void {
  if (to.width !== from.width || to.height !== from.height) [to.width, to.height] = [from.width, from.height];
  const context = to.getContext('2d')!;
  const [left, right] = [Math.round(strip.from * from.width), Math.round(strip.to * from.width)];
  context.clearRect(left, 0, right - left, to.height);
  if (right > left) context.drawImage(from, left, 0, right - left, from.height, left, 0, right - left, from.height);
}

/** Throws an Error where the browser offers no WebGL 2. */
export const createWall = async (): Promise<Wall> => new Wall(await createPainter(document.createElement('canvas')));
