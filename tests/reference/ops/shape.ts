/** @file Operators that move elements without computing, from the ONNX specification at opset 20. */
import type { DType } from '../../../src/lib/tensor/dtype.ts';
import {
  at,
  atBroadcast,
  broadcastShape,
  build,
  count,
  list,
  num,
  offsetOf,
  ref,
  replaceAt,
  text,
  wrapAxis,
  type Family,
  type RefTensor,
  type ReferenceOp,
} from '../tensor.ts';

const ELEMENT_TYPES: Readonly<Record<number, DType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

const ints = (x: RefTensor): number[] => Array.from(x.data);
const identity: ReferenceOp = ([x]) => [x];

const reshape: ReferenceOp = ([x, target], attrs) => {
  const shape = ints(target).map((d, i) => (d === 0 && num(attrs, 'allowzero', 0) === 0 ? x.shape[i] : d));
  const rest = shape.filter((d) => d !== -1).reduce((n, d) => n * d, 1);
  return [{ ...x, shape: shape.map((d) => (d === -1 ? x.data.length / rest : d)) }];
};

const flatten: ReferenceOp = ([x], attrs) => {
  const axis = num(attrs, 'axis', 1);
  const cut = axis < 0 ? axis + x.shape.length : axis;
  return [{ ...x, shape: [count(x.shape.slice(0, cut)), count(x.shape.slice(cut))] }];
};

const squeeze: ReferenceOp = ([x, axes]) => {
  const gone = axes
    ? ints(axes).map((a) => wrapAxis(a, x.shape.length))
    : x.shape.flatMap((d, i) => (d === 1 ? [i] : []));
  return [{ ...x, shape: x.shape.filter((_, i) => !gone.includes(i)) }];
};

const unsqueeze: ReferenceOp = ([x, axes]) => {
  const rank = x.shape.length + axes.data.length;
  const added = ints(axes).map((a) => wrapAxis(a, rank));
  const rest = [...x.shape];
  return [{ ...x, shape: Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : rest.shift()!)) }];
};

const transpose: ReferenceOp = ([x], attrs) => {
  const perm = list(attrs, 'perm', x.shape.map((_, i) => i).reverse());
  return [
    build(
      x.dtype,
      perm.map((p) => x.shape[p]),
      (index) => {
        const source: number[] = [];
        perm.forEach((p, i) => (source[p] = index[i]));
        return at(x, source);
      },
    ),
  ];
};

const expand: ReferenceOp = ([x, shape]) => [
  build(x.dtype, broadcastShape(x.shape, ints(shape)), (index) => atBroadcast(x, index)),
];

const concat: ReferenceOp = (parts, attrs) => {
  const axis = wrapAxis(num(attrs, 'axis', 0), parts[0].shape.length);
  const length = parts.reduce((n, p) => n + p.shape[axis], 0);
  return [
    build(parts[0].dtype, replaceAt(parts[0].shape, axis, length), (index) => {
      let i = index[axis];
      let part = 0;
      while (i >= parts[part].shape[axis]) i -= parts[part++].shape[axis];
      return at(parts[part], replaceAt(index, axis, i));
    }),
  ];
};

const split: ReferenceOp = ([x, sizesInput], attrs, node) => {
  const axis = wrapAxis(num(attrs, 'axis', 0), x.shape.length);
  const chunk = Math.ceil(x.shape[axis] / node.outputs.length);
  const sizes = sizesInput ? ints(sizesInput) : node.outputs.map((_, i) => Math.min(chunk, x.shape[axis] - i * chunk));
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return build(x.dtype, replaceAt(x.shape, axis, size), (index) => at(x, replaceAt(index, axis, from + index[axis])));
  });
};

/** Python's x[start:end:step] along each axis, bounds clamped as the specification says. */
const slice: ReferenceOp = ([x, starts, ends, axes, steps]) => {
  const rank = x.shape.length;
  const from = new Array<number>(rank).fill(0);
  const by = new Array<number>(rank).fill(1);
  const shape = [...x.shape];
  ints(starts).forEach((given, i) => {
    const axis = wrapAxis(axes ? axes.data[i] : i, rank);
    const [d, step] = [x.shape[axis], steps ? steps.data[i] : 1];
    const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v < 0 ? v + d : v, low), high);
    const [start, end] =
      step > 0
        ? [clamp(given, 0, d), clamp(ends.data[i], 0, d)]
        : [clamp(given, 0, d - 1), clamp(ends.data[i], -1, d - 1)];
    from[axis] = start;
    by[axis] = step;
    shape[axis] = Math.max(0, Math.ceil((end - start) / step));
  });
  return [
    build(x.dtype, shape, (index) =>
      at(
        x,
        index.map((i, axis) => from[axis] + i * by[axis]),
      ),
    ),
  ];
};

/** Where element `i` of a padded axis comes from; −1: from the constant. */
function padSource(i: number, length: number, mode: string): number {
  if (i >= 0 && i < length) return i;
  if (mode === 'edge') return i < 0 ? 0 : length - 1;
  if (mode === 'wrap') return ((i % length) + length) % length;
  if (mode === 'constant') return -1;
  let at = i;
  while (at < 0 || at >= length) at = at < 0 ? -at : 2 * (length - 1) - at;
  return at;
}

/** Negative pads crop, and what they crop is gone before anything is repeated (onnxruntime; ONNX does not say). */
const pad: ReferenceOp = ([x, pads, value, axesInput], attrs) => {
  const axes = axesInput ? ints(axesInput).map((a) => wrapAxis(a, x.shape.length)) : x.shape.map((_, i) => i);
  const begin = x.shape.map((_, axis) => (axes.includes(axis) ? pads.data[axes.indexOf(axis)] : 0));
  const end = x.shape.map((_, axis) => (axes.includes(axis) ? pads.data[axes.length + axes.indexOf(axis)] : 0));
  const mode = text(attrs, 'mode', 'constant');
  const cropped = begin.map((b) => Math.max(-b, 0));
  const left = x.shape.map((d, axis) => d - cropped[axis] - Math.max(-end[axis], 0));
  const shape = x.shape.map((d, axis) => begin[axis] + d + end[axis]);
  return [
    build(x.dtype, shape, (index) => {
      const source = index.map((i, axis) => padSource(i - Math.max(begin[axis], 0), left[axis], mode));
      if (source.includes(-1)) return value ? value.data[0] : 0;
      return at(
        x,
        source.map((i, axis) => i + cropped[axis]),
      );
    }),
  ];
};

const tile: ReferenceOp = ([x, repeats]) => [
  build(
    x.dtype,
    x.shape.map((d, i) => d * repeats.data[i]),
    (index) =>
      at(
        x,
        index.map((i, axis) => i % x.shape[axis]),
      ),
  ),
];

const depthToSpace: ReferenceOp = ([x], attrs) => {
  const b = num(attrs, 'blocksize', 0);
  const [n, c, h, w] = x.shape;
  const depth = c / (b * b);
  const columnRow = text(attrs, 'mode', 'DCR') === 'CRD';
  return [
    build(x.dtype, [n, depth, h * b, w * b], ([i, k, y, z]) => {
      const block = (y % b) * b + (z % b);
      return at(x, [i, columnRow ? k * b * b + block : block * depth + k, Math.floor(y / b), Math.floor(z / b)]);
    }),
  ];
};

const spaceToDepth: ReferenceOp = ([x], attrs) => {
  const b = num(attrs, 'blocksize', 0);
  const [n, c, h, w] = x.shape;
  return [
    build(x.dtype, [n, c * b * b, h / b, w / b], ([i, k, y, z]) => {
      const block = Math.floor(k / c);
      return at(x, [i, k % c, y * b + Math.floor(block / b), z * b + (block % b)]);
    }),
  ];
};

const cast = (x: RefTensor, to: DType): RefTensor => {
  if (to === 'bool') return { dtype: to, shape: x.shape, data: x.data.map((v) => Number(v !== 0)) };
  return { dtype: to, shape: x.shape, data: to.includes('int') ? x.data.map(Math.trunc) : x.data };
};

const shapeOf: ReferenceOp = ([x], attrs) => {
  const kept = x.shape.slice(num(attrs, 'start', 0), attrs.end as number | undefined);
  return [ref('int64', [kept.length], kept)];
};

const constantOfShape: ReferenceOp = ([shape], attrs) => {
  const value = attrs.value as { dtype: DType; data: ArrayLike<number | bigint> } | undefined;
  return [build(value?.dtype ?? 'float32', ints(shape), () => Number(value?.data[0] ?? 0))];
};

const range: ReferenceOp = ([start, limit, delta]) => {
  const length = Math.max(0, Math.ceil((limit.data[0] - start.data[0]) / delta.data[0]));
  return [build(start.dtype, [length], ([i]) => start.data[0] + i * delta.data[0])];
};

const eyeLike: ReferenceOp = ([x], attrs) => {
  const dtype = attrs.dtype ? ELEMENT_TYPES[attrs.dtype as number] : x.dtype;
  return [build(dtype, x.shape, ([row, column]) => Number(column - row === num(attrs, 'k', 0)))];
};

const trilu: ReferenceOp = ([x, k], attrs) => [
  build(x.dtype, x.shape, (index) => {
    const diagonal = index[index.length - 1] - index[index.length - 2] - (k ? k.data[0] : 0);
    const kept = num(attrs, 'upper', 1) === 1 ? diagonal >= 0 : diagonal <= 0;
    return kept ? x.data[offsetOf(x.shape, index)] : 0;
  }),
];

export const shape: Family = {
  Identity: identity,
  Dropout: ([x], _attrs, node) =>
    [
      x,
      ref(
        'bool',
        x.shape,
        x.data.map(() => 1),
      ),
    ].slice(0, node.outputs.length),
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Cast: ([x], attrs) => [cast(x, ELEMENT_TYPES[num(attrs, 'to', 0)])],
  CastLike: ([x, like]) => [cast(x, like.dtype)],
  Shape: shapeOf,
  Size: ([x]) => [ref('int64', [], [count(x.shape)])],
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
  Trilu: trilu,
};
