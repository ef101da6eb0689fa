/** @file Feature maps as files: the numbers as NPY, the grid as PNG. */
import { type GridShape, pictureLayout } from '../render/atlas-layout.ts';
import { colourMap } from '../render/colour-maps.ts';
import type { ActivationInfo, FeatureMaps } from '../state/maps.svelte.ts';
import { writeNpy } from '../tensor/npy.ts';
import { float32 } from '../tensor/tensor.ts';

/** Browsers draw no larger pictures on a side. */
const MOST_PIXELS = 8192;

export const gridShape = ({ channels, height, width, prefix }: ActivationInfo): GridShape => ({
  count: channels,
  height,
  width,
  prefix,
});

/** [channels, height, width]; [channels, tokens] where some tokens lie before the grid, as NumPy has them. */
export function mapsNpy({ layer, data }: FeatureMaps): Blob {
  const { channels, height, width, prefix } = layer;
  const shape = prefix > 0 ? [channels, prefix + height * width] : [channels, height, width];
  return new Blob([writeNpy(float32(shape, data))], { type: 'application/octet-stream' });
}

/** The whole grid in the order and on the scale on show. Throws an Error where it cannot be drawn. */
export async function mapsPng(
  { layer, data }: FeatureMaps,
  { ranking, limits }: { readonly ranking: Uint32Array; readonly limits: Float32Array },
  colours: string,
): Promise<Blob> {
  const { createAtlas } = await import('../render/atlas.ts');
  const atlas = await createAtlas(document.createElement('canvas'));
  try {
    const shape = gridShape(layer);
    const layout = pictureLayout(shape, MOST_PIXELS);
    return await atlas.picture({ values: data, shape, layout, order: ranking, limits, colours: colourMap(colours) });
  } finally {
    atlas.destroy();
  }
}
