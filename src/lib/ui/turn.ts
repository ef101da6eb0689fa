/** @file Lets the parts of a view come one after the other: what is built in one task holds up all else on the page. */

/** Resolves in the `count`-th task from now, so that the browser can answer the person and draw in between. */
export async function turn(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve));
}

/** A page that is hidden meanwhile gets no frame. */
const NO_FRAME_MS = 200;

/**
 * Resolves in the task after the next frame: what takes the processor's cores begins when the page has been drawn. At once where
 * nobody sees the page: it gets no frames, and its timers are slowed down, to one a minute in the end.
 */
export const drawn = (): Promise<void> =>
  new Promise((resolve) => {
    if (document.hidden) return resolve();
    const timer = setTimeout(resolve, NO_FRAME_MS);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      setTimeout(resolve);
    });
  });
