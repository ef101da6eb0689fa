/** @file A canvas of the page and what stands on it. The newest picture wins; one is drawn at a time. */
import type { Order, StudioClient } from './client.ts';
import type { Picture } from './picture.ts';

interface Waiting {
  readonly order: Order;
  readonly shown: (shown: boolean) => void;
  readonly failed: (error: unknown) => void;
}

export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: ImageBitmapRenderingContext;
  readonly #studio: StudioClient;
  readonly #gone: () => void;
  #waiting: Waiting | null = null;
  #last: Order | null = null;
  #again = false;
  #busy = false;
  #destroyed = false;

  /** Use `StudioClient.stage`. Throws an Error where the canvas has a context of another kind. */
  constructor(canvas: HTMLCanvasElement, studio: StudioClient, gone: () => void) {
    const context = canvas.getContext('bitmaprenderer');
    if (!context) throw new Error('Stage: this browser shows no bitmaps on a canvas.');
    this.#canvas = canvas;
    this.#context = context;
    this.#studio = studio;
    this.#gone = gone;
  }

  /** Resolves with true when `picture` stands on the canvas, with false when a newer one took its place before. */
  draw(picture: Picture): Promise<boolean> {
    // Before the older one is released, so that what both need stays in the worker.
    const order = this.#studio.order(picture);
    return new Promise((shown, failed) => {
      this.#giveUp();
      this.#waiting = { order, shown, failed };
      void this.#work();
    });
  }

  /** Draws again what stands on the canvas: the browser has lost it. */
  redraw(): void {
    this.#again = this.#last !== null;
    void this.#work();
  }

  /** What was drawn last, as a PNG. */
  snapshot(): Promise<Blob> {
    if (!this.#last) return Promise.reject(new Error('Stage: nothing has been drawn yet.'));
    return this.#studio.png(this.#last.picture);
  }

  destroy(): void {
    this.#destroyed = true;
    this.#giveUp();
    if (!this.#busy) this.#releaseLast();
    this.#gone();
  }

  #giveUp(): void {
    if (!this.#waiting) return;
    this.#studio.release(this.#waiting.order);
    this.#waiting.shown(false);
    this.#waiting = null;
  }

  #releaseLast(): void {
    if (this.#last) this.#studio.release(this.#last);
    this.#last = null;
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (!this.#destroyed && (this.#waiting || this.#again)) await this.#step(this.#waiting);
    this.#busy = false;
    if (this.#destroyed) this.#releaseLast();
  }

  /** Draws `next`, else once more what was drawn last. */
  async #step(next: Waiting | null): Promise<void> {
    this.#waiting = null;
    this.#again = false;
    if (next) {
      this.#releaseLast();
      this.#last = next.order;
    }
    try {
      const frame = await this.#studio.frame(this.#last!);
      // Without a frame the graphics are gone for now: it is drawn when they come back.
      if (frame) this.#show(frame);
      next?.shown(!this.#destroyed);
    } catch (error) {
      next?.failed(error);
    }
  }

  #show(frame: ImageBitmap): void {
    if (this.#destroyed) return frame.close();
    const { width, height } = frame;
    // The bitmap does not need them, but who reads the canvas goes by them; setting them clears it.
    if (this.#canvas.width !== width || this.#canvas.height !== height)
      [this.#canvas.width, this.#canvas.height] = [width, height];
    this.#context.transferFromImageBitmap(frame);
  }
}
