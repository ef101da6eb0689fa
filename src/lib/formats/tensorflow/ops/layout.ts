/** @file The same elements in another shape, order or number of copies. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { axisOf, dims, int, ints, length, takes, type Row, type Site } from '../site.ts';

/** A length of 0 is one, where ONNX would copy. */
function reshape({ g, x: [x, shape] }: Site): Value {
  const target = dims(shape, 'the target shape');
  return g.apply('Reshape', [x, g.ints(target)], { allowzero: Number(target.includes(0)) });
}

/** All axes of length 1 where none is named. */
function squeeze({ g, x: [x], attrs }: Site): Value {
  const named = attrs.ints('squeeze_dims', attrs.ints('axis', []));
  const axes = named.length > 0 ? named : x.shape.flatMap((d, i) => (d === 1 ? [i] : []));
  return axes.length === 0 ? x : g.apply('Squeeze', [x, g.ints(axes)]);
}

const unsqueeze = (g: Builder, x: Value, axis: number): Value =>
  g.apply('Unsqueeze', [x, g.ints([axisOf(axis, x.shape.length + 1)])]);

function concat(g: Builder, parts: readonly Value[], axis: number): Value {
  const along = axisOf(axis, parts[0].shape.length);
  return parts.length === 1 ? parts[0] : g.concat(parts, along);
}

function pack({ g, x, attrs }: Site): Value {
  const axis = axisOf(attrs.int('axis', 0), x[0].shape.length + 1);
  return concat(
    g,
    x.map((v) => unsqueeze(g, v, axis)),
    axis,
  );
}

/** Parts of x of the given lengths. */
function cut(g: Builder, x: Value, axis: number, lengths: readonly number[]): readonly Value[] {
  if (lengths.length === 1) return [x];
  return g.applyAll('Split', [x, g.ints(lengths)], { axis }, { outputs: lengths.map(() => '') });
}

/** Parts are values of their own, each of them made. */
const MOST_PARTS = 4096;

function equalParts(x: Value, axis: number, count: number): number[] {
  const whole = length(x.shape[axis]);
  if (!(count >= 1 && count <= MOST_PARTS) || whole % count !== 0)
    throw new RangeError(`axis ${axis} of [${x.shape}] does not split into ${count} equal parts.`);
  return new Array<number>(count).fill(whole / count);
}

function split({ g, x: [dim, x], attrs }: Site): readonly Value[] {
  const axis = axisOf(int(dim, 'the axis'), x.shape.length);
  return cut(g, x, axis, equalParts(x, axis, attrs.int('num_split', 1)));
}

/** −1 stands for what the other parts leave. */
function splitV({ g, x: [x, sizes, dim] }: Site): readonly Value[] {
  const axis = axisOf(int(dim, 'the axis'), x.shape.length);
  const given = ints(sizes, 'the sizes');
  const rest = given.filter((n) => n !== -1).reduce((a, b) => a + b, 0);
  return cut(
    g,
    x,
    axis,
    given.map((n) => (n === -1 ? length(x.shape[axis]) - rest : n)),
  );
}

function unpack({ g, x: [x], attrs }: Site): readonly Value[] {
  const axis = axisOf(attrs.int('axis', 0), x.shape.length);
  const parts = equalParts(x, axis, length(x.shape[axis]));
  return cut(g, x, axis, parts).map((v) => g.apply('Squeeze', [v, g.ints([axis])]));
}

function reverse({ g, x: [x, axes] }: Site): Value {
  return mirrored(
    g,
    x,
    ints(axes, 'the axes').map((axis) => axisOf(axis, x.shape.length)),
  );
}

/** Before the first element, going backwards, whatever the length. */
const FRONT = -(2 ** 31);

function mirrored(g: Builder, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x;
  const each = (value: number) => axes.map(() => value);
  return g.slice(x, each(-1), each(FRONT), axes, each(-1));
}

/** Pads of each axis, first all begins and then all ends, as ONNX has them. */
function padsOf(x: Value, pairs: Value): number[] {
  const flat = ints(pairs, 'the paddings');
  if (flat.length !== 2 * x.shape.length)
    throw new RangeError(`paddings [${flat}] do not fit [${x.shape}]: each axis needs two.`);
  return [0, 1].flatMap((end) => x.shape.map((_, i) => flat[2 * i + end]));
}

function pad({ g, x: [x, pairs, fill] }: Site): Value {
  const pads = padsOf(x, pairs);
  if (!fill) return g.pad(x, pads);
  return pads.every((p) => p === 0) ? x : g.apply('Pad', [x, g.ints(pads), fill]);
}

/** The edge itself is repeated where the padding is symmetric; what ONNX reflects leaves it out. */
function mirrorPad({ g, x: [x, pairs], attrs }: Site): Value {
  const pads = padsOf(x, pairs);
  const mode = attrs.string('mode');
  if (mode === 'REFLECT') return g.apply('Pad', [x, g.ints(pads)], { mode: 'reflect' });
  if (mode !== 'SYMMETRIC') throw new RangeError(`mode "${mode}" is neither REFLECT nor SYMMETRIC.`);
  const rank = x.shape.length;
  return x.shape.reduce((v: Value, _, axis) => symmetric(g, v, axis, pads[axis], pads[axis + rank]), x);
}

function symmetric(g: Builder, x: Value, axis: number, begin: number, end: number): Value {
  if (begin === 0 && end === 0) return x;
  const whole = length(x.shape[axis]);
  if (!(begin >= 0 && end >= 0 && begin <= whole && end <= whole))
    throw new RangeError(`paddings ${begin} and ${end} are more than axis ${axis} of [${x.shape}] has.`);
  const before = mirrored(g, g.slice(x, [0], [begin], [axis]), [axis]);
  const after = mirrored(g, g.slice(x, [whole - end], [whole], [axis]), [axis]);
  return g.concat([...(begin > 0 ? [before] : []), x, ...(end > 0 ? [after] : [])], axis);
}

export const layout = {
  Reshape: takes(2, reshape),
  Squeeze: takes(1, squeeze),
  ExpandDims: takes(2, ({ g, x: [x, axis] }) => unsqueeze(g, x, int(axis, 'the axis'))),
  Transpose: takes(2, ({ g, x: [x, perm] }) => {
    const order = ints(perm, 'the order of the axes');
    return g.apply('Transpose', [x], { perm: order.map((axis) => axisOf(axis, x.shape.length)) });
  }),
  Concat: takes(2, ({ g, x: [axis, ...parts] }) => concat(g, parts, int(axis, 'the axis'))),
  ConcatV2: takes(2, ({ g, x }) => concat(g, x.slice(0, -1), int(x.at(-1)!, 'the axis'))),
  Pack: takes(1, pack),
  Unpack: takes(1, unpack),
  Split: takes(2, split),
  SplitV: takes(3, splitV),
  ReverseV2: takes(2, reverse),
  Pad: takes(2, pad),
  PadV2: takes(3, pad),
  MirrorPad: takes(2, mirrorPad),
  Tile: takes(2, ({ g, x: [x, times] }) => g.apply('Tile', [x, g.ints(ints(times, 'the multiples'))])),
  BroadcastTo: takes(2, ({ g, x: [x, shape] }) => g.expand(x, dims(shape, 'the shape'))),
} satisfies Record<string, Row>;
