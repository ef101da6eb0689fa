/** @file Layers that lay elements out anew: reshaping, padding, cropping, enlarging. */
import type { Dim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { channelsFirst, channelsLast, resizing } from '../../channels-last.ts';
import { isChannelsFirst, lengthOf, rankOf, type LayerBuilder, type LayerSite } from '../site.ts';

const features = (x: Value): number => x.shape.slice(1).reduce<number>((n, _, i) => n * lengthOf(x, i + 1), 1);

/** Channels come last in what is flattened, whatever the order that they have. */
const flatten: LayerBuilder = (site) => {
  const { g, x } = site;
  const from = isChannelsFirst(site) && x[0].shape.length > 2 ? channelsLast(g, x[0]) : x[0];
  return reshaped(g, from, [features(from)]);
};

/** A node of its own even where the shape stays. */
const reshaped = (g: Builder, x: Value, shape: readonly Dim[]): Value =>
  g.apply('Reshape', [x, g.ints([x.shape[0], ...shape])]);

/** −1, or null in TF.js, stands for what is left. */
const reshape: LayerBuilder = ({ g, x: [x], config }) => {
  const given = config.get('target_shape');
  const whole = Array.isArray(given) ? { target_shape: given.map((d: unknown) => d ?? -1) } : {};
  const target = config.with(whole).list('target_shape');
  const known = target.filter((d) => d !== -1).reduce((n, d) => n * d, 1);
  const open = target.length - target.filter((d) => d !== -1).length;
  const rest = features(x) / known;
  if (target.some((d) => d < -1) || open > 1 || (open === 1 ? !Number.isInteger(rest) : rest !== 1))
    throw new RangeError(`cannot lay [${x.shape}] out as [${target}]. The file is damaged: save the model again.`);
  return reshaped(
    g,
    x,
    target.map((d) => (d === -1 ? rest : d)),
  );
};

/** Axes are counted from 1. */
const permute: LayerBuilder = ({ g, x: [x], config }) => {
  const dims = config.list('dims');
  if (
    dims.toSorted((a, b) => a - b).join() !==
    x.shape
      .slice(1)
      .map((_, i) => i + 1)
      .join()
  )
    throw new RangeError(
      `cannot order the axes of [${x.shape}] as [${dims}]. The file is damaged: save the model again.`,
    );
  return g.apply('Transpose', [x], { perm: [0, ...dims] });
};

/** [begin, end] of each spatial axis from one number, one a side or one an axis. */
function sides({ config }: LayerSite, key: string, rank: number): number[][] {
  const value = config.get(key) ?? 1;
  const list = Array.isArray(value) ? (value as unknown[]) : Array<unknown>(rank).fill(value);
  const pairs = rank === 1 && list.length === 2 ? [list] : list;
  const read = pairs.map((pair) => (Array.isArray(pair) ? (pair as unknown[]) : [pair, pair]));
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (read.length !== rank || !read.every((pair) => pair.length === 2 && pair.every(whole)))
    throw config.wrong(key, `${rank} pairs of whole numbers from 0`);
  return read as number[][];
}

const firstSpatial = (site: LayerSite): number => (isChannelsFirst(site) ? 2 : 1);

const zeroPadding =
  (rank: number): LayerBuilder =>
  (site) => {
    rankOf(site, rank + 2);
    const pairs = sides(site, 'padding', rank);
    const at = (side: number) => site.x[0].shape.map((_, axis) => pairs[axis - firstSpatial(site)]?.[side] ?? 0);
    return site.g.apply('Pad', [site.x[0], site.g.ints([...at(0), ...at(1)])]);
  };

const cropping =
  (rank: number): LayerBuilder =>
  (site) => {
    rankOf(site, rank + 2);
    const { g, x } = site;
    const pairs = sides(site, 'cropping', rank);
    const axes = pairs.map((_, i) => i + firstSpatial(site));
    const ends = pairs.map(([, end], i) => lengthOf(x[0], axes[i]) - end);
    if (pairs.some(([begin], i) => begin >= ends[i]))
      throw new RangeError(
        `crops [${x[0].shape}] by [${pairs.join('; ')}], which leaves nothing. Save the model again.`,
      );
    return g.slice(
      x[0],
      pairs.map(([begin]) => begin),
      ends,
      axes,
    );
  };

/** Repeats rows, or interpolates: TF.js from the corner, Keras from the centres of pixels. */
const upSampling =
  (rank: number): LayerBuilder =>
  (site) => {
    rankOf(site, rank + 2);
    const { g, x, config, dialect } = site;
    const factors = config.counts('size', rank, 2);
    const mode = config.word('interpolation', ['nearest', 'bilinear'], 'nearest') === 'nearest' ? 'nearest' : 'linear';
    const first = isChannelsFirst(site);
    const from = first ? channelsLast(g, x[0]) : x[0];
    const size = factors.map((factor, i) => factor * lengthOf(from, i + 1));
    const coordinates = mode === 'nearest' || dialect === 'tfjs' ? 'asymmetric' : 'half_pixel';
    const resized = resizing(g, from, { mode, size, coordinates }, site.name);
    return first ? channelsFirst(g, resized) : resized;
  };

export const reshaping = {
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  UpSampling3D: upSampling(3),
} satisfies Readonly<Record<string, LayerBuilder>>;
