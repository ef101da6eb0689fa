/** @file One WebGL context and what is drawn in it. Drawn when asked, never by a clock. */
import 'pixi.js/unsafe-eval'; // the page's policy forbids eval, with which pixi would write its uniform code
import 'pixi.js/mesh';
import { Container, WebGLRenderer } from 'pixi.js';
import type { Size, Viewport } from './viewport.ts';

type AnyCanvas = HTMLCanvasElement | OffscreenCanvas;

export class Painter<Canvas extends AnyCanvas = AnyCanvas> {
  readonly #renderer: WebGLRenderer<Canvas>;
  readonly #root = new Container();
  readonly #world = new Container();

  /** Called after the browser had lost the context, with its picture, and this was drawn again. */
  onRestored: () => void = () => undefined;

  /** Use `createPainter`. */
  constructor(renderer: WebGLRenderer<Canvas>) {
    this.#renderer = renderer;
    this.#root.addChild(this.#world);
    // The renderer has listened before and made its context anew.
    this.canvas.addEventListener('webglcontextrestored', this.#drawAgain);
  }

  get canvas(): Canvas {
    return this.#renderer.canvas;
  }

  /** Whether the browser has taken the context away for now. */
  get lost(): boolean {
    return this.#renderer.gl.isContextLost();
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

  /** Clears the canvas and draws, both only from `from` (0…1 of its width) to the right edge. */
  draw(from = 0): void {
    const { gl } = this.#renderer;
    const { width, height } = this.canvas;
    const left = Math.round(from * width);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(left, 0, width - left, height);
    this.#renderer.render(this.#root);
    gl.disable(gl.SCISSOR_TEST);
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
export async function createPainter<Canvas extends AnyCanvas>(canvas: Canvas): Promise<Painter<Canvas>> {
  const renderer = new WebGLRenderer<Canvas>();
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
