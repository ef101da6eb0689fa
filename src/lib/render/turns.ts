/** @file Drawing in turns: many pictures that change at once do not hold up the page between two frames. */

/** What a frame may take before the rest waits for the next; a frame lasts 16 ms on most screens. */
const FRAME_MS = 6;

export class Turns {
  /** By what is drawn on: the newest wins, in the order in which they were first asked for. */
  readonly #waiting = new Map<object, () => void>();
  #asked = false;

  /** Draws on `target` with the next frames, in place of what it still waits for. */
  ask(target: object, draw: () => void): void {
    this.#waiting.set(target, draw);
    this.#askForFrame();
  }

  /** Does not draw on `target` any more. */
  forget(target: object): void {
    this.#waiting.delete(target);
  }

  /** One at least, and as many as there is time for. */
  readonly #turn = (): void => {
    this.#asked = false;
    const start = performance.now();
    for (const [target, draw] of this.#waiting) {
      if (performance.now() - start > FRAME_MS) break;
      this.#waiting.delete(target);
      draw();
    }
    if (this.#waiting.size > 0) this.#askForFrame();
  };

  #askForFrame(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(this.#turn);
  }
}
