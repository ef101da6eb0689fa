/** @file Pictures of the command line: Node has no decoder of its own. */
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { colourMaps } from '../../src/lib/render/colour-maps.ts';
import { scaleAt } from '../../src/lib/render/scale.ts';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';
import type { FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { announcedSize, refuseSize } from '../../src/lib/vision/header.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';

/** RGBA of 8 bits, as a browser decodes it. Throws an Error that names the file. */
export function decodePng(bytes: Uint8Array<ArrayBuffer>, name: string): Pixels {
  const announced = announcedSize(bytes.buffer);
  if (announced) refuseSize(name, announced);
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
    return { width, height, data: Uint8ClampedArray.from(data) };
  } catch (error) {
    throw new Error(`${name}: not a PNG that can be read: ${String(error)}. Save it again.`, { cause: error });
  }
}

const isPng = (bytes: Uint8Array): boolean => bytes[0] === 0x89 && bytes[1] === 0x50;
const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

export const isPicture = (bytes: Uint8Array): boolean => isPng(bytes) || isJpeg(bytes);

/** A PNG or JPEG. Throws an Error that names the file and what to do where it is neither. */
export function decodePicture(bytes: Uint8Array<ArrayBuffer>, name: string): Pixels {
  if (isPng(bytes)) return decodePng(bytes, name);
  if (!isJpeg(bytes)) throw new Error(`${name}: no PNG, JPEG or .npy. Convert it to one of these.`);
  const announced = announcedSize(bytes.buffer);
  if (announced) refuseSize(name, announced);
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, maxMemoryUsageInMB: 1024 });
  return { width, height, data: Uint8ClampedArray.from(data) };
}

/** A map [1, height, width] in the page's colours, a pixel for each position; the strongest is the 99th percentile. */
export function pictureOf(map: FloatTensor, signed: boolean): Uint8Array {
  const [, height, width] = map.shape;
  const { limit } = scaleAt(mapStatistics([map]), 99);
  const { colours } = colourMaps.find(({ id }) => id === (signed ? 'tide' : 'ember'))!;
  const png = new PNG({ width, height });
  map.data.forEach((value, i) => {
    const share = limit > 0 && Number.isFinite(value) ? Math.max(-1, Math.min(1, value / limit)) : 0;
    const at = Math.round(signed ? ((share + 1) / 2) * 255 : Math.max(0, share) * 255);
    png.data.set(colours.subarray(4 * at, 4 * at + 4), 4 * i);
  });
  return PNG.sync.write(png);
}
