/** @file A zip with a model in it, unfolded. */
import { kindOf } from '../sniff/kind.ts';
import { isImageName } from '../sniff/roles.ts';
import { unfold, ZipError } from '../zip/unfold.ts';
import { FormatError } from './error.ts';
import type { ExternalFile } from './model.ts';

/** An archive with more was hardly made for one model; the same number bounds a dropped folder. */
const MOST_ENTRIES = 1000;

/** Models are held in memory more than once while they are opened. */
const MOST_BYTES = 2 ** 30;

/**
 * The files of a zip by their paths, without hidden ones, folders and pictures. Throws a FormatError naming `file` where it
 * is damaged, holds too much, or holds another archive.
 */
export function unpack(bytes: Uint8Array, file: string, mostBytes = MOST_BYTES): ExternalFile[] {
  const files = Array.from(unfolded(bytes, file, mostBytes), ([path, data]) => ({ path, data }));
  const nested = files.find(({ data }) => kindOf(data) === 'zip');
  if (nested)
    throw new FormatError(
      `${file}: holds another archive, "${nested.path}". Unpack it, and drop the files themselves.`,
    );
  return files;
}

function unfolded(bytes: Uint8Array, file: string, most: number): Map<string, Uint8Array> {
  let entries = 0;
  const limit = (name: string) => {
    if (++entries > MOST_ENTRIES) throw new ZipError('too many');
    return isWanted(name) ? most : null;
  };
  try {
    return unfold(bytes, { limit, most });
  } catch (error) {
    throw new FormatError(`${file}: ${sentences(error as ZipError, most)}`, { cause: error });
  }
}

const isWanted = (name: string): boolean =>
  !name.endsWith('/') &&
  !isImageName(name) &&
  name.split('/').every((part) => part !== '' && !part.startsWith('.') && part !== '__MACOSX');

const sentences = ({ fault, entry }: ZipError, most: number): string =>
  ({
    'cut off': 'the zip file is cut off or damaged. Download or make it again.',
    damaged:
      'the zip file is damaged, encrypted or packed in a way that cannot be read. Unpack it, and drop the files.',
    stranger: `holds "${entry}" twice. Unpack it, and drop the files.`,
    'too many': `holds more than ${MOST_ENTRIES} files. Make an archive of the model’s own files, or drop these.`,
    'too large': `unfolds to more than ${Math.round(most / 2 ** 20)} MB. Choose a smaller model, or drop its files unpacked.`,
  })[fault];
