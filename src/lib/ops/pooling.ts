/** @file Pooling over windows and over whole maps. */
import { concrete, concreteShape, bindShape, type Shape } from '../graph/dim.ts';
import { VITRINE, type OutputType, type Value } from '../graph/graph.ts';
import { float32, full, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { int, ints, string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { linear } from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite, type Site } from './define.ts';
import { extent, slidingWindows, windowAttributes, type WindowAttributes, type Windows } from './windows.ts';

const poolingAttributes = {
  auto_pad: string('NOTSET'),
  ceil_mode: int(0),
  dilations: ints(null),
  kernel_shape: ints([]),
  pads: ints(null),
  strides: ints(null),
};

export interface PoolingAttributes extends WindowAttributes {
  readonly kernelShape: readonly number[];
}

/** The windows of a pooling node over x [N, C, …]. Throws a RangeError when x and kernel_shape disagree in rank. */
function poolingWindows(x: Shape, attrs: PoolingAttributes, where: string): Windows {
  if (x.length < 3 || attrs.kernelShape.length !== x.length - 2) {
    throw new RangeError(
      `input has shape [${x}], kernel_shape is [${attrs.kernelShape}]; it needs one entry for each axis after the second.`,
    );
  }
  return slidingWindows(concreteShape(x.slice(2), where), attrs.kernelShape, attrs);
}

function inferPooling({ x: [x], attrs, where, outputCount }: InferSite<PoolingAttributes>): OutputType[] {
  const shape = [...x.shape.slice(0, 2), ...poolingWindows(x.shape, attrs, where).output];
  const pooled = { dtype: x.dtype, shape };
  return outputCount > 1 ? [pooled, { dtype: 'int64', shape }] : [pooled];
}

const poolingFlops = (_x: readonly Value[], [y]: readonly Value[], attrs: PoolingAttributes): number =>
  sizeOf(bindShape(y.shape, 1)) * sizeOf(attrs.kernelShape);

/**
 * DeepLIFT of a maximum with reference maximum y′, each reached at one element of a window of x and x′. Where y ≥ y′
 * the element that reached y takes all of G·Δy: at it Δx ≥ Δy ≥ 0. Elsewhere the element that reached y′ does:
 * Δx ≤ Δy < 0. So every multiplier lies between 0 and G, and where windows overlap their shares of G·Δy add up before
 * the division by Δx. `route(at, share)` sends shares to the elements of `at` that reached the maxima.
 */
function maximumMultiplier<A>(route: (g: Builder, at: Value, share: Value, site: Site<A>) => Value): BackwardRule<A> {
  return (g, site) => {
    const {
      x: [x],
      xRef: [xRef],
      y: [y],
      yRef: [yRef],
      dy: [dy],
    } = site;
    const rises = g.greaterOrEqual(y, yRef);
    const change = g.mul(dy, g.sub(y, yRef));
    const shares = g.add(route(g, x, g.where(rises, change, 0), site), route(g, xRef, g.where(rises, 0, change), site));
    const dx = g.sub(x, xRef);
    const same = g.equal(dx, 0);
    return [g.where(same, 0, g.div(shares, g.where(same, 1, dx)))];
  };
}

/** MaxPoolGrad's node for a MaxPool node. */
function scatterToMaxima(g: Builder, x: Value, share: Value, { attrs, node }: Site<PoolingAttributes>): Value {
  const windows = poolingWindows(x.shape, attrs, node.op);
  const ceil = attrs.autoPad === 'NOTSET' ? (attrs.ceilMode ?? 0) : 0;
  return g.apply('MaxPoolGrad', [x, share], { ...windowAttributes(windows), ceil_mode: ceil }, { domain: VITRINE });
}

export const MaxPool = defineOp('MaxPool', {
  doc: 'the maximum of each window; padding never wins. Ties go to the first element',
  attrs: { ...poolingAttributes, storage_order: int(0) },
  infer: inferPooling,
  gradient: (g, site) => [scatterToMaxima(g, site.x[0], site.dy[0], site)],
  deeplift: maximumMultiplier(scatterToMaxima),
  relevance: (g, site) => [scatterToMaxima(g, site.x[0], site.dy[0], site)],
  flops: poolingFlops,
});

/** Linear in dy. Exists in memory only: a runtime has its own fastest way to write it with ONNX's operators. */
export const MaxPoolGrad = defineOp('MaxPoolGrad', {
  domain: VITRINE,
  doc: 'adds dy of each window to the first element of x that is the maximum of that window; zero elsewhere',
  attrs: poolingAttributes,
  infer: ({ x: [x, dy], attrs, where }) => {
    const { output } = poolingWindows(x.shape, attrs, where);
    if (output.some((n, i) => dy.shape[i + 2] !== n))
      throw new RangeError(`dy has shape [${dy.shape}], the windows of [${x.shape}] make [${output}].`);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  flops: ([, dy], _y, attrs) => sizeOf(bindShape(dy.shape, 1)) * sizeOf(attrs.kernelShape),
});

export interface AverageAttributes extends PoolingAttributes {
  readonly countIncludePad: number;
}

/** How many elements each window of one axis counts; padding counts up to `ends`, never the overhang of ceil_mode. */
function windowCounts(
  { kernel, strides, dilations, begins, ends, output }: Windows,
  axis: number,
  length: number,
  includePad: boolean,
): number[] {
  const [low, high] = includePad ? [-begins[axis], length + ends[axis]] : [0, length];
  return Array.from({ length: output[axis] }, (_, window) => {
    const start = window * strides[axis] - begins[axis];
    return Array.from({ length: kernel[axis] }, (_, k) => start + k * dilations[axis]).filter(
      (i) => i >= low && i < high,
    ).length;
  });
}

/** By how many elements each window divides: a constant that broadcasts over [N, C, …], or a number where all divide alike. */
function windowDivisors(g: Builder, windows: Windows, spatial: readonly number[], includePad: boolean): Value | number {
  const counts = spatial.map((length, axis) => windowCounts(windows, axis, length, includePad));
  if (counts.every((c) => c.every((n) => n === c[0]))) return counts.reduce((n, c) => n * c[0], 1);
  const products = counts.reduce<number[]>((all, c) => all.flatMap((n) => c.map((m) => n * m)), [1]);
  return g.constant(float32([1, 1, ...windows.output], products));
}

/** Adds each element of y to every element of its window: the transpose of summing windows of x [N, C, spatial…]. */
function spreadOverWindows(g: Builder, y: Value, x: Shape, windows: Windows): Value {
  const { kernel, strides, dilations, begins, ends, output } = windows;
  const spatial = x.slice(2) as number[];
  const extents = kernel.map((k, i) => extent(k, dilations[i]));
  const fit = (reached: readonly number[]) => [
    0,
    0,
    ...begins.map((b) => -b),
    0,
    0,
    ...spatial.map((n, i) => n + begins[i] - reached[i]),
  ];
  if (strides.every((s, i) => s === extents[i] && dilations[i] === 1)) {
    const spread = g.apply('Resize', [y, null, g.constant(float32([x.length], [1, 1, ...kernel]))], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
    return g.pad(spread, fit(output.map((n, i) => n * kernel[i])));
  }
  const within = [begins, ends].every((pads) => pads.every((p, i) => p < kernel[i]));
  if (within && [...strides, ...dilations].every((v) => v === 1)) {
    const pads = [begins, ends].flatMap((p) => p.map((v, i) => kernel[i] - 1 - v));
    const mean = g.apply('AveragePool', [y], { kernel_shape: kernel, pads, count_include_pad: 1 });
    return g.mul(mean, sizeOf(kernel));
  }
  const channels = x[1] as number;
  const ones = g.constant(full([channels, 1, ...kernel], 1));
  const spread = g.apply('ConvTranspose', [y, ones], { kernel_shape: kernel, strides, dilations, group: channels });
  return g.pad(spread, fit(output.map((n, i) => (n - 1) * strides[i] + extents[i])));
}

const averagePoolGradient: BackwardRule<AverageAttributes> = (g, { x: [x], dy: [dy], attrs, node }) => {
  const windows = poolingWindows(x.shape, attrs, node.op);
  const spatial = x.shape.slice(2) as number[];
  const share = g.div(dy, windowDivisors(g, windows, spatial, attrs.countIncludePad === 1));
  return [spreadOverWindows(g, share, x.shape, windows)];
};

/**
 * What the mean over a window's elements within x is multiplied by to count padding as well: a constant that broadcasts over
 * [N, …output, C], or null where no window reaches into it.
 */
export function shareWithinInput(windows: Windows, spatial: readonly number[]): Tensor | null {
  const shares = spatial.map((length, axis) => {
    const [inside, padded] = [false, true].map((includePad) => windowCounts(windows, axis, length, includePad));
    return inside.map((n, i) => n / padded[i]);
  });
  if (shares.every((along) => along.every((share) => share === 1))) return null;
  const products = shares.reduce<number[]>((all, along) => all.flatMap((a) => along.map((b) => a * b)), [1]);
  return float32([1, ...windows.output, 1], products);
}

export const AveragePool = defineOp('AveragePool', {
  doc: 'the mean of each window, over its elements within x, or with count_include_pad over those within the padded x',
  attrs: { ...poolingAttributes, count_include_pad: int(0) },
  infer: inferPooling,
  ...linear(averagePoolGradient),
  flops: poolingFlops,
});

const spatialAxes = (x: Value): number[] => x.shape.slice(2).map((_, i) => i + 2);

function inferGlobal({ x: [x], where }: InferSite<unknown>): OutputType[] {
  if (x.shape.length < 3) throw new RangeError(`input has shape [${x.shape}]; it needs an axis after the second.`);
  concreteShape(x.shape.slice(2), where);
  return [{ dtype: x.dtype, shape: x.shape.map((d, i) => (i < 2 ? d : 1)) }];
}

const mapSize = (x: Value): number => x.shape.slice(2).reduce<number>((n, d) => n * concrete(d, 'pooling'), 1);

export const GlobalAveragePool = defineOp('GlobalAveragePool', {
  doc: 'the mean of each channel’s map',
  infer: inferGlobal,
  ...linear((g, { x: [x], dy: [dy] }) => [g.expand(g.div(dy, mapSize(x)), x.shape)]),
  flops: ([x]) => sizeOf(bindShape(x.shape, 1)),
});

/** `share` at the first maximum of each map, 0 elsewhere. Positions are compared as floats, which GPUs have kernels for. */
function sendToFirstMaximum(g: Builder, x: Value, share: Value): Value {
  const size = mapSize(x);
  const position = g.constant(
    float32(
      [1, 1, ...(x.shape.slice(2) as number[])],
      Array.from({ length: size }, (_, i) => i),
    ),
  );
  const axes = spatialAxes(x);
  const candidates = g.where(g.equal(x, g.reduceMax(x, axes)), position, size);
  const first = g.apply('ReduceMin', [candidates, g.ints(axes)]);
  return g.where(g.equal(candidates, first), share, 0);
}

export const GlobalMaxPool = defineOp('GlobalMaxPool', {
  doc: 'the maximum of each channel’s map. Ties go to the first element',
  infer: inferGlobal,
  gradient: (g, { x: [x], dy: [dy] }) => [sendToFirstMaximum(g, x, dy)],
  deeplift: maximumMultiplier(sendToFirstMaximum),
  relevance: (g, { x: [x], dy: [dy] }) => [sendToFirstMaximum(g, x, dy)],
  flops: ([x]) => sizeOf(bindShape(x.shape, 1)),
});
