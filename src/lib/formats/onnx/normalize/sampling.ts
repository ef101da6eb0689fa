/** @file Reading a picture between its pixels: GridSample and DeformConv, as gathers of neighbours and their weights. */
import { concrete, mulDim, type Dim, type Shape } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { float32, stridesOf } from '../../../tensor/tensor.ts';
import { intsAttr, last, numberAttr, type Normalizer } from './draft.ts';

/** One pixel of an axis that takes part, and by how much: [N, 1, positions] each. */
interface Tap {
  readonly index: Value;
  readonly weight: Value | null;
}

const round = (g: Builder, op: 'Floor' | 'Round', v: Value): Value => g.apply(op, [v]);

/** Keys' cubic kernel (1981) with a = −0.75 at the distances f + 1, f, 1 − f and 2 − f. */
function cubicWeights(g: Builder, f: Value): Value[] {
  const a = -0.75;
  const near = (d: Value) => g.add(g.mul(g.mul(g.sub(g.mul(d, a + 2), a + 3), d), d), 1);
  const far = (d: Value) => g.sub(g.mul(g.add(g.mul(g.sub(g.mul(d, a), 5 * a), d), 8 * a), d), 4 * a);
  const [e, beyond] = [g.sub(1, f), g.sub(2, f)];
  return [far(g.add(f, 1)), near(f), near(e), far(beyond)];
}

/** The neighbours of a coordinate. */
const neighbours: Readonly<Record<string, (g: Builder, at: Value) => Tap[]>> = {
  nearest: (g, at) => [{ index: round(g, 'Round', at), weight: null }],
  linear: (g, at) => {
    const low = round(g, 'Floor', at);
    const f = g.sub(at, low);
    return [
      { index: low, weight: g.sub(1, f) },
      { index: g.add(low, 1), weight: f },
    ];
  },
  cubic: (g, at) => {
    const low = round(g, 'Floor', at);
    return cubicWeights(g, g.sub(at, low)).map((weight, i) => ({ index: g.add(low, i - 1), weight }));
  },
};

/** Folded back at both ends as often as it takes. */
function reflected(g: Builder, at: Value, low: number, high: number): Value {
  const reach = high - low;
  if (reach === 0) return g.mul(at, 0);
  const d = g.sub(at, low);
  const turns = round(g, 'Floor', g.div(d, 2 * reach));
  return g.add(g.sub(reach, g.abs(g.sub(g.sub(d, g.mul(turns, 2 * reach)), reach))), low);
}

const clamped = (g: Builder, v: Value, length: number): Value => g.min(g.max(v, 0), length - 1);

interface Sampling {
  readonly mode: string;
  readonly padding: string;
  /** Where reflection turns around: the middle or the outer edge of the outermost pixels. */
  readonly edge: number;
}

/**
 * The pixels of one axis that a coordinate reads; those outside are folded back, or count nothing. A cubic kernel reads
 * its own place beyond the border, each pixel of it moved to the border, as onnxruntime and PyTorch have it.
 */
function tapsOf(g: Builder, at: Value, length: number, { mode, padding, edge }: Sampling): Tap[] {
  const [low, high] = [-edge, length - 1 + edge];
  const first = mode === 'nearest' ? round(g, 'Round', at) : at;
  const inside =
    padding === 'border' && mode !== 'cubic'
      ? clamped(g, first, length)
      : padding === 'reflection'
        ? reflected(g, first, low, high)
        : first;
  return neighbours[mode](g, inside).map(({ index, weight }) => {
    const back = padding === 'reflection' ? reflected(g, index, low, high) : index;
    const pixel = clamped(g, back, length);
    if (padding !== 'zeros') return { index: pixel, weight };
    const within = g.equal(pixel, index);
    return { index: pixel, weight: weight ? g.where(within, weight, 0) : g.cast(within, 'float32') };
  });
}

/** Every choice of one element of each list. */
const choices = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((chosen) => list.map((next) => [...chosen, next])), [[]]);

/** x [N, C, spatial…] at coordinates in pixels, one value [N or 1, 1, positions] an axis → [N, C, positions]. */
function sample(g: Builder, x: Value, coordinates: readonly Value[], how: Sampling): Value {
  const [n, c, ...rest] = x.shape;
  const spatial = rest.map((d) => concrete(d, 'sampling'));
  const flat = g.reshape(x, [n, c, spatial.reduce((a, d) => a * d, 1)]);
  const positions = coordinates[0].shape[2];
  const strides = stridesOf(spatial);
  const taps = coordinates.map((at, axis) => tapsOf(g, at, spatial[axis], how));
  const terms = choices(taps).map((chosen) => {
    const place = chosen.map(({ index }, axis) => g.mul(index, strides[axis])).reduce((a, b) => g.add(a, b));
    const index = g.expand(g.cast(place, 'int32'), [n, c, positions]);
    const pixel = g.apply('GatherElements', [flat, index], { axis: 2 });
    const weights = chosen.flatMap(({ weight }) => (weight ? [weight] : []));
    return weights.reduce((value, weight) => g.mul(value, weight), pixel);
  });
  return terms.reduce((a, b) => g.add(a, b));
}

/** Before opset 20 the modes had other names. */
const modes: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' };

export const gridSample: Normalizer = (g, node) => {
  const [x, grid] = node.inputs as [Value, Value];
  const written = (node.attrs.mode as string | undefined) ?? 'linear';
  const mode = modes[written] ?? written;
  const padding = (node.attrs.padding_mode as string | undefined) ?? 'zeros';
  if (!(mode in neighbours) || !['zeros', 'border', 'reflection'].includes(padding))
    throw new RangeError(`mode "${written}" with padding_mode "${padding}" is not one that ONNX defines.`);
  const corners = numberAttr(node, 'align_corners', 0) === 1;
  const spatial = x.shape.slice(2).map((d) => concrete(d, node.op));
  const to = grid.shape.slice(1, -1);
  const rows = grid.shape[0];
  const positions = to.reduce<number>((count, d) => count * concrete(d, node.op), 1);
  const coordinates = g
    .applyAll(
      'Split',
      [g.reshape(grid, [rows, positions, spatial.length]), g.ints(spatial.map(() => 1))],
      { axis: 2 },
      { outputs: spatial.map(() => '') },
    )
    // The grid names the last axis first.
    .toReversed()
    .map((v, axis) => {
      const unit = g.reshape(v, [rows, 1, positions]);
      const length = spatial[axis];
      const [factor, shift] = corners ? [(length - 1) / 2, (length - 1) / 2] : [length / 2, (length - 1) / 2];
      return g.add(g.mul(unit, factor), shift);
    });
  const y = sample(g, x, coordinates, { mode, padding, edge: corners ? 0 : 0.5 });
  return last(g, node, 'Reshape', [y, g.ints([x.shape[0], x.shape[1], ...to])]);
};

/** Where each tap of a kernel lies at each place of the output, before it is moved: [1, 1, taps · places], one an axis. */
function plainPositions(g: Builder, kernel: readonly number[], output: readonly number[], windows: Windows): Value[] {
  const grid = (lengths: readonly number[]) => choices(lengths.map((length) => Array.from({ length }, (_, i) => i)));
  const [taps, places] = [grid(kernel), grid(output)];
  return kernel.map((_, axis) => {
    const start = (place: number[]) => place[axis] * windows.strides[axis] - windows.pads[axis];
    const numbers = taps.flatMap((tap) => places.map((place) => start(place) + tap[axis] * windows.dilations[axis]));
    return g.constant(float32([1, 1, numbers.length], numbers));
  });
}

interface Windows {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Convolution whose taps move by an offset that the model computes (Dai et al. 2017, arXiv:1703.06211). */
export const deformConv: Normalizer = (g, node) => {
  const [x, w, offset, bias, mask] = node.inputs as [Value, Value, Value, Value?, Value?];
  const kernel = w.shape.slice(2).map((d) => concrete(d, node.op));
  const output = offset.shape.slice(2).map((d) => concrete(d, node.op));
  const dims = kernel.length;
  const listed = (name: string, fallback: number, count = dims) =>
    intsAttr(node, name) ?? Array<number>(count).fill(fallback);
  const windows = {
    strides: listed('strides', 1),
    dilations: listed('dilations', 1),
    pads: listed('pads', 0, 2 * dims),
  };
  const groups = numberAttr(node, 'offset_group', 1);
  const [n, c] = [x.shape[0], concrete(x.shape[1], node.op)];
  const [taps, places] = [kernel, output].map((lengths) => lengths.reduce((a, d) => a * d, 1));
  const rows: Dim = mulDim(n, groups);
  const moved = g.applyAll(
    'Split',
    [g.reshape(offset, [rows, taps, dims, places]), g.ints(kernel.map(() => 1))],
    { axis: 2 },
    { outputs: kernel.map(() => '') },
  );
  const plain = plainPositions(g, kernel, output, windows);
  const coordinates = moved.map((v, axis) => g.add(g.reshape(v, [rows, 1, taps * places]), plain[axis]));
  const each: Shape = [rows, c / groups, ...x.shape.slice(2)];
  const read = sample(g, g.reshape(x, each), coordinates, { mode: 'linear', padding: 'zeros', edge: 0.5 });
  const weighted = mask ? g.mul(read, g.reshape(mask, [rows, 1, taps * places])) : read;
  const columns = g.reshape(weighted, [n, c * taps, ...output]);
  const weight = g.reshape(w, [w.shape[0], mulDim(w.shape[1], taps), ...kernel.map(() => 1)]);
  return last(g, node, 'Conv', [columns, weight, bias ?? null], { group: numberAttr(node, 'group', 1) });
};
