/** @file Attributes of operators that slide a window, and the two layouts that they come in. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { channelsFirst, channelsLast, type Padding, type Windowed } from '../../channels-last.ts';
import type { Attributes } from '../attributes.ts';
import type { Site } from '../site.ts';

/** Whether channels come second, as in NCHW. */
const isChannelsFirst = (attrs: Attributes): boolean => /^NC/i.test(attrs.string('data_format', 'NHWC'));

/** What `f` computes of an image with channels last, in the layout that the node has. */
export function inLayout({ g, attrs }: Pick<Site, 'g' | 'attrs'>, x: Value, f: (x: Value) => Value): Value {
  return isChannelsFirst(attrs) ? channelsFirst(g, f(channelsLast(g, x))) : f(x);
}

/** The entries of a list of one number an axis that belong to space. Throws a RangeError for another length, or where others are not 1. */
export function spatial(attrs: Attributes, name: string, rank: number, fallback?: readonly number[]): number[] {
  const all = attrs.ints(name, fallback);
  const first = isChannelsFirst(attrs) ? 2 : 1;
  const inner = all.slice(first, first + rank);
  if (all.length !== rank + 2 || all.some((v, i) => v !== 1 && (i < first || i >= first + rank)))
    throw new RangeError(
      `attribute ${name} [${all}] does not fit ${rank} spatial axes: it needs ${rank + 2} entries, 1 for batch and channels.`,
    );
  return inner;
}

/** Padding by its name, or in numbers: [begin, end] of every axis. */
export function paddingOf(attrs: Attributes, rank: number): Padding {
  const name = attrs.string('padding');
  if (name === 'SAME' || name === 'VALID') return name;
  const explicit = attrs.ints('explicit_paddings', []);
  if (name !== 'EXPLICIT' || explicit.length !== 2 * (rank + 2))
    throw new RangeError(
      `padding "${name}" with explicit_paddings [${explicit}] is not SAME, VALID, or EXPLICIT with two numbers an axis.`,
    );
  const first = isChannelsFirst(attrs) ? 2 : 1;
  return Array.from({ length: rank }, (_, i) => {
    const at = 2 * (first + i);
    return [explicit[at], explicit[at + 1]] as const;
  });
}

/** Strides, padding and dilations of a convolution over `rank` spatial axes. */
export function windowed(attrs: Attributes, rank: number): Windowed {
  const ones = Array.from({ length: rank + 2 }, () => 1);
  const dilations = spatial(attrs, 'dilations', rank, ones);
  return { strides: spatial(attrs, 'strides', rank), padding: paddingOf(attrs, rank), dilations };
}

/** Throws a RangeError for an image or a filter of another rank. */
export function refuseOtherRank(x: Value, rank: number): void {
  if (x.shape.length !== rank)
    throw new RangeError(`its input has the shape [${x.shape}]; it needs ${rank} axes, batch and channels among them.`);
}

/** A vector of one number a channel as [C, 1, …], to go with channels in front. */
export const perChannel = (g: Builder, v: Value, rank: number): Value =>
  g.reshape(v, [...v.shape, ...Array.from({ length: rank }, () => 1)]);
