/** @file The brightness of a picture on the site, as numbers. */
import type { ReadPicture } from '../state/mask.svelte.ts';

/** Throws an Error where the picture cannot be had. */
export const readPicture: ReadPicture = async (url, { left, top, width: wide, height: high }, width, height) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the site answered ${response.status}.`);
  const image = await createImageBitmap(await response.blob());
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser cannot draw pictures aside. Paint the mask instead.');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, left, top, wide, high, 0, 0, width, height);
  image.close();
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]);
};
