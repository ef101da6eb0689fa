import type { BundledImage, BundledModel, PublicModel } from '$lib/state/library.ts';

/** What comes with the page. Asked for while the page is built, so that it stands in the page itself. */
export async function load({ fetch }: { fetch: typeof globalThis.fetch }) {
  // Relative to the page, which may stand under any path.
  const read = async <T>(path: string): Promise<T> => (await fetch(path)).json();
  const [{ models }, { images }, { models: publicModels }] = await Promise.all([
    read<{ models: BundledModel[] }>('models/manifest.json'),
    read<{ images: BundledImage[] }>('gallery/manifest.json'),
    read<{ models: PublicModel[] }>('models/public.json'),
  ]);
  return { models, images, publicModels };
}
