/** @file Where the windows of a convolution or a pooling lie: auto_pad, ceil_mode and dilations resolved to numbers. */
import type { Attributes } from '../graph/graph.ts';

/** One entry a spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  /** Windows along the axis. */
  readonly output: readonly number[];
}

/** The attributes that Conv and the pooling operators share, decoded. */
export interface WindowAttributes {
  readonly autoPad: string;
  readonly pads: readonly number[] | null;
  readonly strides: readonly number[] | null;
  readonly dilations?: readonly number[] | null;
  readonly ceilMode?: number;
}

/** Elements from the first to the last that one window touches along an axis. */
export const extent = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** Checks a per-axis attribute and fills in its default. */
export function perAxis(
  name: string,
  given: readonly number[] | null | undefined,
  rank: number,
  fallback: number,
): readonly number[] {
  if (!given || given.length === 0) return new Array<number>(rank).fill(fallback);
  if (given.length !== rank) throw new RangeError(`${name} has ${given.length} values, ${rank} are needed.`);
  return given;
}

/** Windows over `spatial` for a Conv or a pooling operator. Throws a RangeError when none fits. */
export function slidingWindows(
  spatial: readonly number[],
  kernel: readonly number[],
  attrs: WindowAttributes,
): Windows {
  const rank = spatial.length;
  const strides = perAxis('strides', attrs.strides, rank, 1);
  const dilations = perAxis('dilations', attrs.dilations, rank, 1);
  if ([...kernel, ...strides, ...dilations].some((v) => v < 1)) {
    throw new RangeError(
      `kernel [${kernel}], strides [${strides}] and dilations [${dilations}] must all be at least 1.`,
    );
  }
  const extents = kernel.map((k, i) => extent(k, dilations[i]));
  const [begins, ends] = padding(spatial, extents, strides, attrs);
  refuseHuge(spatial, kernel, extents, begins, ends);
  const output = spatial.map((length, i) => {
    const room = length + begins[i] + ends[i] - extents[i];
    if (room < 0)
      throw new RangeError(
        `a window of ${extents[i]} does not fit into ${length} + ${begins[i]} + ${ends[i]} (axis ${i + 2}).`,
      );
    if (!attrs.ceilMode || attrs.autoPad !== 'NOTSET') return Math.floor(room / strides[i]) + 1;
    const count = Math.ceil(room / strides[i]) + 1;
    // A window that would start beyond the input, in the padding after it, does not exist.
    return (count - 1) * strides[i] >= length + begins[i] ? count - 1 : count;
  });
  return { kernel, strides, dilations, begins, ends, output };
}

/** Padding and kernels are only numbers of the file, and rules list the elements under a window. */
const LONGEST = 2 ** 20;

function refuseHuge(
  spatial: readonly number[],
  kernel: readonly number[],
  extents: readonly number[],
  begins: readonly number[],
  ends: readonly number[],
): void {
  const reaches = spatial.map((length, i) => Math.max(extents[i], begins[i] + length + ends[i]));
  if ([...kernel, ...reaches].some((n) => !(n <= LONGEST)))
    throw new RangeError(
      `kernel [${kernel}] over [${spatial}] with the pads [${[...begins, ...ends]}] reaches over [${reaches}] elements, the most is ${LONGEST} along an axis. Check the sizes that the node is given.`,
    );
}

function padding(
  spatial: readonly number[],
  extents: readonly number[],
  strides: readonly number[],
  { autoPad, pads }: WindowAttributes,
) {
  const rank = spatial.length;
  if (autoPad === 'NOTSET') {
    const both = perAxis('pads', pads, 2 * rank, 0);
    if (both.some((p) => p < 0)) throw new RangeError(`pads [${both}] must not be negative.`);
    return [both.slice(0, rank), both.slice(rank)];
  }
  if (autoPad === 'VALID') return [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  const totals = spatial.map((length, i) =>
    Math.max((Math.ceil(length / strides[i]) - 1) * strides[i] + extents[i] - length, 0),
  );
  return splitPadding(totals, autoPad);
}

/** SAME_UPPER puts the odd element of padding at the end, SAME_LOWER at the beginning. */
export function splitPadding(totals: readonly number[], autoPad: string): [number[], number[]] {
  if (autoPad !== 'SAME_UPPER' && autoPad !== 'SAME_LOWER')
    throw new RangeError(`auto_pad "${autoPad}" is not one of NOTSET, SAME_UPPER, SAME_LOWER, VALID.`);
  const [half, rest] = [totals.map((t) => Math.floor(t / 2)), totals.map((t) => Math.ceil(t / 2))];
  return autoPad === 'SAME_UPPER' ? [half, rest] : [rest, half];
}

/** The same windows as ONNX attributes with explicit pads. */
export const windowAttributes = ({ kernel, strides, dilations, begins, ends }: Windows): Attributes => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [...begins, ...ends],
});
