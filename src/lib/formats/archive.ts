/**
 * @file A zip with a model in it, unfolded. What a file unfolds to is counted while it unfolds, for what its headers say of it
 * may be a lie, and a megabyte of deflated zeros keeps a worker busy for a gigabyte.
 */
import { Unzip, UnzipInflate, unzipSync } from 'fflate';
import { kindOf } from '../sniff/kind.ts';
import { isImageName } from '../sniff/roles.ts';
import { FormatError } from './error.ts';
import type { ExternalFile } from './model.ts';

/** An archive with more was hardly made for one model; the same number bounds a dropped folder. */
const MOST_ENTRIES = 1000;

/** Models are held in memory more than once while they are opened. */
const MOST_BYTES = 2 ** 30;

/** So much is unfolded at a time, which makes at most a thousand times as many bytes. */
const STEP = 16_384;

/**
 * The files of a zip by their paths, without hidden ones, folders and pictures. Throws a FormatError naming `file` where it
 * is damaged, holds too much, or holds another archive.
 */
export function unpack(bytes: Uint8Array, file: string, mostBytes = MOST_BYTES): ExternalFile[] {
  const wanted = directoryOf(bytes, file, mostBytes);
  const files = unfold(bytes, wanted, file, mostBytes);
  const nested = files.find(({ data }) => kindOf(data) === 'zip');
  if (nested)
    throw new FormatError(
      `${file}: holds another archive, "${nested.path}". Unpack it, and drop the files themselves.`,
    );
  return files;
}

/** Names of the files that are wanted. The directory stands at the end: a file that was cut off has none. */
function directoryOf(bytes: Uint8Array, file: string, mostBytes: number): Set<string> {
  const wanted = new Set<string>();
  let [entries, total] = [0, 0];
  const look = ({ name, size, originalSize }: { name: string; size: number; originalSize: number }) => {
    if (++entries > MOST_ENTRIES)
      throw new FormatError(
        `${file}: holds more than ${MOST_ENTRIES} files. Make an archive of the model’s own files, or drop these.`,
      );
    if (!isWanted(name)) return false;
    wanted.add(name);
    total += Math.max(size, originalSize);
    if (!(total <= mostBytes)) throw tooLarge(file, mostBytes);
    return false;
  };
  try {
    unzipSync(bytes, { filter: look });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`${file}: the zip file is cut off or damaged. Download or make it again.`, { cause: error });
  }
  return wanted;
}

const isWanted = (name: string): boolean =>
  !name.endsWith('/') &&
  !isImageName(name) &&
  name.split('/').every((part) => part !== '' && !part.startsWith('.') && part !== '__MACOSX');

function unfold(bytes: Uint8Array, wanted: ReadonlySet<string>, file: string, mostBytes: number): ExternalFile[] {
  const files = new Map<string, Uint8Array[]>();
  let total = 0;
  const reader = new Unzip((entry) => {
    if (!wanted.has(entry.name) || files.has(entry.name)) return;
    const parts: Uint8Array[] = [];
    files.set(entry.name, parts);
    entry.ondata = (error, part) => {
      if (error) throw error;
      total += part.length;
      if (total > mostBytes) throw tooLarge(file, mostBytes);
      parts.push(part);
    };
    entry.start();
  });
  reader.register(UnzipInflate);
  try {
    for (let at = 0; at < bytes.length; at += STEP)
      reader.push(bytes.subarray(at, at + STEP), at + STEP >= bytes.length);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(
      `${file}: the zip file is damaged, encrypted or packed in a way that cannot be read. Unpack it, and drop the files.`,
      { cause: error },
    );
  }
  return Array.from(files, ([path, parts]) => ({ path, data: joined(parts) }));
}

/** Fresh memory: what is read of it are views, also of four bytes at a time. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const tooLarge = (file: string, mostBytes: number): FormatError =>
  new FormatError(
    `${file}: unfolds to more than ${Math.round(mostBytes / 2 ** 20)} MB. Choose a smaller model, or drop its files unpacked.`,
  );
