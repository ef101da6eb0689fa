/** @file The long link to what is on show: its picture is a JPEG of what the model sees. */
import { described, longLink } from '../state/share-bundle.ts';
import type { Sharing } from '../state/share.svelte.ts';
import type { AttributionResult } from '../state/workspace.svelte.ts';
import type { Rect, Size } from '../render/viewport.ts';
import { encode } from './share-poster.ts';

/** The fragment. Throws an Error where the map is too large, or the browser cannot encode the picture. */
export async function longLinkOf(share: Sharing, result: AttributionResult): Promise<string> {
  const { record, result: numbers, maps } = described(share, result);
  const { slots } = share.workspace.inputs;
  const [first, ...others] = [numbers, ...numbers.others].map(({ size, crop }, i) => {
    const { width, height } = [record, ...record.others][i].preprocessing;
    return { ...placed(size, crop, Math.max(width, height)), image: size, url: slots[i].picture.url };
  });
  const inputs = [first, ...others].map(async ({ url, image, ...place }, i) => ({
    scores: maps[i].map,
    input: await jpegOf(url, image, place),
  }));
  const cut = numbers.others.map(({ name }, i) => ({ name, size: others[i].size, crop: others[i].crop }));
  return longLink(record, { ...numbers, size: first.size, crop: first.crop, others: cut }, await Promise.all(inputs));
}

/** Pixels on the longer side: as many as the model sees, within what looks well and stays short. */
const SIDE = { least: 256, most: 448 };
const QUALITY = 0.8;

export interface Placed {
  /** The part of the image that is kept. */
  readonly visible: Rect;
  /** Of the kept picture. */
  readonly size: Size;
  /** Where the map lies on it; beyond its edges where the model was fed a frame around the image. */
  readonly crop: Rect;
}

/** Cuts an image to what the model sees of it, at `side` pixels where it has as many. */
export function placed(image: Size, crop: Rect, side: number): Placed {
  const x = Math.max(0, crop.x);
  const y = Math.max(0, crop.y);
  const visible = {
    x,
    y,
    width: Math.min(image.width, crop.x + crop.width) - x,
    height: Math.min(image.height, crop.y + crop.height) - y,
  };
  const wanted = Math.min(SIDE.most, Math.max(SIDE.least, side));
  const shrink = Math.min(1, wanted / Math.max(visible.width, visible.height));
  const size = {
    width: Math.max(1, Math.round(visible.width * shrink)),
    height: Math.max(1, Math.round(visible.height * shrink)),
  };
  const [across, down] = [size.width / visible.width, size.height / visible.height];
  return {
    visible,
    size,
    crop: {
      x: (crop.x - x) * across,
      y: (crop.y - y) * down,
      width: crop.width * across,
      height: crop.height * down,
    },
  };
}

async function jpegOf(url: string, image: Size, { visible, size }: Placed): Promise<Uint8Array<ArrayBuffer>> {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  // Drawings may have no pixels of their own.
  const scale = (picture.naturalWidth || image.width) / image.width;
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('Share: the browser offers no canvas to draw the picture on.');
  context.fillStyle = 'white';
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingQuality = 'high';
  const [sx, sy, sw, sh] = [visible.x, visible.y, visible.width, visible.height].map((n) => n * scale);
  context.drawImage(picture, sx, sy, sw, sh, 0, 0, size.width, size.height);
  return new Uint8Array(await (await encode(canvas, 'image/jpeg', QUALITY)).arrayBuffer());
}
