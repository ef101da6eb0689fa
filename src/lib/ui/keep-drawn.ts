/** @file A crash of the browser's graphics process takes canvases' pictures with it: they are drawn again. */

/**
 * Draws now and whenever the browser has lost what was drawn and gives the 2D canvas back; returns what ends that. In an
 * effect it is what the effect returns.
 */
export function keepDrawn(canvas: HTMLCanvasElement, draw: () => void): () => void {
  draw();
  canvas.addEventListener('contextrestored', draw);
  return () => canvas.removeEventListener('contextrestored', draw);
}
