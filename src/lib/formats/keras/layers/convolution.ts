/** @file Convolutions in one to three dimensions: plain, transposed, depthwise, separable. */
import type { Value } from '../../../graph/graph.ts';
import {
  channelsFirst,
  channelsLast,
  convolution,
  depthwiseConvolution,
  transposedConvolution,
  type Padding,
  type Windowed,
} from '../../channels-last.ts';
import { activate } from '../activations.ts';
import { isChannelsFirst, lengthOf, rankOf, type LayerBuilder, type LayerSite } from '../site.ts';

/** `build` on [N, …, C], its result in the order of axes that the layer has. */
export function inChannelsLast(site: LayerSite, rank: number, build: (x: Value) => Value): Value {
  rankOf(site, rank + 2);
  const first = isChannelsFirst(site);
  const built = build(first ? channelsLast(site.g, site.x[0]) : site.x[0]);
  return first ? channelsFirst(site.g, built) : built;
}

/** In the layer's own order of axes: softmax works along the last of them. */
const activated = (site: LayerSite, y: Value): Value =>
  activate(site.g, y, site.config.get('activation'), site.dialect);

function paddingOf({ config }: LayerSite, kernel: readonly number[], dilations: readonly number[]): Padding {
  const word = config.word('padding', kernel.length === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'], 'valid');
  if (word === 'causal') return [[(kernel[0] - 1) * dilations[0], 0]];
  return word === 'same' ? 'SAME' : 'VALID';
}

/** How a window of the given lengths is moved. Strides are one number or one an axis. */
export function windowOf(site: LayerSite, kernel: readonly number[]): Windowed & { dilations: readonly number[] } {
  const rank = kernel.length;
  const dilations = site.config.counts('dilation_rate', rank, 1);
  return { strides: site.config.counts('strides', rank, 1), padding: paddingOf(site, kernel, dilations), dilations };
}

const conv =
  (rank: number): LayerBuilder =>
  (site) => {
    const { g, config, weights, name } = site;
    const kernel = config.counts('kernel_size', rank);
    const filters = config.count('filters');
    const group = config.count('groups', 1);
    const y = inChannelsLast(site, rank, (x) => {
      const w = weights.take('kernel', [...kernel, lengthOf(x, -1) / group, filters]);
      const bias = weights.takeIf(config.bool('use_bias', true), 'bias', [filters]);
      return convolution(g, x, { weights: w, bias, group, name }, windowOf(site, kernel));
    });
    return activated(site, y);
  };

/** Lengths of a transposed convolution's result, where Keras says nothing of them and where output_padding does. */
function transposedLengths(site: LayerSite, x: Value, kernel: readonly number[], how: Windowed): number[] {
  const given =
    site.config.get('output_padding') === undefined ? null : site.config.ints('output_padding', kernel.length);
  return kernel.map((k, i) => {
    const [length, stride] = [lengthOf(x, i + 1), how.strides[i]];
    const reach = (k - 1) * (how.dilations?.[i] ?? 1) + 1;
    const same = how.padding === 'SAME';
    if (!given) return length * stride + (same ? 0 : Math.max(reach - stride, 0));
    return (length - 1) * stride + reach - 2 * (same ? Math.floor(reach / 2) : 0) + given[i];
  });
}

const transposed =
  (rank: number): LayerBuilder =>
  (site) => {
    const { g, config, weights, name } = site;
    const kernel = config.counts('kernel_size', rank);
    const filters = config.count('filters');
    const how = windowOf(site, kernel);
    const y = inChannelsLast(site, rank, (x) => {
      const w = weights.take('kernel', [...kernel, filters, lengthOf(x, -1)]);
      const bias = weights.takeIf(config.bool('use_bias', true), 'bias', [filters]);
      return transposedConvolution(g, x, { weights: w, bias, name }, how, transposedLengths(site, x, kernel, how));
    });
    return activated(site, y);
  };

const depthwise =
  (rank: number): LayerBuilder =>
  (site) => {
    const { g, config, weights, name } = site;
    const kernel = config.counts('kernel_size', rank);
    const y = inChannelsLast(site, rank, (x) => {
      const channels = lengthOf(x, -1);
      const w = weights.take('depthwise kernel', [...kernel, channels, null]);
      const bias = weights.takeIf(config.bool('use_bias', true), 'bias', [channels * w.shape[rank + 1]]);
      return depthwiseConvolution(g, x, { weights: w, bias, name }, windowOf(site, kernel));
    });
    return activated(site, y);
  };

/** Depthwise, then pointwise. */
const separable =
  (rank: number): LayerBuilder =>
  (site) => {
    const { g, config, weights, name } = site;
    const kernel = config.counts('kernel_size', rank);
    const filters = config.count('filters');
    const ones = kernel.map(() => 1);
    const y = inChannelsLast(site, rank, (x) => {
      const channels = lengthOf(x, -1);
      // How many there are for a channel, the kernel says; TF.js does not write it down.
      const depth = weights.take('depthwise kernel', [...kernel, channels, null]);
      const point = weights.take('pointwise kernel', [...ones, channels * depth.shape[rank + 1], filters]);
      const bias = weights.takeIf(config.bool('use_bias', true), 'bias', [filters]);
      const middle = depthwiseConvolution(g, x, { weights: depth, name: `${name}/depthwise` }, windowOf(site, kernel));
      return convolution(g, middle, { weights: point, bias, name }, { strides: ones, padding: 'VALID' });
    });
    return activated(site, y);
  };

export const convolutions = {
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Convolution1D: conv(1),
  Convolution2D: conv(2),
  Convolution3D: conv(3),
  Conv1DTranspose: transposed(1),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
} satisfies Readonly<Record<string, LayerBuilder>>;
