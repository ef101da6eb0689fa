/**
 * @file Bundles: a `.vitrine.zip` with settings, scores and pictures, which shows a result without its model. Anybody can
 * unpack it: JSON, NumPy and PNG. A bundle that was opened is checked like a link: sizes before anything is unfolded, then
 * checksums, then every field.
 */
import { type Zippable, strFromU8, strToU8, zipSync } from 'fflate';
import type { ErrorEstimate, SelfCheck } from '../attribution/types.ts';
import { readNpy, writeNpy } from '../tensor/npy.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { unfold, ZipError } from '../zip/unfold.ts';
import { crc32 } from './crc32.ts';
import { MOST_INPUTS } from './kind.ts';
import { type SharedRecord, readLong, writeLong } from './record.ts';
import { type Schema, SchemaError, flag, list, nullable, number, struct, text } from './schema.ts';

/** Of one input: pages that know no others read it too. */
const ONE_INPUT = 2;
const SEVERAL_INPUTS = 3;
/** With the estimate of an error that was asked for, or of a neuron, which pages from before would take for a class. */
const ESTIMATE_OR_NEURON = 4;
/** With a neuron that is gone through, which pages from before would leave out. */
const THROUGH_NEURON = 5;
/** With baselines of several images. */
const VERSION = 6;
const FORMAT = 'vitrine-bundle';

/** Where the map of an input behind the first lies. */
export interface BundledInput {
  /** In the model. */
  readonly name: string;
  readonly size: BundledResult['size'];
  readonly crop: BundledResult['crop'];
}

/** What stands beside the settings: the result in words and full precision. */
export interface BundledResult {
  readonly methodTitle: string;
  readonly signed: boolean;
  /** F(x); null where it is not finite. */
  readonly value: number | null;
  readonly baselineValue: number | null;
  readonly probability: number | null;
  readonly check: Omit<SelfCheck, 'kind'> | null;
  readonly passes: number;
  readonly milliseconds: number;
  /** Of the input picture. */
  readonly size: { readonly width: number; readonly height: number };
  /** Where the map lies on it, in its pixels. */
  readonly crop: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly notes: readonly string[];
  /** Of a model with several image inputs: the name of the first; '' where there is one. */
  readonly inputName: string;
  /** Those behind the first, in the model's order. */
  readonly others: readonly BundledInput[];
}

/** An input's picture and map. */
export interface ExhibitInput {
  /** [channels, height, width]. */
  readonly scores: FloatTensor;
  /** The input picture: PNG in a bundle, JPEG in a long link. */
  readonly input: Uint8Array<ArrayBuffer>;
}

/** What it takes to show a result without its model. */
export interface Exhibit extends ExhibitInput {
  readonly record: SharedRecord;
  readonly result: BundledResult;
  /** As many as the record and the result have. */
  readonly others: readonly ExhibitInput[];
}

export interface Bundle extends Exhibit {
  /** The result as it was drawn, PNG. */
  readonly picture: Uint8Array<ArrayBuffer>;
}

export type BundleFault = 'not a bundle' | 'damaged' | 'too large' | 'newer version';

/** The message says what is wrong and what to do. */
export class BundleError extends Error {
  override name = 'BundleError';
  readonly fault: BundleFault;

  constructor(fault: BundleFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

const MB = 2 ** 20;
const MAX_ZIP = 256 * MB;
/** Bytes that all files together may unfold to. */
const MAX_UNFOLDED = 512 * MB;
/** Bytes that each file may unfold to. */
const LIMITS: Readonly<Record<string, number>> = {
  'vitrine.json': MB,
  'scores.npy': 128 * MB,
  'input.png': 128 * MB,
  'result.png': 128 * MB,
  'checksums.txt': 4096,
};
const NAMES = Object.keys(LIMITS);

interface FileNames {
  readonly scores: string;
  readonly input: string;
}

/** Of the inputs behind the first: the second is number 2. */
const namesOfOther = (i: number): FileNames => ({ scores: `scores-${i + 2}.npy`, input: `input-${i + 2}.png` });

const OTHERS_LIMITS = Object.fromEntries(
  Array.from({ length: MOST_INPUTS - 1 }, (_, i) => namesOfOther(i)).flatMap(({ scores, input }) => [
    [scores, LIMITS['scores.npy']],
    [input, LIMITS['input.png']],
  ]),
);
const MAX_PIXELS = 2 ** 26;
const MAX_SIDE = 2 ** 20;

const side = number({ min: 1, max: MAX_SIDE, whole: true });
const place = number({ min: -MAX_SIDE, max: MAX_SIDE });
const extent = number({ min: 0, max: MAX_SIDE });

const size = struct<BundledResult['size']>({ width: ['', side], height: ['', side] });
const crop = struct<BundledResult['crop']>({
  x: ['', place],
  y: ['', place],
  width: ['', extent],
  height: ['', extent],
});

/** Left out where it is empty: what says of one input reads as it always did. */
const optional = <T extends string | readonly unknown[]>(of: Schema<T>, none: T): Schema<T> => ({
  write: (value, form) => (value.length === 0 ? undefined : of.write(value, form)),
  read: (json, form, at) => (json === undefined ? none : of.read(json, form, at)),
});

const others = list(struct<BundledInput>({ name: ['', text(200)], size: ['', size], crop: ['', crop] }), {
  max: MOST_INPUTS - 1,
});

/** Only of methods that were asked for an error. */
const absent = <T>(of: Schema<T>): Schema<T | undefined> => ({
  write: (value, form) => (value === undefined ? undefined : of.write(value, form)),
  read: (json, form, at) => (json === undefined ? undefined : of.read(json, form, at)),
});

const estimate = struct<ErrorEstimate>({
  error: ['', number({ min: 0 })],
  target: ['', number({ min: 0 })],
  rule: ['', text(80)],
});

const result: Schema<BundledResult> = struct<BundledResult>({
  methodTitle: ['', text(80)],
  signed: ['', flag],
  value: ['', nullable(number())],
  baselineValue: ['', nullable(number())],
  probability: ['', nullable(number({ min: 0, max: 1.001 }))],
  check: [
    '',
    nullable(
      struct<NonNullable<BundledResult['check']>>({
        claim: ['', text(200)],
        delta: ['', number()],
        relative: ['', number()],
        estimate: ['', absent(estimate)],
      }),
    ),
  ],
  passes: ['', number({ min: 0, whole: true })],
  milliseconds: ['', number({ min: 0 })],
  size: ['', size],
  crop: ['', crop],
  notes: ['', list(text(600), { max: 20 })],
  inputName: ['', optional(text(200), '')],
  others: ['', optional(others, [])],
});

/** The oldest whose pages read all of it. */
function versionOf({ neuron, through, baseline }: SharedRecord, { check, others }: BundledResult): number {
  if (baseline.kind === 'images') return VERSION;
  if (through !== null) return THROUGH_NEURON;
  if (check?.estimate || neuron !== null) return ESTIMATE_OR_NEURON;
  return others.length > 0 ? SEVERAL_INPUTS : ONE_INPUT;
}

/** The settings and numbers of a result, for people and programs. */
export const settingsJson = (record: SharedRecord, numbers: BundledResult, indent = 2): string =>
  JSON.stringify(
    {
      format: FORMAT,
      version: versionOf(record, numbers),
      settings: writeLong(record),
      result: result.write(numbers, 'long'),
    },
    null,
    indent,
  );

export function packBundle({ record, result, scores, input, others, picture }: Bundle): Uint8Array<ArrayBuffer> {
  const files: Record<string, Uint8Array> = {
    'vitrine.json': strToU8(settingsJson(record, result)),
    'scores.npy': writeNpy(scores),
    'input.png': input,
    'result.png': picture,
  };
  for (const [i, other] of others.entries()) {
    const names = namesOfOther(i);
    files[names.scores] = writeNpy(other.scores);
    files[names.input] = other.input;
  }
  const sums = Object.entries(files).map(([name, bytes]) => `${hex(crc32(bytes))} ${name}\n`);
  // PNG is deflated already.
  const packed = Object.entries(files).map(([name, bytes]) => [name, name.endsWith('.png') ? [bytes, STORED] : bytes]);
  const zippable = { ...Object.fromEntries(packed), 'checksums.txt': strToU8(sums.join('')) } as Zippable;
  // One date for all, so that the same result makes the same file.
  return zipSync(zippable, { level: 6, mtime: '1980-01-01T12:00:00' });
}

const STORED = { level: 0 } as const;

/** `name` is the file's, for messages. Throws a BundleError, and nothing else. */
export function readBundle(bytes: Uint8Array, name: string): Bundle {
  const files = unpack(bytes, name);
  verify(files, name);
  try {
    const { record, result } = readSettings(files['vitrine.json'], name);
    refuseOtherInputs(files, result.others.length, name);
    const [first, ...others] = [
      { scores: 'scores.npy', input: 'input.png' },
      ...result.others.map((_, i) => namesOfOther(i)),
    ].map((names) => ({ scores: readScores(files[names.scores], names.scores), input: png(files[names.input]) }));
    return { record, result, ...first, others, picture: png(files['result.png']) };
  } catch (error) {
    if (error instanceof BundleError) throw error;
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw new BundleError('damaged', `${name}: not a bundle that Vitrine made: ${why}. Ask for it again.`);
  }
}

function unpack(bytes: Uint8Array, name: string): Record<string, Uint8Array<ArrayBuffer>> {
  refuseLargeBundle(name, bytes.length);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw new BundleError('not a bundle', `${name}: not a zip file. Drop the .vitrine.zip as it was downloaded.`);
  }
  const files = unzipped(bytes, name);
  refuseMissing(files, NAMES, name);
  return files;
}

function refuseMissing(files: Readonly<Record<string, Uint8Array>>, wanted: readonly string[], name: string): void {
  const missing = wanted.find((entry) => !Object.hasOwn(files, entry));
  if (!missing) return;
  const message = `${name}: holds no ${missing}. A bundle has ${wanted.join(', ')}. Drop it as it was downloaded.`;
  throw new BundleError('not a bundle', message);
}

/** Each input behind the first has its two files, and nothing else is there. */
function refuseOtherInputs(files: Readonly<Record<string, Uint8Array>>, count: number, name: string): void {
  const wanted = Array.from({ length: count }, (_, i) => Object.values(namesOfOther(i))).flat();
  refuseMissing(files, [...NAMES, ...wanted], name);
  const stranger = Object.keys(files).find((entry) => !NAMES.includes(entry) && !wanted.includes(entry));
  if (stranger) throw new SchemaError(`it holds ${stranger}, of which its settings say nothing`);
}

function unzipped(bytes: Uint8Array, name: string): Record<string, Uint8Array<ArrayBuffer>> {
  try {
    return Object.fromEntries(unfold(bytes, { limit: limitFor, most: MAX_UNFOLDED }));
  } catch (error) {
    const { fault, entry, bytes: found } = error as ZipError;
    if (fault === 'too large') {
      throw entry ? tooLarge(`${name}/${entry}`, found, limitOf(entry)!) : tooLarge(name, found, MAX_UNFOLDED);
    }
    if (fault !== 'stranger')
      throw new BundleError('damaged', `${name}: the zip file is cut off or damaged. Download or copy it again.`);
    const which = `${JSON.stringify(entry.slice(0, 60))}${limitOf(entry) ? ' twice' : ''}`;
    throw new BundleError(
      'not a bundle',
      `${name}: holds ${which}, which no bundle has. Drop the .vitrine.zip as it was downloaded.`,
    );
  }
}

const limitOf = (entry: string): number | undefined =>
  Object.hasOwn(LIMITS, entry) ? LIMITS[entry] : OTHERS_LIMITS[entry];

function limitFor(entry: string): number {
  const limit = limitOf(entry);
  if (limit === undefined) throw new ZipError('stranger', entry);
  return limit;
}

/** Refuses a file that is larger than any bundle: before it is read. */
export function refuseLargeBundle(name: string, bytes: number): void {
  if (bytes > MAX_ZIP) throw tooLarge(name, bytes, MAX_ZIP);
}

const tooLarge = (what: string, bytes: number, limit: number): BundleError =>
  new BundleError('too large', `${what}: ${bytes} bytes, a bundle may have ${limit} there. Ask for a smaller one.`);

function verify(files: Readonly<Record<string, Uint8Array>>, name: string): void {
  const sums = strFromU8(files['checksums.txt']);
  for (const entry of Object.keys(files)) {
    if (entry === 'checksums.txt') continue;
    if (sums.includes(`${hex(crc32(files[entry]))} ${entry}\n`)) continue;
    const message = `${name}: ${entry} was changed after the bundle was made: its checksum does not fit. Download or copy it again.`;
    throw new BundleError('damaged', message);
  }
}

/** What `settingsJson` wrote. Throws a BundleError where it is newer, a SchemaError or SyntaxError where it is damaged. */
export function readSettings(bytes: Uint8Array, name: string): { record: SharedRecord; result: BundledResult } {
  const json: unknown = JSON.parse(strFromU8(bytes));
  const { format, version, settings, result: numbers } = (json ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) throw new SchemaError(`its format is ${JSON.stringify(format)?.slice(0, 40)}, not ${FORMAT}`);
  if (typeof version === 'number' && version > VERSION) {
    throw new BundleError(
      'newer version',
      `${name}: format ${version}; this page reads formats up to ${VERSION}. Reload the page to get its newest version.`,
    );
  }
  if (![1, ONE_INPUT, SEVERAL_INPUTS, ESTIMATE_OR_NEURON, THROUGH_NEURON, VERSION].includes(version as number))
    throw new SchemaError('its version is none');
  const read = { record: readLong(settings), result: result.read(numbers, 'long', 'the result') };
  const [named, shown] = [1 + read.record.others.length, 1 + read.result.others.length];
  if (named !== shown) throw new SchemaError(`its settings name ${named} images, its result ${shown}`);
  return read;
}

function readScores(bytes: Uint8Array, name: string): FloatTensor {
  const scores = readNpy(bytes, name);
  const { dtype, shape } = scores;
  if (dtype !== 'float32' || shape.length !== 3 || shape.some((d) => !(d >= 1))) {
    throw new SchemaError(`${name} holds ${dtype} [${shape}], must be float32 [channels, height, width]`);
  }
  return scores as FloatTensor;
}

/** Refuses what is no PNG, and sizes that would fill the memory once decoded. */
function png(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (bytes.length < 33 || signature.some((byte, i) => bytes[i] !== byte)) throw new SchemaError('a picture is no PNG');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width * height === 0 || width * height > MAX_PIXELS) {
    throw new SchemaError(`a picture has ${width} × ${height} pixels, at most ${MAX_PIXELS} are read`);
  }
  return bytes;
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
