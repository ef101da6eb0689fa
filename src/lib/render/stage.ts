/** @file The stage: one WebGL canvas with the photograph and the heatmap on it. Drawn when asked, never by a clock. */
import 'pixi.js/unsafe-eval'; // the page's policy forbids eval, with which pixi would write its uniform code
import 'pixi.js/mesh';
import { Container, WebGLRenderer } from 'pixi.js';
import { HeatmapLayer } from './heatmap-layer.ts';
import { ImageLayer } from './image-layer.ts';
import type { Size, Viewport } from './viewport.ts';

export class Stage {
  readonly image = new ImageLayer();
  readonly heatmap = new HeatmapLayer();
  readonly #renderer: WebGLRenderer<HTMLCanvasElement>;
  readonly #root = new Container();
  readonly #world = new Container();

  /** Use `createStage`. */
  constructor(renderer: WebGLRenderer<HTMLCanvasElement>) {
    this.#renderer = renderer;
    this.#world.addChild(this.image.view, this.heatmap.view);
    this.#root.addChild(this.#world);
  }

  /** CSS pixels, and device pixels per CSS pixel. */
  resize({ width, height }: Size, ratio: number): void {
    this.#renderer.resize(Math.max(1, width), Math.max(1, height), ratio);
  }

  look({ scale, x, y }: Viewport): void {
    this.#world.scale.set(scale);
    this.#world.position.set(x, y);
  }

  draw(): void {
    this.#renderer.render(this.#root);
  }

  /** The stage as it stands, as a PNG. */
  snapshot(): Promise<Blob> {
    // The buffer is only defined right after drawing.
    this.draw();
    return new Promise((resolve, reject) => {
      this.#renderer.canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error('Stage: the browser could not encode the picture as PNG.'))),
        'image/png',
      );
    });
  }

  destroy(): void {
    this.image.destroy();
    this.heatmap.destroy();
    this.#root.destroy({ children: true });
    this.#renderer.destroy();
  }
}

/** Throws an Error where the browser offers no WebGL 2. */
export async function createStage(canvas: HTMLCanvasElement): Promise<Stage> {
  const renderer = new WebGLRenderer<HTMLCanvasElement>();
  await renderer.init({
    canvas,
    width: 1,
    height: 1,
    antialias: false,
    autoDensity: false,
    backgroundAlpha: 0,
    preferWebGLVersion: 2,
    skipExtensionImports: true,
  });
  if (renderer.context.webGLVersion !== 2) throw new Error('Stage: this browser offers no WebGL 2.');
  return new Stage(renderer);
}
