/** @file Layers that prepare an input: scaling, resizing, cropping, categories. What is random in training does nothing. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { int64, makeTensor } from '../../../tensor/tensor.ts';
import { channelsFirst, channelsLast, resizing } from '../../channels-last.ts';
import type { Config } from '../config.ts';
import { isChannelsFirst, lengthOf, rankOf, type LayerBuilder, type LayerSite } from '../site.ts';

/** One number, or one a channel. */
function factor(g: Builder, config: Config, key: string, fallback: number): Value {
  const value = config.get(key);
  if (!Array.isArray(value)) return g.scalar(config.number(key, fallback));
  if (!value.every((n) => typeof n === 'number')) throw config.wrong(key, 'a number or a list of numbers');
  return g.constant(makeTensor('float32', [value.length], Float32Array.from(value as number[])));
}

const rescaling: LayerBuilder = ({ g, x: [x], config }) =>
  g.add(g.mul(x, factor(g, config, 'scale', 1)), factor(g, config, 'offset', 0));

/** TF.js aligns corners unless it may crop; Keras interpolates between the centres of pixels. */
const resize: LayerBuilder = (site) => {
  rankOf(site, 4);
  const { g, x, config, dialect, name } = site;
  const crop = config.bool('crop_to_aspect_ratio', false) || config.bool('pad_to_aspect_ratio', false);
  if (crop && dialect !== 'tfjs')
    throw new RangeError('keeps the aspect ratio, which is not supported. Save the model without this layer.');
  const first = isChannelsFirst(site);
  const from = first ? channelsLast(g, x[0]) : x[0];
  const y = resizing(
    g,
    from,
    {
      mode: config.word('interpolation', ['nearest', 'bilinear'], 'bilinear') === 'nearest' ? 'nearest' : 'linear',
      size: [config.count('height'), config.count('width')],
      coordinates: dialect !== 'tfjs' ? 'half_pixel' : crop ? 'asymmetric' : 'align_corners',
    },
    name,
  );
  return first ? channelsFirst(g, y) : y;
};

/** Rows `places` along an axis. */
const rows = (g: Builder, x: Value, places: readonly number[], axis: number): Value =>
  g.apply('Gather', [x, g.constant(int64([places.length], places))], { axis });

/**
 * Rows that TF.js' crop takes: it samples the box [begin, begin + size] / length as if the last row were at 1, and so takes
 * some rows twice.
 */
function sampledRows(begin: number, size: number, length: number): number[] {
  const [low, high] = [begin / length, (begin + size) / length].map(Math.fround);
  if (size === 1) return [Math.round(0.5 * (low + high) * (length - 1))];
  const scale = ((high - low) * (length - 1)) / (size - 1);
  return Array.from({ length: size }, (_, i) => Math.round(low * (length - 1) + i * scale));
}

const centerCrop: LayerBuilder = (site) => {
  rankOf(site, 4);
  const { g, x, config, dialect } = site;
  const size = [config.count('height'), config.count('width')];
  const first = isChannelsFirst(site) ? 2 : 1;
  const lengths = size.map((_, i) => lengthOf(x[0], first + i));
  if (size.some((n, i) => n > lengths[i])) return enlarged(site, size, lengths);
  const begins = lengths.map((length, i) => Math.floor((length - size[i]) / 2));
  if (dialect !== 'tfjs')
    return g.slice(
      x[0],
      begins,
      begins.map((begin, i) => begin + size[i]),
      [first, first + 1],
    );
  if (lengths[1] !== size[1] && begins[1] === 0) begins[1] = 1;
  return size.reduce((y, n, i) => rows(g, y, sampledRows(begins[i], n, lengths[i]), first + i), x[0]);
};

/** TF.js resizes an image that is too small; Keras cuts it to the right proportions first. */
function enlarged({ g, x, dialect, name }: LayerSite, size: readonly number[], lengths: readonly number[]): Value {
  if (dialect !== 'tfjs')
    throw new RangeError(
      `crops [${lengths}] to [${size}], which is larger; this is not supported. Give the model a larger input.`,
    );
  return resizing(g, x[0], { mode: 'linear', size, coordinates: 'asymmetric' }, name);
}

/** Whole numbers below num_tokens → which of them there are, or how many of each. */
const categoryEncoding: LayerBuilder = ({ g, x: [x], config }) => {
  const depth = config.count('num_tokens');
  const mode = config.word('output_mode', ['multi_hot', 'one_hot', 'count'], 'multi_hot');
  const alone = mode === 'one_hot' && x.shape.at(-1) === 1 ? x.shape.slice(0, -1) : x.shape;
  const indices = g.cast(g.reshape(x, alone), 'int64');
  const values = g.constant(makeTensor('float32', [2], Float32Array.of(0, 1)));
  const hot = g.apply('OneHot', [indices, g.scalar(depth, 'int64'), values], { axis: -1 });
  if (mode === 'one_hot') return hot;
  const axes = [hot.shape.length - 2];
  return mode === 'count' ? g.reduceSum(hot, axes, false) : g.reduceMax(hot, axes, false);
};

const nothing: LayerBuilder = ({ g, x: [x] }) => g.apply('Identity', [x]);

export const preprocessing = {
  Rescaling: rescaling,
  Resizing: resize,
  CenterCrop: centerCrop,
  CategoryEncoding: categoryEncoding,
  RandomWidth: nothing,
  RandomHeight: nothing,
  RandomFlip: nothing,
  RandomRotation: nothing,
  RandomTranslation: nothing,
  RandomZoom: nothing,
  RandomContrast: nothing,
  RandomBrightness: nothing,
} satisfies Readonly<Record<string, LayerBuilder>>;
