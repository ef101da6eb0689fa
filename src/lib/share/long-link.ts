/**
 * @file Long links: what a bundle holds, small enough for an address. The picture is a JPEG of what the model sees, the map
 * is rounded to 8 bits. It is read like a bundle, and shown like one.
 */
import { announcedSize } from '../vision/header.ts';
import { type FloatTensor, float32 } from '../tensor/tensor.ts';
import { type Exhibit, BundleError, readSettings, settingsJson } from './bundle.ts';
import { type Kind, LinkError, seal, unseal } from './envelope.ts';
import { SchemaError } from './schema.ts';

const LONG: Kind = { letter: 'b', version: 1, maxLetters: 1_000_000, maxBytes: 2 ** 20 };

/** Positions of a map beyond which there is no long link. */
export const MOST_POSITIONS = 2 ** 18;
const MOST_PIXELS = 2 ** 22;

/** Bytes before the content: lengths of settings and picture, height and width of the map, its largest magnitude. */
const HEAD = 16;
/** Stands for what is not finite. */
const NONE = -128;
const LEVELS = 127;

/**
 * Largest error of a rounded score, as a share of the map's largest magnitude: half a step of the square root, where steps
 * are widest.
 */
export const ROUNDING = 1 / LEVELS;

/**
 * The fragment, with its `#`. `exhibit.scores` must be the map, [1, height, width], at most 2¹⁸ positions; `exhibit.input`
 * a JPEG of the size that `exhibit.result` says. Throws an Error where the map is too large.
 */
export function encodeLongLink(exhibit: Exhibit): string {
  const [depth, height, width] = exhibit.scores.shape;
  if (depth !== 1 || height * width > MOST_POSITIONS) {
    const size = `${height} × ${width} positions`;
    throw new Error(
      `Share: a map of ${size} is too large for a link, which may have ${MOST_POSITIONS}. Save a bundle.`,
    );
  }
  const settings = new TextEncoder().encode(settingsJson(exhibit.record, exhibit.result, 0));
  const { rounded, limit } = round(exhibit.scores.data);
  const bytes = new Uint8Array(HEAD + settings.length + exhibit.input.length + rounded.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, settings.length);
  head.setUint32(4, exhibit.input.length);
  head.setUint16(8, height);
  head.setUint16(10, width);
  head.setFloat32(12, limit);
  bytes.set(settings, HEAD);
  bytes.set(exhibit.input, HEAD + settings.length);
  bytes.set(new Uint8Array(rounded.buffer), HEAD + settings.length + exhibit.input.length);
  return seal(LONG, bytes);
}

/** What the fragment shows. Throws a LinkError, and nothing else. */
export const decodeLongLink = (fragment: string): Exhibit => unseal(LONG, fragment, readContent);

function readContent(content: Uint8Array): Exhibit {
  if (content.length < HEAD) throw new SchemaError('its content has no beginning');
  const head = new DataView(content.buffer, content.byteOffset);
  const [settings, picture] = [head.getUint32(0), head.getUint32(4)];
  const [height, width, limit] = [head.getUint16(8), head.getUint16(10), head.getFloat32(12)];
  const positions = height * width;
  if (HEAD + settings + picture + positions !== content.length || positions === 0 || positions > MOST_POSITIONS) {
    throw new SchemaError('its content does not have the length that it says');
  }
  if (!(limit >= 0 && Number.isFinite(limit))) throw new SchemaError(`the largest score is ${limit}`);
  const read = readSettingsOfLink(content.subarray(HEAD, HEAD + settings));
  const input = content.slice(HEAD + settings, HEAD + settings + picture);
  refusePicture(input, read.result.size);
  const rounded = new Int8Array(content.slice(HEAD + settings + picture).buffer);
  return { ...read, input, scores: float32([1, height, width], unround(rounded, limit)) };
}

function readSettingsOfLink(bytes: Uint8Array): Pick<Exhibit, 'record' | 'result'> {
  try {
    return readSettings(bytes, 'This link');
  } catch (error) {
    if (error instanceof BundleError && error.fault === 'newer version') {
      throw new LinkError('newer version', error.message);
    }
    throw error;
  }
}

/** Sizes that would fill the memory once decoded, and pictures that the scores do not lie on. */
function refusePicture(bytes: Uint8Array<ArrayBuffer>, size: { width: number; height: number }): void {
  const found = announcedSize(bytes.buffer);
  if (found?.format !== 'JPEG') throw new SchemaError('its picture is no JPEG');
  const { width, height } = found;
  if (width !== size.width || height !== size.height || width * height > MOST_PIXELS) {
    throw new SchemaError(`its picture has ${width} × ${height} pixels, not ${size.width} × ${size.height}`);
  }
}

/** The square root is rounded: colours end at a percentile, far below the largest score. */
function round(scores: FloatTensor['data']): { rounded: Int8Array; limit: number } {
  let largest = 0;
  for (const v of scores) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v));
  const limit = Math.fround(largest);
  const level = (v: number): number => {
    if (!Number.isFinite(v)) return NONE;
    return limit === 0 ? 0 : Math.sign(v) * Math.round(LEVELS * Math.sqrt(Math.abs(v) / limit));
  };
  return { rounded: Int8Array.from(scores, level), limit };
}

const unround = (rounded: Int8Array, limit: number): Float32Array =>
  Float32Array.from(rounded, (q) => (q === NONE ? NaN : Math.sign(q) * limit * (q / LEVELS) ** 2));
