import gallery from '../../static/gallery/manifest.json' with { type: 'json' };
import models from '../../static/models/manifest.json' with { type: 'json' };
import type { BundledImage, BundledModel } from '$lib/state/library.ts';

/** Read while the page is built: the page knows its models and pictures without asking. */
export function load() {
  return {
    models: (models.models as BundledModel[]).map(
      ({ id, title, description, files, bytes, preprocessing, first = false }): BundledModel => ({
        id,
        title,
        description,
        files,
        bytes,
        preprocessing,
        first,
      }),
    ),
    images: (gallery.images as BundledImage[]).map(
      ({ id, title, label, file, width, height, first = false }): BundledImage => ({
        id,
        title,
        label,
        file,
        width,
        height,
        first,
      }),
    ),
  };
}
