/**
 * @file What is in a zip, which may be a bomb: what a file unfolds to is counted while it unfolds, for what its headers say of it
 * may be a lie, and a megabyte of deflated zeros keeps a page busy for a gigabyte.
 */
import { Unzip, UnzipInflate, unzipSync } from 'fflate';
import { joined } from '../tensor/bytes.ts';

/**
 * `cut off`: the directory at the end cannot be read; `damaged`: a file in it cannot, or is encrypted. `stranger`: an entry that may
 * not be there, or the second of its name; `too large`: `bytes` are more than may come of `entry`, or of all where `entry` is ''.
 */
export type ZipFault = 'cut off' | 'damaged' | 'stranger' | 'too many' | 'too large';

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

export interface Bounds {
  /** The most bytes that an entry may unfold to; null: it is left out. May throw a ZipError. Called once for each. */
  readonly limit: (name: string) => number | null;
  /** All that are wanted together. */
  readonly most: number;
}

/** So much is unfolded at a time, which makes at most a thousand times as many bytes. */
const STEP = 16_384;

/** The files of a zip by their names, in its order. What stands in front of the zip is passed over. Throws a ZipError, and nothing else. */
export function unfold(bytes: Uint8Array, bounds: Bounds): Map<string, Uint8Array<ArrayBuffer>> {
  const limits = guarded('cut off', () => readDirectory(bytes, bounds));
  return guarded('damaged', () => readFiles(bytes.subarray(firstEntry(bytes)), limits, bounds.most));
}

function guarded<T>(fault: ZipFault, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ZipError ? error : new ZipError(fault);
  }
}

/** What each entry that is wanted may unfold to. The directory stands at the end: a file that was cut off has none. Nothing is unfolded. */
function readDirectory(bytes: Uint8Array, { limit, most }: Bounds): Map<string, number> {
  const limits = new Map<string, number>();
  let total = 0;
  unzipSync(bytes, {
    filter: ({ name, size, originalSize }) => {
      if (limits.has(name)) throw new ZipError('stranger', name);
      const largest = limit(name);
      if (largest === null) return false;
      limits.set(name, largest);
      const told = Math.max(size, originalSize);
      if (!(told <= largest)) throw new ZipError('too large', name, told);
      total += told;
      return false;
    },
  });
  if (!(total <= most)) throw new ZipError('too large', '', total);
  return limits;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
/** Bytes of the end of the directory, and of an entry of it before its name. */
const [END, FIXED] = [22, 46];

/** Where the first file's header stands, by the directory: a program or a model may stand in front of it. */
function firstEntry(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - END;
  while (end > 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  let first = bytes.length;
  let at = view.getUint32(end + 16, true);
  while (at + FIXED <= end && view.getUint32(at, true) === DIRECTORY_ENTRY) {
    first = Math.min(first, view.getUint32(at + 42, true));
    at += FIXED + [28, 30, 32].reduce((n, field) => n + view.getUint16(at + field, true), 0);
  }
  return first === bytes.length ? 0 : first;
}

function readFiles(
  bytes: Uint8Array,
  limits: ReadonlyMap<string, number>,
  most: number,
): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let total = 0;
  const reader = new Unzip((file) => {
    const limit = limits.get(file.name);
    if (limit === undefined) return;
    if (files.has(file.name)) throw new ZipError('stranger', file.name);
    files.set(file.name, new Uint8Array());
    const parts: Uint8Array[] = [];
    let length = 0;
    file.ondata = (error, part, last) => {
      if (error) throw error;
      length += part.length;
      total += part.length;
      if (length > limit) throw new ZipError('too large', file.name, length);
      if (total > most) throw new ZipError('too large', '', total);
      parts.push(part);
      if (last) files.set(file.name, joined(parts));
    };
    file.start();
  });
  reader.register(UnzipInflate);
  for (let at = 0; at < bytes.length; at += STEP) reader.push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
  return files;
}
