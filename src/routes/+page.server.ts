import { readFile } from 'node:fs/promises';
import type { BundledImage, BundledModel } from '$lib/state/library.ts';

/** Read while the page is built: the page knows its models and pictures without asking. */
async function read<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(`static/${path}`, 'utf8')) as T;
}

export async function load() {
  const [{ models }, { images }] = await Promise.all([
    read<{ models: BundledModel[] }>('models/manifest.json'),
    read<{ images: BundledImage[] }>('gallery/manifest.json'),
  ]);
  return {
    models: models.map(({ id, title, description, files, bytes, first = false }) => ({
      id,
      title,
      description,
      files,
      bytes,
      first,
    })),
    images: images.map(({ id, title, label, file, width, height, first = false }) => ({
      id,
      title,
      label,
      file,
      width,
      height,
      first,
    })),
  };
}
