/** @file Every layer class that can be read. */
import type { LayerBuilder } from '../site.ts';
import { attention } from './attention.ts';
import { convolutions } from './convolution.ts';
import { core } from './core.ts';
import { merges } from './merge.ts';
import { normalizations } from './normalization.ts';
import { poolings } from './pooling.ts';
import { preprocessing } from './preprocessing.ts';
import { recurrents } from './recurrent.ts';
import { reshaping } from './reshaping.ts';
import { wrappers } from './wrappers.ts';

export const layers = {
  ...core,
  ...reshaping,
  ...convolutions,
  ...poolings,
  ...normalizations,
  ...merges,
  ...attention,
  ...recurrents,
  ...wrappers,
  ...preprocessing,
} satisfies Readonly<Record<string, LayerBuilder>>;

export type LayerClass = keyof typeof layers;

/** TF.js writes the class of a layer within a layer as "batch_normalization". */
const squashed = (name: string): string => name.replaceAll('_', '').toLowerCase();

const byName = new Map((Object.keys(layers) as LayerClass[]).map((name) => [squashed(name), name]));

export const classNamed = (name: string): LayerClass | null =>
  Object.hasOwn(layers, name) ? (name as LayerClass) : (byName.get(squashed(name)) ?? null);
