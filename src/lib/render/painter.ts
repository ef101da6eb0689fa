/** @file One WebGL context and what is drawn in it. Drawn when asked, never by a clock. */
import 'pixi.js/unsafe-eval'; // the page's policy forbids eval, with which pixi would write its uniform code
import 'pixi.js/mesh';
import { Container, WebGLRenderer } from 'pixi.js';
import type { Size, Viewport } from './viewport.ts';

export class Painter {
  readonly #renderer: WebGLRenderer<HTMLCanvasElement>;
  readonly #root = new Container();
  readonly #world = new Container();

  /** Called after the browser had lost the context, with its picture, and this was drawn again. */
  onRestored: () => void = () => undefined;

  /** Use `createPainter`. */
  constructor(renderer: WebGLRenderer<HTMLCanvasElement>) {
    this.#renderer = renderer;
    this.#root.addChild(this.#world);
    // The renderer has listened before and made its context anew.
    this.canvas.addEventListener('webglcontextrestored', this.#drawAgain);
  }

  get canvas(): HTMLCanvasElement {
    return this.#renderer.canvas;
  }

  /** Texels that a texture may have on a side. */
  get maxTextureSize(): number {
    const { gl } = this.#renderer;
    return gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  }

  /** What is drawn from now on, the hindmost first. What stood there before is taken away, not destroyed. */
  show(views: readonly Container[]): void {
    this.#world.removeChildren();
    for (const view of views) this.#world.addChild(view);
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

  readonly #drawAgain = (): void => {
    // Chromium copies nothing from a canvas whose context came back until its size has changed.
    this.canvas.width += 1;
    this.canvas.width -= 1;
    this.draw();
    this.onRestored();
  };

  destroy(): void {
    this.canvas.removeEventListener('webglcontextrestored', this.#drawAgain);
    this.#root.destroy({ children: true });
    this.#renderer.destroy();
  }
}

/** Throws an Error where the browser offers no WebGL 2. */
export async function createPainter(canvas: HTMLCanvasElement): Promise<Painter> {
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
  return new Painter(renderer);
}
