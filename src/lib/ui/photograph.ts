/** @file An image as the browser shows it, for the GPU. */

/** Texels of the picture at `address`, the longer side at most `limit`. Rejects where the browser cannot read it. */
export async function photograph(address: string, limit: number): Promise<ImageBitmap> {
  const image = new Image();
  image.src = address;
  await image.decode();
  const [width, height] = [image.naturalWidth || 512, image.naturalHeight || 512];
  const shrink = Math.min(1, limit / Math.max(width, height));
  return createImageBitmap(image, {
    resizeWidth: Math.max(1, Math.round(width * shrink)),
    resizeHeight: Math.max(1, Math.round(height * shrink)),
    resizeQuality: 'high',
  });
}
