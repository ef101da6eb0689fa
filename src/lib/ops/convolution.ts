/** @file Conv and ConvTranspose in one, two or three dimensions: each is the other's gradient. */
import { bindShape, concrete, concreteShape, type Shape } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { int, ints, string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { linear } from './combinators.ts';
import { defineOp, type InferSite } from './define.ts';
import {
  extent,
  perAxis,
  slidingWindows,
  splitPadding,
  windowAttributes,
  type WindowAttributes,
  type Windows,
} from './windows.ts';

const convolutionAttributes = {
  auto_pad: string('NOTSET'),
  dilations: ints(null),
  group: int(1),
  kernel_shape: ints(null),
  pads: ints(null),
  strides: ints(null),
};

export interface ConvolutionAttributes extends WindowAttributes {
  readonly group: number;
  readonly kernelShape: readonly number[] | null;
}

/** The spatial lengths of x [N, C, …] under weights [M, C/group, …], both checked against each other. */
function checkOperands(
  { x: [x, w, bias], attrs, where }: InferSite<ConvolutionAttributes>,
  channels: number,
  outChannels: number,
) {
  const rank = x.shape.length - 2;
  if (rank < 1 || w.shape.length !== rank + 2)
    throw new RangeError(`input has shape [${x.shape}], the weights [${w.shape}]; both need one rank of at least 3.`);
  if (x.dtype !== w.dtype) throw new TypeError(`input is ${x.dtype}, the weights are ${w.dtype}. Insert a Cast.`);
  const given = concrete(x.shape[1], where);
  if (given !== channels) throw new RangeError(`input has ${given} channels, the weights expect ${channels}.`);
  if (attrs.group < 1 || channels % attrs.group !== 0 || outChannels % attrs.group !== 0) {
    throw new RangeError(`${attrs.group} groups do not divide ${channels} input and ${outChannels} output channels.`);
  }
  const kernel = concreteShape(w.shape.slice(2), where);
  if (attrs.kernelShape && attrs.kernelShape.join() !== kernel.join())
    throw new RangeError(`kernel_shape is [${attrs.kernelShape}], the weights have [${kernel}].`);
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outChannels))
    throw new RangeError(`bias has shape [${bias.shape}], ${outChannels} values are needed.`);
  return { spatial: concreteShape(x.shape.slice(2), where), kernel };
}

/** The windows of a Conv node over x under weights w. */
function convolutionWindows(x: Shape, w: Shape, attrs: WindowAttributes): Windows {
  return slidingWindows(x.slice(2) as number[], w.slice(2) as number[], attrs);
}

function inferConv(site: InferSite<ConvolutionAttributes>): OutputType[] {
  const {
    x: [x, w],
    attrs,
    where,
  } = site;
  const [outChannels, perGroup] = concreteShape(w.shape.slice(0, 2), where);
  const { spatial, kernel } = checkOperands(site, perGroup * attrs.group, outChannels);
  return [{ dtype: x.dtype, shape: [x.shape[0], outChannels, ...slidingWindows(spatial, kernel, attrs).output] }];
}

/**
 * The weights of the transposed convolution at stride 1: channels in and out exchanged within each group, the kernel
 * mirrored. Written as nodes on the weights, which a runtime folds, so that a file holds them once.
 */
export function mirroredWeights(g: Builder, w: Value, group: number): Value {
  const [outChannels, perGroup, ...kernel] = w.shape as number[];
  const spatial = kernel.map((_, i) => i);
  const grouped = g.reshape(w, [group, outChannels / group, perGroup, ...kernel]);
  const exchanged =
    outChannels === group || perGroup === 1 ? grouped : g.transpose(grouped, [0, 2, 1, ...spatial.map((i) => i + 3)]);
  const joined = g.reshape(exchanged, [group * perGroup, outChannels / group, ...kernel]);
  const axes = spatial.filter((i) => kernel[i] > 1).map((i) => i + 2);
  if (axes.length === 0) return joined;
  const each = (value: number) => axes.map(() => value);
  return g.slice(joined, each(-1), each(-1e9), axes, each(-1));
}

/**
 * ∂F/∂x of a convolution. At stride 1 it is a convolution with mirrored weights, which runs faster than ConvTranspose;
 * at greater strides it is ConvTranspose, whose output_padding restores rows that no window reached.
 */
function convInputGradient(g: Builder, dy: Value, x: Value, w: Value, attrs: ConvolutionAttributes): Value {
  const windows = convolutionWindows(x.shape, w.shape, attrs);
  const { kernel, strides, dilations, begins, ends, output } = windows;
  if (strides.some((s) => s > 1)) {
    const reached = output.map((n, i) => (n - 1) * strides[i] + extent(kernel[i], dilations[i]) - begins[i] - ends[i]);
    const rest = reached.map((n, i) => (x.shape[i + 2] as number) - n);
    return g.apply('ConvTranspose', [dy, w], {
      ...windowAttributes(windows),
      group: attrs.group,
      output_padding: rest,
    });
  }
  // What x was padded by beyond the kernel's reach has no gradient to give: such a pad is negative and crops dy.
  const wanted = [begins, ends].map((pads) => pads.map((p, i) => extent(kernel[i], dilations[i]) - 1 - p));
  const crop = wanted.flatMap((pads) => [0, 0, ...pads.map((p) => Math.min(p, 0))]);
  const pads = wanted.flat().map((p) => Math.max(p, 0));
  return g.apply('Conv', [g.pad(dy, crop), mirroredWeights(g, w, attrs.group)], {
    kernel_shape: kernel,
    strides,
    dilations,
    pads,
    group: attrs.group,
  });
}

/** Multiply-adds: every element of `dense` meets every weight of one filter. */
const convolutionFlops = (dense: Value, w: Value): number =>
  sizeOf(bindShape(dense.shape, 1)) * sizeOf(bindShape(w.shape.slice(1), 1));

export const Conv = defineOp('Conv', {
  doc: 'y = w ⋆ x + b: each output sums the products of a window of x with the weights, in `group` groups of channels',
  attrs: convolutionAttributes,
  infer: inferConv,
  ...linear<ConvolutionAttributes>((g, { x: [x, w], dy: [dy], attrs }) => [convInputGradient(g, dy, x, w, attrs)]),
  layer: 'convolution',
  flops: ([, w], [y]) => convolutionFlops(y, w),
});

export interface TransposeAttributes extends ConvolutionAttributes {
  readonly outputPadding: readonly number[] | null;
  readonly outputShape: readonly number[] | null;
}

/** What ConvTranspose crops from its full output, and what is left; a negative crop is room for rows of bias alone. */
export function transposedWindows(
  spatial: readonly number[],
  kernel: readonly number[],
  attrs: TransposeAttributes,
): Windows {
  const rank = spatial.length;
  const strides = perAxis('strides', attrs.strides, rank, 1);
  const dilations = perAxis('dilations', attrs.dilations, rank, 1);
  const extra = perAxis('output_padding', attrs.outputPadding, rank, 0);
  const full = spatial.map((n, i) => (n - 1) * strides[i] + extra[i] + extent(kernel[i], dilations[i]));
  const same = attrs.autoPad.startsWith('SAME') ? spatial.map((n, i) => n * strides[i]) : null;
  const [begins, ends] = transposedCrop(full, attrs.outputShape?.slice(-rank) ?? same, attrs);
  const output = full.map((n, i) => n - begins[i] - ends[i]);
  // Room for another window would make the transpose of a convolution over a longer input.
  if (output.some((n, i) => n < 1 || extra[i] - Math.min(ends[i], 0) >= strides[i])) {
    throw new RangeError(
      `an output of [${output}] with output_padding [${extra}] does not fit input [${spatial}] and strides [${strides}].`,
    );
  }
  return { kernel, strides, dilations, begins, ends, output };
}

function transposedCrop(full: readonly number[], wanted: readonly number[] | null, attrs: TransposeAttributes) {
  const rank = full.length;
  if (!wanted) {
    const pads = perAxis('pads', attrs.autoPad === 'VALID' ? null : attrs.pads, 2 * rank, 0);
    return [pads.slice(0, rank), pads.slice(rank)];
  }
  const totals = full.map((n, i) => n - wanted[i]);
  const [begins, ends] = splitPadding(
    totals.map((t) => Math.max(t, 0)),
    attrs.autoPad === 'SAME_UPPER' ? 'SAME_UPPER' : 'SAME_LOWER',
  );
  return [begins, ends.map((end, i) => end + Math.min(totals[i], 0))];
}

function inferConvTranspose(site: InferSite<TransposeAttributes>): OutputType[] {
  const {
    x: [x, w],
    attrs,
    where,
  } = site;
  const [channels, perGroup] = concreteShape(w.shape.slice(0, 2), where);
  const { spatial, kernel } = checkOperands(site, channels, perGroup * attrs.group);
  return [
    {
      dtype: x.dtype,
      shape: [x.shape[0], perGroup * attrs.group, ...transposedWindows(spatial, kernel, attrs).output],
    },
  ];
}

export const ConvTranspose = defineOp('ConvTranspose', {
  doc: 'y = wᵀ ⋆ x + b: each input element adds its multiple of the weights to a window of y; the transpose of Conv',
  attrs: { ...convolutionAttributes, output_padding: ints(null), output_shape: ints(null) },
  infer: inferConvTranspose,
  ...linear<TransposeAttributes>((g, { x: [x, w], dy: [dy], attrs }) => {
    const windows = transposedWindows(x.shape.slice(2) as number[], w.shape.slice(2) as number[], attrs);
    const ends = windows.ends.map((end) => Math.max(end, 0));
    return [g.apply('Conv', [dy, w], { ...windowAttributes({ ...windows, ends }), group: attrs.group })];
  }),
  layer: 'convolution',
  flops: ([x, w]) => convolutionFlops(x, w),
});
