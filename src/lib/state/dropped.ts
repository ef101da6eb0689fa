/** @file What was dropped or pasted: files, the files of folders, or an address. */
import { isAddress } from '../sources/address.ts';

/** A dropped folder with more files than this was hardly meant. */
const MOST_FILES = 1000;

const paths = new WeakMap<File, string>();

/** Where a file lies in what was dropped, as "folder/sub/w.bin"; its name where it was dropped by itself. */
export const pathOf = (file: File): string => paths.get(file) ?? (file.webkitRelativePath || file.name);

/**
 * The files that were dropped, those in folders included, without hidden ones. To be called while the event is handled:
 * afterwards it is empty. Rejects with an Error where a folder holds too many files or cannot be read.
 */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = Array.from(transfer.items, (item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null));
  if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files];
  const found: File[] = [];
  for (const entry of entries) if (entry) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    paths.set(file, entry.fullPath.replace(/^\//, ''));
    found.push(file);
    if (found.length > MOST_FILES)
      throw new Error(
        `${entry.fullPath.split('/')[1]}: holds more than ${MOST_FILES} files. Drop the files that belong together.`,
      );
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser may give a folder piece by piece.
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return;
    for (const inner of some) await collect(inner, found);
  }
}

/** The one address that was dropped or pasted; '' where it was something else. */
export function droppedAddress(transfer: DataTransfer): string {
  const list = transfer.getData('text/uri-list').split(/\r?\n/);
  const text = list.find((line) => line !== '' && !line.startsWith('#')) ?? transfer.getData('text/plain');
  return isAddress(text) ? text.trim() : '';
}
