/** @file Width and height that an image file announces, read from its first bytes: known before anything is decoded. */

export interface Announced {
  readonly format: 'PNG' | 'JPEG' | 'WebP' | 'GIF' | 'BMP' | 'AVIF' | 'ICO';
  /** Pixels, as written in the file: 0 and absurd sizes included. */
  readonly width: number;
  readonly height: number;
}

const ascii = (v: DataView, at: number, length: number): string =>
  at + length > v.byteLength ? '' : String.fromCharCode(...Array.from({ length }, (_, i) => v.getUint8(at + i)));

/** The size of a PNG, JPEG, WebP, GIF, BMP, AVIF or ICO image, of several in one file the largest; null for another format or where the header is cut short. */
export function announcedSize(bytes: ArrayBuffer): Announced | null {
  const view = new DataView(bytes);
  for (const read of [png, gif, bmp, webp, jpeg, avif, ico]) {
    const found = read(view);
    if (found) return found;
  }
  return null;
}

function png(v: DataView): Announced | null {
  if (v.byteLength < 24 || ascii(v, 1, 3) !== 'PNG' || v.getUint8(0) !== 0x89) return null;
  return { format: 'PNG', width: v.getUint32(16), height: v.getUint32(20) };
}

function gif(v: DataView): Announced | null {
  if (ascii(v, 0, 4) !== 'GIF8' || v.byteLength < 10) return null;
  return { format: 'GIF', width: v.getUint16(6, true), height: v.getUint16(8, true) };
}

/** A negative height means that rows run downwards. */
function bmp(v: DataView): Announced | null {
  if (ascii(v, 0, 2) !== 'BM' || v.byteLength < 26) return null;
  if (v.getUint32(14, true) === 12)
    return { format: 'BMP', width: v.getUint16(18, true), height: v.getUint16(20, true) };
  return { format: 'BMP', width: Math.abs(v.getInt32(18, true)), height: Math.abs(v.getInt32(22, true)) };
}

/** How far into a file its boxes are searched: they stand before the pictures. */
const AVIF_BOXES = 65_536;

/** A file of boxes; each picture, tile and thumbnail in it has an `ispe` box with its size. */
function avif(v: DataView): Announced | null {
  if (ascii(v, 4, 4) !== 'ftyp' || !/avi[fs]|mif1/.test(ascii(v, 8, Math.min(64, v.byteLength - 8)))) return null;
  let largest: Announced | null = null;
  for (let at = 12; at + 16 <= Math.min(v.byteLength, AVIF_BOXES); at++) {
    if (v.getUint32(at) !== ISPE) continue;
    const [width, height] = [v.getUint32(at + 8), v.getUint32(at + 12)];
    if (!largest || width * height > largest.width * largest.height) largest = { format: 'AVIF', width, height };
  }
  return largest;
}

/** "ispe". */
const ISPE = 0x69737065;

/** A directory of up to 256×256 pixels each, where 0 stands for 256, or of PNG files, which say more. */
function ico(v: DataView): Announced | null {
  if (v.byteLength < 22 || v.getUint32(0, true) !== 0x10000) return null;
  const count = Math.min(v.getUint16(4, true), Math.floor((v.byteLength - 6) / 16));
  let largest = { width: 0, height: 0 };
  for (let i = 0; i < count; i++) {
    const entry = 6 + 16 * i;
    const offset = v.getUint32(entry + 12, true);
    const inside = offset < v.byteLength ? png(new DataView(v.buffer, offset)) : null;
    const found = inside ?? { width: v.getUint8(entry) || 256, height: v.getUint8(entry + 1) || 256 };
    if (found.width * found.height >= largest.width * largest.height) largest = found;
  }
  return count === 0 ? null : { format: 'ICO', width: largest.width, height: largest.height };
}

/** Three kinds of first chunk: lossy (a VP8 key frame), lossless, and extended with the size of the canvas. */
function webp(v: DataView): Announced | null {
  if (ascii(v, 0, 4) !== 'RIFF' || ascii(v, 8, 4) !== 'WEBP' || v.byteLength < 30) return null;
  const uint24 = (at: number) => v.getUint16(at, true) | (v.getUint8(at + 2) << 16);
  switch (ascii(v, 12, 4)) {
    case 'VP8 ':
      return { format: 'WebP', width: v.getUint16(26, true) & 0x3fff, height: v.getUint16(28, true) & 0x3fff };
    case 'VP8L': {
      const bits = v.getUint32(21, true);
      return { format: 'WebP', width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { format: 'WebP', width: uint24(24) + 1, height: uint24(27) + 1 };
  }
  return null;
}

/** A JPEG is a list of segments; the size stands in the frame's, the first one of the kinds SOF0 … SOF15. */
function jpeg(v: DataView): Announced | null {
  if (v.byteLength < 4 || v.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= v.byteLength) {
    const marker = v.getUint8(at + 1);
    if (v.getUint8(at) !== 0xff) return null;
    if (marker === 0xff) at += 1;
    else if (isFrame(marker)) return { format: 'JPEG', width: v.getUint16(at + 7), height: v.getUint16(at + 5) };
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (marker === 0xd9 || marker === 0xda) return null;
    else at += 2 + Math.max(2, v.getUint16(at + 2));
  }
  return null;
}

/** SOF0 … SOF15 without the three that define tables. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Most pixels that are decoded: 512 MiB as RGBA. Cameras of telephones reach 108 million. */
export const MOST_PIXELS = 2 ** 27;

/** Longest side that browsers draw on a canvas. */
export const LONGEST_SIDE = 32_767;

/** Throws an Error naming file, size and limit where decoding would take too much memory or cannot end well. */
export function refuseSize(name: string, { width, height }: { width: number; height: number }): void {
  if (width === 0 || height === 0)
    throw new Error(`${name}: the file says that it is ${width}×${height} pixels. It is damaged: save it again.`);
  if (width * height > MOST_PIXELS)
    throw new Error(
      `${name}: ${width}×${height} are ${Math.round((width * height) / 1e6)} million pixels, the most is ${Math.round(MOST_PIXELS / 1e6)} million. Scale the image down first: the model sees far fewer.`,
    );
  if (Math.max(width, height) > LONGEST_SIDE)
    throw new Error(
      `${name}: ${width}×${height} pixels, the longest side that browsers draw is ${LONGEST_SIDE}. Scale or cut the image first.`,
    );
}

/** What a person should know of how an image is read, a sentence each: what of the file is not used. */
export function imageNotes(bytes: ArrayBuffer): string[] {
  const view = new DataView(bytes);
  return [
    ...(isAnimated(view) ? ['An animation: its first picture is used.'] : []),
    ...(ascii(view, 1, 3) === 'PNG' && bytes.byteLength > 24 && view.getUint8(24) === 16
      ? ['16 bits a channel, of which the upper 8 are used.']
      : []),
  ];
}

function isAnimated(v: DataView): boolean {
  if (ascii(v, 0, 4) === 'GIF8') return gifPictures(v) > 1;
  if (ascii(v, 1, 3) === 'PNG') return isAnimatedPng(v);
  return ascii(v, 0, 4) === 'RIFF' && ascii(v, 12, 4) === 'VP8X' && v.byteLength > 20 && (v.getUint8(20) & 2) !== 0;
}

/** An animated PNG says so before its first data. */
function isAnimatedPng(v: DataView): boolean {
  for (let at = 8; at + 8 <= v.byteLength; at += 12 + v.getUint32(at)) {
    const type = ascii(v, at + 4, 4);
    if (type === 'acTL') return true;
    if (type === 'IDAT') return false;
  }
  return false;
}

/** How many pictures a GIF holds, counted up to two. */
function gifPictures(v: DataView): number {
  const table = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  if (v.byteLength < 13) return 0;
  let at = 13 + table(v.getUint8(10));
  let pictures = 0;
  while (pictures < 2 && at + 10 <= v.byteLength) {
    const kind = v.getUint8(at);
    if (kind === 0x2c) {
      pictures++;
      at += 11 + table(v.getUint8(at + 9));
    } else if (kind === 0x21) at += 2;
    else break;
    while (at < v.byteLength && v.getUint8(at) !== 0) at += 1 + v.getUint8(at);
    at++;
  }
  return pictures;
}
