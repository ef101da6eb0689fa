/** @file Pixels as a canvas. */

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** Draws RGBA pixels on `canvas`, which takes their size. */
export function canvasOf(
  { width, height, data }: Pixels,
  canvas = document.createElement('canvas'),
): HTMLCanvasElement {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  return canvas;
}
