/** @file From the bytes of an image file to pixels, by the browser's own decoders. Works in a worker. */
import { refuseSize } from './header.ts';
import type { Pixels } from './types.ts';

/** Above this many pixels an image is halved until it fits: the model sees far fewer, and the page must not run out of memory. */
const MOST_PIXELS = 24_000_000;

export interface Decoded {
  readonly pixels: Pixels;
  /** Size in the file, before any halving. */
  readonly width: number;
  readonly height: number;
}

/** Throws an Error that names the file when the bytes are no image that this browser reads. */
export async function decodeImage(name: string, bytes: ArrayBuffer): Promise<Decoded> {
  if (bytes.byteLength === 0)
    throw new Error(`${name}: the file is empty. Choose a PNG, JPEG, WebP, GIF, BMP or AVIF image.`);
  const blob = new Blob([bytes]);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch {
    throw new Error(
      `${name}: not an image that this browser can read. Choose a PNG, JPEG, WebP, GIF, BMP or AVIF image.`,
    );
  }
  const { width, height } = bitmap;
  refuseSize(name, bitmap);
  const shrink = Math.max(1, Math.sqrt((width * height) / MOST_PIXELS));
  const [w, h] = [Math.max(1, Math.round(width / shrink)), Math.max(1, Math.round(height / shrink))];
  const canvas = new OffscreenCanvas(w, h);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new Error(`${name}: ${width}×${height} pixels do not fit in this browser's memory. Choose a smaller image.`);
  context.drawImage(bitmap, 0, 0, w, h);
  bitmap.close();
  const { data } = context.getImageData(0, 0, w, h);
  return { pixels: { width: w, height: h, data }, width, height };
}
