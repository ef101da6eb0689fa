/** @file Shapes: reshaping, joining, cutting, padding and repeating. */
import { isBatch, type Dim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import { reopenConcat, reopenReshape } from '../../../graph/reopen.ts';
import * as options from '../options.ts';
import {
  activated,
  axisOf,
  constant,
  define,
  input,
  inputs,
  lengths,
  number,
  numbers,
  reopened,
  type Operator,
  type Site,
} from './define.ts';

/** The shape that the file gives, with the batch where one example is baked in. */
function reshaped(site: Site<unknown>, target: readonly Dim[]): Value {
  const x = input(site, 0);
  const baked = target.some(isBatch) ? null : reopenReshape(x.shape, target as readonly number[], true);
  return site.g.apply('Reshape', [x, site.g.ints(baked ?? target)], { allowzero: 1 });
}

const reshape = define(options.reshape, (site) => {
  const known = site.x[1]?.isConstant && site.x[1].shape.length === 1 ? lengths(site, 1) : null;
  const { newShape } = site.options;
  return reshaped(site, known ?? (newShape.length > 0 ? newShape : site.shapes[0]));
});

const squeeze = define(options.squeeze, (site) => {
  const x = input(site, 0);
  const rank = x.shape.length;
  const named = site.options.squeezeDims.map((axis) => axisOf(axis, rank));
  const all = x.shape.flatMap((d, axis) => (d === 1 ? [axis] : []));
  const axes = named.length > 0 ? named : all;
  return axes.length > 0 ? site.g.apply('Squeeze', [x, site.g.ints(axes)]) : x;
});

const expandDims = define(options.none, (site) => {
  const x = input(site, 0);
  const axis = axisOf(number(site, 1), x.shape.length + 1);
  return site.g.apply('Unsqueeze', [x, site.g.ints([axis])]);
});

const transpose = define(options.none, (site) => {
  const perm = numbers(site, 1);
  return site.g.transpose(input(site, 0), perm);
});

/** Parts in which one example is baked in are repeated for every one. */
function joined(site: Site<unknown>, parts: readonly Value[], axis: number): Value {
  const expanded = reopenConcat(
    parts.map((v) => v.shape),
    axis,
  );
  return site.g.concat(
    parts.map((v, i) => (expanded[i] ? site.g.expand(v, expanded[i]) : v)),
    axis,
  );
}

const concatenation = define(options.concatenation, (site) => {
  const parts = inputs(site);
  const axis = axisOf(site.options.axis, input(site, 0).shape.length);
  return activated(site.g, joined(site, parts, axis), site.options.activation);
});

const pack = define(options.pack, (site) => {
  const parts = inputs(site);
  const axis = axisOf(site.options.axis, input(site, 0).shape.length + 1);
  const apart = parts.map((v) => site.g.apply('Unsqueeze', [v, site.g.ints([axis])]));
  return joined(site, apart, axis);
});

function parts(site: Site<unknown>, x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
  return site.g.applyAll('Split', [x, site.g.ints(sizes)], { axis }, { outputs: sizes.map(() => '') });
}

const evenly = (x: Value, axis: number, count: number): number[] => {
  const length = x.shape[axis];
  if (typeof length !== 'number' || count !== Math.max(1, count) || length % count !== 0 || count > 4096)
    throw new RangeError(`it cuts axis ${axis} of [${x.shape}] into ${count} equal parts.`);
  return Array.from({ length: count }, () => length / count);
};

const unpack = define(options.pack, (site) => {
  const x = input(site, 0);
  const axis = axisOf(site.options.axis, x.shape.length);
  const ones = parts(site, x, axis, evenly(x, axis, x.shape[axis] as number));
  return ones.map((v) => site.g.apply('Squeeze', [v, site.g.ints([axis])]));
});

const split = define(options.split, (site) => {
  const x = input(site, 1);
  const axis = axisOf(number(site, 0), x.shape.length);
  return parts(site, x, axis, evenly(x, axis, site.options.numSplits));
});

/** One of the sizes may be −1: what is left. */
const splitV = define(options.split, (site) => {
  const x = input(site, 0);
  const [sizes, axis] = [numbers(site, 1), axisOf(number(site, 2), x.shape.length)];
  const given = sizes.reduce((n, size) => n + Math.max(size, 0), 0);
  return parts(
    site,
    x,
    axis,
    sizes.map((size) => (size === -1 ? (x.shape[axis] as number) - given : size)),
  );
});

/** Pads [[begin, end], …], one pair an axis. */
function padAttribute(site: Site<unknown>): number[] {
  const pairs = numbers(site, 1);
  const [even, odd] = [0, 1].map((rest) => pairs.filter((_, i) => i % 2 === rest));
  return [...even, ...odd];
}

const pad = (hasValue: boolean): Operator =>
  define(options.none, (site) => {
    const value = hasValue ? [input(site, 2)] : [];
    return site.g.apply('Pad', [input(site, 0), site.g.ints(padAttribute(site)), ...value]);
  });

/** REFLECT leaves the border out; SYMMETRIC, which ONNX does not have, reads the rows one by one. */
const mirrorPad = define(options.mirrorPad, (site) => {
  const { g } = site;
  const x = input(site, 0);
  const pads = padAttribute(site);
  if (site.options.mode === 0) return g.apply('Pad', [x, g.ints(pads)], { mode: 'reflect' });
  return x.shape.reduce((value: Value, length, axis) => {
    const [begin, end] = [pads[axis], pads[axis + x.shape.length]];
    if (begin === 0 && end === 0) return value;
    return g.apply('Gather', [value, g.ints(mirrored(length as number, begin, end))], { axis });
  }, x);
});

/** Rows that are read one by one. */
const LONGEST_MIRROR = 65_536;

function mirrored(length: number, begin: number, end: number): number[] {
  if (!(begin >= 0 && end >= 0 && begin <= length && end <= length && length <= LONGEST_MIRROR))
    throw new RangeError(`it pads an axis of length ${length} by ${begin} and ${end} of its own rows.`);
  return Array.from({ length: begin + length + end }, (_, i) => {
    const at = i - begin;
    if (at < 0) return -at - 1;
    return at < length ? at : 2 * length - at - 1;
  });
}

/** All of a batch is not cut, whatever its length. */
function cut(site: Site<unknown>, x: Value, spans: readonly (readonly [number, number, number] | null)[]): Value {
  const axes = spans.flatMap((span, axis) => (span ? [axis] : []));
  if (axes.length === 0) return x;
  const column = (i: number) => axes.map((axis) => spans[axis]![i]);
  return site.g.slice(x, column(0), column(1), axes, column(2));
}

const slice = define(options.none, (site) => {
  const x = input(site, 0);
  const [begins, sizes] = [numbers(site, 1), numbers(site, 2)];
  const spans = x.shape.map((d, axis) => {
    const [begin, size] = [begins[axis] ?? 0, sizes[axis] ?? -1];
    const whole = begin === 0 && (size === -1 || size === d || (isBatch(d) && size === d.times));
    return whole ? null : ([begin, size === -1 ? Number.MAX_SAFE_INTEGER : begin + size, 1] as const);
  });
  return cut(site, x, spans);
});

const bit = (mask: number, i: number): boolean => ((mask >> i) & 1) === 1;

const stridedSlice = define(options.stridedSlice, (site) => {
  const { options: o } = site;
  const x = input(site, 0);
  const [begins, ends, steps] = [numbers(site, 1), lengths(site, 2), numbers(site, 3)];
  if (o.ellipsisMask !== 0 || o.newAxisMask !== 0 || o.offset !== 0)
    throw new RangeError('its ellipsis, new axes or offsets are not supported. Export the model without them.');
  if (steps.includes(0) || begins.length !== ends.length || begins.length !== steps.length)
    throw new RangeError(`it goes from [${begins}] to [${ends}] in steps of [${steps}].`);
  const shrunk = x.shape.flatMap((_, axis) => (axis < begins.length && bit(o.shrinkAxisMask, axis) ? [axis] : []));
  const spans = x.shape.map((d, axis) => {
    if (axis >= begins.length) return null;
    const [begin, end, step] = [begins[axis], ends[axis], steps[axis]];
    if (shrunk.includes(axis)) return [begin, begin === -1 ? Number.MAX_SAFE_INTEGER : begin + 1, 1] as const;
    return span(d, bit(o.beginMask, axis) ? null : begin, bit(o.endMask, axis) ? null : end, step);
  });
  const value = cut(site, x, spans);
  return shrunk.length > 0 ? site.g.apply('Squeeze', [value, site.g.ints(shrunk)]) : value;
});

/** null: the whole axis. */
function span(d: Dim, begin: number | null, end: Dim | null, step: number): readonly [number, number, number] | null {
  const all = end === null || end === d || (isBatch(d) && end === d.times);
  if (step === 1 && (begin ?? 0) === 0 && all) return null;
  const first = begin ?? (step > 0 ? 0 : Number.MAX_SAFE_INTEGER);
  return [first, (end as number | null) ?? (step > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER), step];
}

const broadcastTo = define(options.none, (site) => {
  const x = input(site, 0);
  const target = lengths(site, 1);
  return site.g.expand(
    x,
    target.map((d, i) => reopened(d, x.shape[i - target.length + x.shape.length])),
  );
});

const fill = define(options.none, (site) => site.g.expand(input(site, 1), lengths(site, 0)));

const tile = define(options.none, (site) => site.g.apply('Tile', [input(site, 0), site.g.ints(numbers(site, 1))]));

function rangeEnd(site: Site<unknown>, i: number): Value {
  const { data, shape } = constant(site, i);
  if (data.length !== 1) throw new RangeError(`it counts by a number of the shape [${shape}]; one number is needed.`);
  return site.g.scalar(Number(data[0]), input(site, i).dtype);
}

const range = define(options.none, (site) => {
  const scalars = [0, 1, 2].map((i) => rangeEnd(site, i));
  return site.g.apply('Range', scalars);
});

const reverse = define(options.none, (site) => {
  const x = input(site, 0);
  const axes = numbers(site, 1).map((axis) => axisOf(axis, x.shape.length));
  const minus = axes.map(() => -1);
  return site.g.slice(
    x,
    minus,
    axes.map(() => Number.MIN_SAFE_INTEGER),
    axes,
    minus,
  );
});

export const shapes = {
  RESHAPE: reshape,
  SQUEEZE: squeeze,
  EXPAND_DIMS: expandDims,
  TRANSPOSE: transpose,
  CONCATENATION: concatenation,
  PACK: pack,
  UNPACK: unpack,
  SPLIT: split,
  SPLIT_V: splitV,
  PAD: pad(false),
  PADV2: pad(true),
  MIRROR_PAD: mirrorPad,
  SLICE: slice,
  STRIDED_SLICE: stridedSlice,
  BROADCAST_TO: broadcastTo,
  FILL: fill,
  TILE: tile,
  RANGE: range,
  REVERSE_V2: reverse,
  SHAPE: define(options.none, (site) => site.g.apply('Shape', [input(site, 0)])),
  RANK: define(options.none, (site) => site.g.scalar(input(site, 0).shape.length, 'int64')),
} satisfies Record<string, Operator>;
