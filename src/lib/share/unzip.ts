/**
 * @file Zip files of known content, which may be bombs: what a file unfolds to is counted while it unfolds, for what its
 * headers say of it may be a lie, and a megabyte of deflated zeros keeps a page busy for a gigabyte.
 */
import { Unzip, UnzipInflate, unzipSync } from 'fflate';

/** `stranger`: an entry that is not wanted, or the second of its name; `too large`: `bytes` are more than its limit, or than that of all where `entry` is ''. */
export type ZipFault = 'damaged' | 'stranger' | 'too large';

export class ZipError extends Error {
  override name = 'ZipError';
  readonly fault: ZipFault;
  readonly entry: string;
  readonly bytes: number;

  constructor(fault: ZipFault, entry = '', bytes = 0) {
    super(`${entry}: ${fault}`);
    this.fault = fault;
    this.entry = entry;
    this.bytes = bytes;
  }
}

/** So much is unfolded at a time, which makes at most a thousand times as many bytes. */
const STEP = 16_384;

/**
 * The files of a zip, none of which unfolds to more bytes than `limits` says, and all together to no more than `most`. Throws
 * a ZipError, and nothing else.
 */
export function unzip(
  bytes: Uint8Array,
  limits: Readonly<Record<string, number>>,
  most: number,
): Record<string, Uint8Array<ArrayBuffer>> {
  try {
    readDirectory(bytes, limits, most);
    return readFiles(bytes, limits, most);
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError('damaged');
  }
}

/** The directory stands at the end: a file that was cut off has none. Nothing is unfolded. */
function readDirectory(bytes: Uint8Array, limits: Readonly<Record<string, number>>, most: number): void {
  const seen = new Set<string>();
  let total = 0;
  unzipSync(bytes, {
    filter: ({ name, size, originalSize }) => {
      if (!Object.hasOwn(limits, name) || seen.has(name)) throw new ZipError('stranger', name);
      seen.add(name);
      const told = Math.max(size, originalSize);
      if (!(told <= limits[name])) throw new ZipError('too large', name, told);
      total += told;
      return false;
    },
  });
  if (total > most) throw new ZipError('too large', '', total);
}

function readFiles(
  bytes: Uint8Array,
  limits: Readonly<Record<string, number>>,
  most: number,
): Record<string, Uint8Array<ArrayBuffer>> {
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  let total = 0;
  const reader = new Unzip((file) => {
    if (!Object.hasOwn(limits, file.name) || Object.hasOwn(files, file.name)) throw new ZipError('stranger', file.name);
    files[file.name] = new Uint8Array();
    const parts: Uint8Array[] = [];
    let length = 0;
    file.ondata = (error, part, last) => {
      if (error) throw error;
      length += part.length;
      total += part.length;
      if (length > limits[file.name]) throw new ZipError('too large', file.name, length);
      if (total > most) throw new ZipError('too large', '', total);
      parts.push(part);
      if (last) files[file.name] = joined(parts, length);
    };
    file.start();
  });
  reader.register(UnzipInflate);
  for (let at = 0; at < bytes.length; at += STEP) reader.push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
  return files;
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
