/** @file Files of the command line: given by a path, or among those that come with the page. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ModelInput, NamedBytes } from '../../src/lib/library/library.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { toFloat32 } from '../../src/lib/tensor/tensor.ts';
import type { Preprocessing } from '../../src/lib/vision/types.ts';
import { decodePicture, isPicture } from './images.ts';

const bundled = join(import.meta.dirname, '../../static');

interface Listed {
  readonly id: string;
  readonly preprocessing?: Preprocessing;
  readonly file: string;
  readonly files?: readonly string[];
}

const listed = (folder: string, key: string): readonly Listed[] =>
  (JSON.parse(readFileSync(join(bundled, folder, 'manifest.json'), 'utf8')) as Record<string, readonly Listed[]>)[key];

/** Throws an Error that names the path where nothing can be read. */
export function readFile(path: string): NamedBytes {
  try {
    return { name: basename(path), bytes: new Uint8Array(readFileSync(path)) };
  } catch (error) {
    throw new Error(`${path}: cannot be read (${(error as Error).message}). Check the path.`, { cause: error });
  }
}

/** The files of the model `name`: one that comes with the page, with its labels, or a path. */
export function modelFiles(name: string): NamedBytes[] {
  const found = listed('models', 'models').find(({ id }) => id === name);
  return found ? found.files!.map((file) => readFile(join(bundled, 'models', file))) : [readFile(name)];
}

/** How a model that comes with the page takes its picture; undefined of others, whose files say it or let guess. */
export const bundledPreprocessing = (name: string): Preprocessing | undefined =>
  listed('models', 'models').find(({ id }) => id === name)?.preprocessing;

/** The picture `id` of the page; null where it has none of that name. */
export function galleryFile(id: string): NamedBytes | null {
  const found = listed('gallery', 'images').find((image) => image.id === id);
  return found ? readFile(join(bundled, 'gallery', found.file)) : null;
}

/** A picture as pixels, or an array of NumPy as it is fed. */
export function inputOf({ name, bytes }: NamedBytes): ModelInput {
  return isPicture(bytes) || !name.endsWith('.npy') ? decodePicture(bytes, name) : toFloat32(readNpy(bytes, name));
}

/** What is fed: a picture of the page by its id, or a path. */
export const inputFile = (name: string): NamedBytes => galleryFile(name) ?? readFile(name);
