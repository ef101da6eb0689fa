/** @file Poolings over windows and over everything. */
import { pooling } from '../../channels-last.ts';
import type { Value } from '../../../graph/graph.ts';
import { isChannelsFirst, rankOf, type LayerBuilder, type LayerSite } from '../site.ts';
import { inChannelsLast } from './convolution.ts';

type Kind = 'max' | 'average';

/** Windows lie side by side unless strides say otherwise. */
const windows =
  (kind: Kind, rank: number): LayerBuilder =>
  (site) => {
    const { g, config, name } = site;
    const size = config.counts('pool_size', rank, 2);
    const strides = config.get('strides') === undefined ? size : config.counts('strides', rank);
    const padding = config.word('padding', ['valid', 'same'], 'valid') === 'same' ? 'SAME' : 'VALID';
    return inChannelsLast(site, rank, (x) => pooling(g, kind, x, size, { strides, padding }, name));
  };

const everything =
  (kind: Kind, rank: number): LayerBuilder =>
  (site) => {
    rankOf(site, rank + 2);
    const { g, x, config } = site;
    const axes = Array.from({ length: rank }, (_, i) => i + (isChannelsFirst(site) ? 2 : 1));
    const keep = config.bool('keepdims', false);
    const [mask] = site.masks;
    if (mask && kind === 'average' && rank === 1 && site.dialect !== 'tfjs') return meanOf(site, mask, keep);
    return kind === 'max' ? g.reduceMax(x[0], axes, keep) : g.reduceMean(x[0], axes, keep);
  };

/** Keras' mean over time of the steps that count, whose number it divides by. */
function meanOf({ g, x: [x] }: LayerSite, mask: Value, keep: boolean): Value {
  const [n, steps] = mask.shape;
  const counts = g.reshape(g.cast(mask, 'float32'), [n, steps, 1]);
  return g.div(g.reduceSum(g.mul(x, counts), [1], keep), g.reduceSum(counts, [1], keep));
}

export const poolings = {
  MaxPooling1D: windows('max', 1),
  MaxPooling2D: windows('max', 2),
  MaxPooling3D: windows('max', 3),
  AveragePooling1D: windows('average', 1),
  AveragePooling2D: windows('average', 2),
  AveragePooling3D: windows('average', 3),
  GlobalMaxPooling1D: everything('max', 1),
  GlobalMaxPooling2D: everything('max', 2),
  GlobalMaxPooling3D: everything('max', 3),
  GlobalAveragePooling1D: everything('average', 1),
  GlobalAveragePooling2D: everything('average', 2),
  GlobalAveragePooling3D: everything('average', 3),
} satisfies Readonly<Record<string, LayerBuilder>>;
