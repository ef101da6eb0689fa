/** @file Resize: every mode is a matrix along each axis, so its gradient is that matrix transposed. */
import { bindShape, concrete, isBatch, normalizeAxis, sameShape, type Dim, type Shape } from '../graph/dim.ts';
import { knownDims, type OutputType, type Value } from '../graph/graph.ts';
import { float32, sizeOf, toNumbers, type FloatTensor } from '../tensor/tensor.ts';
import { float, int, ints, string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { linear } from './combinators.ts';
import { defineOp, type InferSite } from './define.ts';
import { repeats, resampleMatrix, type ResampledAxis, type ResampleOptions } from './resampling.ts';

export interface ResizeAttributes extends ResampleOptions {
  readonly axes: readonly number[] | null;
  readonly keepAspectRatioPolicy: string;
  readonly extrapolationValue: number;
}

interface Target {
  readonly to: Dim;
  readonly scale: number;
}

const numbersOf = (v: Value | null | undefined): number[] | null =>
  v?.constant && v.constant.data.length > 0 ? toNumbers(v.constant) : null;

const resizedAxes = (rank: number, axes: readonly number[] | null): number[] =>
  axes ? axes.map((axis) => normalizeAxis(axis, rank, 'Resize')) : Array.from({ length: rank }, (_, i) => i);

function fromScales(lengths: Shape, scales: readonly number[]): Target[] {
  return lengths.map((from, i) => {
    if (scales[i] === 1) return { to: from, scale: 1 };
    // Rounded as runtimes do, in float32: 5 · 1.8 is 9.
    return { to: Math.floor(Math.fround(concrete(from, 'Resize') * scales[i])), scale: scales[i] };
  });
}

function fromSizes(lengths: Shape, sizes: readonly Dim[], policy: string): Target[] {
  const ratios = lengths.map((from, i) =>
    from === sizes[i] ? 1 : concrete(sizes[i], 'Resize') / concrete(from, 'Resize'),
  );
  if (policy === 'stretch') return lengths.map((_, i) => ({ to: sizes[i], scale: ratios[i] }));
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return lengths.map((from) => ({
    to: isBatch(from) && scale === 1 ? from : Math.round(concrete(from, 'Resize') * scale),
    scale,
  }));
}

/** New length and scale of each resized axis. Throws a RangeError where neither scales nor sizes are known. */
function targets(
  x: Value,
  scales: Value | null | undefined,
  sizes: Value | null | undefined,
  attrs: ResizeAttributes,
): Map<number, Target> {
  const axes = resizedAxes(x.shape.length, attrs.axes);
  const lengths = axes.map((axis) => x.shape[axis]);
  const [factors, wanted] = [numbersOf(scales), sizes ? knownDims(sizes) : null];
  const given = factors ?? wanted;
  if (!given)
    throw new RangeError('neither scales nor sizes are known before the model runs. Export it for a fixed input size.');
  if (given.length !== axes.length)
    throw new RangeError(`${given.length} ${factors ? 'scales' : 'sizes'} are given for ${axes.length} axes.`);
  const found = factors ? fromScales(lengths, factors) : fromSizes(lengths, wanted!, attrs.keepAspectRatioPolicy);
  return new Map(axes.map((axis, i) => [axis, found[i]]));
}

function inferResize({ x: [x, roi, scales, sizes], attrs }: InferSite<ResizeAttributes>): OutputType[] {
  const resized = targets(x, scales, sizes, attrs);
  const shape = x.shape.map((d, axis) => resized.get(axis)?.to ?? d);
  if (attrs.coordinateTransformationMode === 'tf_crop_and_resize' && !numbersOf(roi))
    throw new RangeError('tf_crop_and_resize needs a constant roi.');
  return [{ dtype: x.dtype, shape }];
}

/** The matrix of every axis that changes. */
function matrices([x, roi, scales, sizes]: readonly Value[], attrs: ResizeAttributes): Map<number, FloatTensor> {
  const found = new Map<number, FloatTensor>();
  const region = attrs.coordinateTransformationMode === 'tf_crop_and_resize' ? numbersOf(roi) : null;
  [...targets(x, scales, sizes, attrs)].forEach(([axis, { to, scale }], i, all) => {
    const [start, end] = region ? [region[i], region[i + all.length]] : [0, 1];
    if (to === x.shape[axis] && scale === 1 && start === 0 && end === 1) return;
    const spec: ResampledAxis = { from: x.shape[axis] as number, to: to as number, scale, start, end };
    found.set(axis, resampleMatrix(spec, attrs));
  });
  return found;
}

/** How often the elements along each axis that changes are repeated, where that is all that Resize does; else null. */
export function repeatedAxes(x: readonly Value[], attrs: ResizeAttributes): ReadonlyMap<number, number> | null {
  const times = new Map([...matrices(x, attrs)].map(([axis, matrix]) => [axis, repeats(matrix)]));
  return [...times.values()].every((k) => k > 0) ? times : null;
}

/** Sums of the k copies of each element: reshape to […, n, k, …], then one sum. */
function sumRepeats(g: Builder, dy: Value, x: Shape, times: ReadonlyMap<number, number>): Value {
  const split: Dim[] = [];
  const copies: number[] = [];
  x.forEach((d, axis) => {
    split.push(d);
    const k = times.get(axis);
    if (k === undefined) return;
    copies.push(split.length);
    split.push(k);
  });
  return g.reduceSum(g.reshape(dy, split), copies, false);
}

/** dy contracted with `matrix` [to, from] along an axis, which becomes `from` long. */
function contractAxis(g: Builder, dy: Value, axis: number, matrix: FloatTensor): Value {
  const rank = dy.shape.length;
  const m = g.constant(matrix);
  if (axis === rank - 1) return g.matmul(dy, m);
  if (axis === rank - 2) return g.matmul(g.transpose(m), dy);
  const swap = dy.shape.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  return g.transpose(g.matmul(g.transpose(dy, swap), m), swap);
}

/** Resize as a product with a matrix along each axis; null where something stands outside of the sampled region. */
export function resizeByMatrices(g: Builder, x: readonly Value[], attrs: ResizeAttributes): Value | null {
  if (attrs.coordinateTransformationMode === 'tf_crop_and_resize' && attrs.extrapolationValue !== 0) return null;
  return [...matrices(x, attrs)].reduce(
    (value, [axis, matrix]) => contractAxis(g, value, axis, transposedMatrix(matrix)),
    x[0],
  );
}

function transposedMatrix({ shape: [rows, columns], data }: FloatTensor): FloatTensor {
  const turned = Float32Array.from(
    { length: data.length },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)],
  );
  return float32([columns, rows], turned);
}

export const Resize = defineOp('Resize', {
  doc: 'x sampled anew along each axis: nearest, linear or cubic',
  attrs: {
    antialias: int(0),
    axes: ints(null),
    coordinate_transformation_mode: string('half_pixel'),
    cubic_coeff_a: float(-0.75),
    exclude_outside: int(0),
    extrapolation_value: float(0),
    keep_aspect_ratio_policy: string('stretch'),
    mode: string('nearest'),
    nearest_mode: string('round_prefer_floor'),
  },
  infer: inferResize,
  ...linear<ResizeAttributes>((g, { x, dy: [dy], attrs }) => {
    const times = repeatedAxes(x, attrs);
    if (times) return [sumRepeats(g, dy, x[0].shape, times)];
    return [[...matrices(x, attrs)].reduce((flow, [axis, matrix]) => contractAxis(g, flow, axis, matrix), dy)];
  }),
  flops: ([x], [y], { mode }) => {
    const resized = x.shape.filter((d, i) => d !== y.shape[i]).length;
    return sameShape(x.shape, y.shape)
      ? 0
      : sizeOf(bindShape(y.shape, 1)) * (mode === 'nearest' ? 1 : (mode === 'linear' ? 2 : 4) ** resized);
  },
});
