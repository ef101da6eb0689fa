/**
 * @file Long links: what a bundle holds, small enough for an address. The picture is a JPEG of what the model sees, the map
 * is rounded to 8 bits. It is read like a bundle, and shown like one.
 */
import { announcedSize } from '../vision/header.ts';
import { joined } from '../tensor/bytes.ts';
import { type FloatTensor, float32 } from '../tensor/tensor.ts';
import {
  type BundledResult,
  type Exhibit,
  type ExhibitInput,
  BundleError,
  readSettings,
  settingsJson,
} from './bundle.ts';
import { type Kind, LinkError, seal, unseal } from './envelope.ts';
import { SchemaError } from './schema.ts';

const LONG: Kind = { letter: 'b', version: 5, maxLetters: 1_000_000, maxBytes: 2 ** 20 };
const ONE_INPUT: Kind = { ...LONG, version: 1 };
const SEVERAL_INPUTS: Kind = { ...LONG, version: 2 };
const THROUGH_NEURON: Kind = { ...LONG, version: 4 };
const OF_NEURON: Kind = { ...LONG, version: 3 };
/** The oldest that says all of it: pages that know no newer read it too, and of the rest say that it is newer. */
function kindFor({ record, others }: Exhibit): Kind {
  if (record.baseline.kind === 'images') return LONG;
  if (record.through !== null) return THROUGH_NEURON;
  return record.neuron !== null ? OF_NEURON : others.length > 0 ? SEVERAL_INPUTS : ONE_INPUT;
}

/** Positions of a map beyond which there is no long link. */
export const MOST_POSITIONS = 2 ** 18;
const MOST_PIXELS = 2 ** 22;

/** Bytes before an input's picture and map: length of the picture, height and width of the map, its largest magnitude. */
const HEAD = 12;
/** Bytes before that of the first input: the length of the settings, which stand behind it. */
const BEGINNING = 4;
/** Stands for what is not finite. */
const NONE = -128;
const LEVELS = 127;

/**
 * Largest error of a rounded score, as a share of the map's largest magnitude: half a step of the square root, where steps
 * are widest.
 */
export const ROUNDING = 1 / LEVELS;

/**
 * The fragment, with its `#`. Scores of each input must be the map, [1, height, width], at most 2¹⁸ positions; pictures JPEGs
 * of the sizes that `exhibit.result` says. Throws an Error where a map is too large, or all inputs together are.
 */
export function encodeLongLink(exhibit: Exhibit): string {
  const settings = new TextEncoder().encode(settingsJson(exhibit.record, exhibit.result, 0));
  const length = new Uint8Array(BEGINNING);
  new DataView(length.buffer).setUint32(0, settings.length);
  const [head, ...body] = packed(exhibit);
  const kind = kindFor(exhibit);
  const bytes = joined([length, head, settings, ...body, ...exhibit.others.flatMap(packed)]);
  if (bytes.length > kind.maxBytes) throw tooLong(exhibit, bytes.length, 'bytes', kind.maxBytes);
  const link = seal(kind, bytes);
  if (link.length > kind.maxLetters) throw tooLong(exhibit, link.length, 'characters', kind.maxLetters);
  return link;
}

function tooLong({ others }: Exhibit, found: number, unit: string, most: number): Error {
  const what = others.length > 0 ? `pictures and maps of ${others.length + 1} inputs take` : 'picture and map take';
  return new Error(`Share: ${what} ${found} ${unit}; a link may have ${most}. Save a bundle (.vitrine.zip).`);
}

/** Head, picture and map. */
function packed({ scores, input }: ExhibitInput): [Uint8Array, Uint8Array, Uint8Array] {
  const [depth, height, width] = scores.shape;
  if (depth !== 1 || height * width > MOST_POSITIONS) {
    const size = `${height} × ${width} positions`;
    throw new Error(
      `Share: a map of ${size} is too large for a link, which may have ${MOST_POSITIONS}. Save a bundle.`,
    );
  }
  const { rounded, limit } = round(scores.data);
  const head = new DataView(new ArrayBuffer(HEAD));
  head.setUint32(0, input.length);
  head.setUint16(4, height);
  head.setUint16(6, width);
  head.setFloat32(8, limit);
  return [new Uint8Array(head.buffer), input, new Uint8Array(rounded.buffer)];
}

/** What the fragment shows. Throws a LinkError, and nothing else. */
export const decodeLongLink = (fragment: string): Exhibit => unseal(LONG, fragment, readContent);

function readContent(content: Uint8Array): Exhibit {
  if (content.length < BEGINNING + HEAD) throw new SchemaError('its content has no beginning');
  const settings = new DataView(content.buffer, content.byteOffset).getUint32(0);
  const body = BEGINNING + HEAD + settings;
  if (body > content.length) throw new SchemaError(OTHER_LENGTH);
  const read = readSettingsOfLink(content.subarray(BEGINNING + HEAD, body));
  const { end: behind, ...first } = readInput(content, BEGINNING, body, read.result.size);
  let end = behind;
  const others = read.result.others.map(({ size }) => {
    const other = readInput(content, end, end + HEAD, size);
    end = other.end;
    return { scores: other.scores, input: other.input };
  });
  if (end !== content.length) throw new SchemaError(OTHER_LENGTH);
  return { ...read, ...first, others };
}

const OTHER_LENGTH = 'its content does not have the length that it says';

/** The input whose head stands at `at` and whose picture stands at `from`, and where its map ends. */
function readInput(
  content: Uint8Array,
  at: number,
  from: number,
  size: BundledResult['size'],
): ExhibitInput & { end: number } {
  if (at + HEAD > content.length) throw new SchemaError(OTHER_LENGTH);
  const head = new DataView(content.buffer, content.byteOffset + at);
  const [picture, height, width, limit] = [head.getUint32(0), head.getUint16(4), head.getUint16(6), head.getFloat32(8)];
  const positions = height * width;
  const end = from + picture + positions;
  if (end > content.length || positions === 0 || positions > MOST_POSITIONS) throw new SchemaError(OTHER_LENGTH);
  if (!(limit >= 0 && Number.isFinite(limit))) throw new SchemaError(`the largest score is ${limit}`);
  const input = content.slice(from, from + picture);
  refusePicture(input, size);
  const rounded = new Int8Array(content.slice(from + picture, end).buffer);
  return { input, scores: float32([1, height, width], unround(rounded, limit)), end };
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
