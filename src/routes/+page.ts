import type { BundledImage, BundledModel } from '$lib/state/library.ts';

/** What comes with the page. Asked for while the page is built, so that it stands in the page itself. */
export async function load({ fetch }: { fetch: typeof globalThis.fetch }) {
  // Relative to the page, which may stand under any path.
  const read = async <T>(path: string): Promise<T> => (await fetch(path)).json();
  const [{ models }, { images }] = await Promise.all([
    read<{ models: BundledModel[] }>('models/manifest.json'),
    read<{ images: BundledImage[] }>('gallery/manifest.json'),
  ]);
  return { models, images };
}
