/** @file Operators that give the same elements another shape or another order. */
import {
  BatchError,
  broadcastShapes,
  concrete,
  concreteShape,
  isBatch,
  mulDim,
  normalizeAxis,
  product,
  type Shape,
} from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { resolveReshape } from '../graph/reopen.ts';
import { int, ints, float, string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { routing, type Rules } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { elementAt, foldBuild, ifKnown } from './fold.ts';
import { requiredDims, requiredInts } from './known.ts';
import { broadcasted, outputShape, reshaped } from './tensorflow.ts';

const like = (x: Value, shape: Shape): OutputType[] => [{ dtype: x.dtype, shape }];

/** The same elements in the same order: the flow gets the input's shape back. */
const reshaping: Rules<unknown> = routing((g, { x: [x], dy: [dy] }) => [g.reshape(dy, x.shape)]);

export const Identity = defineOp('Identity', {
  doc: 'x',
  run: reshaped,
  infer: ({ x: [x] }) => like(x, x.shape),
  ...routing((_g, { dy: [dy] }) => [dy]),
  fold: ([x]) => x,
});

/** As trained models are used: nothing is dropped. */
export const Dropout = defineOp('Dropout', {
  doc: 'x (inference)',
  attrs: { seed: int(0), ratio: float(0.5) },
  infer: ({ x: [x, , training], outputCount, where }) => {
    if (training && training.constant?.data[0] !== 0) {
      throw new RangeError(`${where}: training mode is on. Export the model in evaluation mode.`);
    }
    return [...like(x, x.shape), { dtype: 'bool' as const, shape: x.shape }].slice(0, outputCount);
  },
  ...routing((_g, { dy: [dy] }) => [dy]),
});

export const Reshape = defineOp('Reshape', {
  doc: 'The same elements in another shape; 0 copies a length, −1 takes what is left',
  run: reshaped,
  attrs: { allowzero: int(0) },
  infer: ({ x: [x, target], attrs }) =>
    like(x, resolveReshape(x.shape, requiredDims(target, 'the target shape'), attrs.allowzero === 1)),
  ...reshaping,
  fold: ([x, target], attrs) =>
    x &&
    target &&
    ifKnown(() => ({
      ...x,
      shape: concreteShape(resolveReshape(x.shape, target.dims, attrs.allowzero === 1), 'Reshape'),
    })),
});

export const Flatten = defineOp('Flatten', {
  doc: 'A matrix: the axes before `axis` multiplied, and the axes from `axis` on',
  run: reshaped,
  attrs: { axis: int(1) },
  infer: ({ x: [x], attrs }) => {
    const cut = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
    return like(x, resolveReshape(x.shape, [product(x.shape.slice(0, cut)), product(x.shape.slice(cut))], true));
  },
  ...reshaping,
});

function squeezed(shape: Shape, axes: readonly number[] | null, where: string): Shape {
  const gone = axes
    ? axes.map((a) => normalizeAxis(a, shape.length, where))
    : shape.flatMap((d, i) => (d === 1 ? [i] : []));
  for (const axis of gone) {
    if (concrete(shape[axis], where) !== 1)
      throw new RangeError(`axis ${axis} of [${shape}] has length ${shape[axis]}, not 1.`);
  }
  return shape.filter((_, i) => !gone.includes(i));
}

export const Squeeze = defineOp('Squeeze', {
  doc: 'Axes of length 1 removed',
  run: reshaped,
  infer: ({ x: [x, axes], where }) => like(x, squeezed(x.shape, axes ? requiredInts(axes, 'axes') : null, where)),
  ...reshaping,
  fold: ([x], _attrs, [, axes]) =>
    x && { ...x, shape: squeezed(x.shape, axes ? requiredInts(axes, 'axes') : null, 'Squeeze') as number[] },
});

function unsqueezed(shape: Shape, axes: readonly number[], where: string): Shape {
  const rank = shape.length + axes.length;
  const added = axes.map((a) => normalizeAxis(a, rank, where));
  const rest = shape.values();
  return Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : rest.next().value!));
}

export const Unsqueeze = defineOp('Unsqueeze', {
  doc: 'Axes of length 1 added',
  run: reshaped,
  infer: ({ x: [x, axes], where }) => like(x, unsqueezed(x.shape, requiredInts(axes, 'axes'), where)),
  ...reshaping,
  fold: ([x], _attrs, [, axes]) =>
    x && { ...x, shape: unsqueezed(x.shape, requiredInts(axes, 'axes'), 'Unsqueeze') as number[] },
});

const permutation = (perm: readonly number[] | null, rank: number): readonly number[] =>
  perm ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);

const inverse = (perm: readonly number[]): number[] => perm.map((_, axis) => perm.indexOf(axis));

export const Transpose = defineOp('Transpose', {
  doc: 'Axes in another order; reversed by default',
  run: (tf, [x], { attrs }) => [tf.transpose(x, [...permutation(attrs.perm, x.rank)])],
  attrs: { perm: ints(null) },
  infer: ({ x: [x], attrs, where }) => {
    const perm = permutation(attrs.perm, x.shape.length);
    if (perm.toSorted((a, b) => a - b).some((axis, i) => axis !== i) || perm.length !== x.shape.length) {
      throw new RangeError(`${where}: perm [${perm}] does not order the ${x.shape.length} axes of [${x.shape}].`);
    }
    return like(
      x,
      perm.map((axis) => x.shape[axis]),
    );
  },
  ...routing<{ perm: readonly number[] | null }>((g, { x: [x], dy: [dy], attrs }) => [
    g.transpose(dy, inverse(permutation(attrs.perm, x.shape.length))),
  ]),
  fold: ([x], attrs) => {
    if (!x) return null;
    const perm = permutation(attrs.perm, x.shape.length);
    const back = inverse(perm);
    return foldBuild(
      perm.map((axis) => x.shape[axis]),
      (index) =>
        elementAt(
          x,
          back.map((i) => index[i]),
        ),
    );
  },
});

export const Expand = defineOp('Expand', {
  doc: 'x broadcast to a shape',
  run: (tf, [x], site) => [broadcasted(tf, x, outputShape(site))],
  infer: ({ x: [x, shape] }) => like(x, broadcastShapes(x.shape, requiredDims(shape, 'the target shape'))),
  ...routing((_g, { dy: [dy] }) => [dy]),
  fold: ([x, target]) => {
    if (!x || !target || target.dims.some(isBatch)) return null;
    const shape = broadcastShapes(x.shape, target.dims) as number[];
    const extra = shape.length - x.shape.length;
    return foldBuild(shape, (index) =>
      elementAt(
        x,
        x.shape.map((d, i) => (d === 1 ? 0 : index[i + extra])),
      ),
    );
  },
});

/** Each copy's share: the axis [r·d] seen as [r, d], summed over r. */
const tileGradient: BackwardRule<unknown> = (g, { x: [x, repeats], dy: [dy] }) => {
  const split: Shape = requiredInts(repeats, 'repeats').flatMap((r, i) => [r, x.shape[i]]);
  const copies = x.shape.map((_, i) => 2 * i).filter((axis) => split[axis] !== 1);
  return [g.reshape(g.reduceSum(g.reshape(dy, split), copies), x.shape)];
};

export const Tile = defineOp('Tile', {
  doc: 'x repeated along each axis',
  run: (tf, [x], { node }) => [tf.tile(x, requiredInts(node.inputs[1], 'repeats'))],
  infer: ({ x: [x, repeats], where }) => {
    const times = requiredInts(repeats, 'repeats');
    if (times.length !== x.shape.length) throw new RangeError(`${where}: ${times.length} repeats for [${x.shape}].`);
    if (times.some((r, i) => r !== 1 && isBatch(x.shape[i]))) throw new BatchError(`${where}: repeats the batch axis.`);
    return like(
      x,
      x.shape.map((d, i) => mulDim(d, times[i])),
    );
  },
  ...routing(tileGradient),
  fold: ([x, repeats]) => {
    if (!x || !repeats || repeats.dims.some(isBatch)) return null;
    return foldBuild(
      x.shape.map((d, i) => d * Number(repeats.dims[i])),
      (index) =>
        elementAt(
          x,
          index.map((v, i) => v % x.shape[i]),
        ),
    );
  },
});

/** [n, …blocks and depth…, h, w] and the order that brings each block beside the pixel it belongs to. */
interface BlockOrder {
  readonly perm: readonly number[];
  shape(n: Shape[number], depth: number, block: number, h: number, w: number): Shape;
}

const blockOrders: Readonly<Record<string, BlockOrder>> = {
  DCR: { perm: [0, 3, 4, 1, 5, 2], shape: (n, depth, b, h, w) => [n, b, b, depth, h, w] },
  CRD: { perm: [0, 1, 4, 2, 5, 3], shape: (n, depth, b, h, w) => [n, depth, b, b, h, w] },
};

/** The inverse of DepthToSpace, of reshapes and one transposition, which every device has. */
function spaceToDepth(g: Builder, y: Value, block: number, mode: string): Value {
  const [n, depth, height, width] = y.shape;
  const [h, w, c] = [
    concrete(height, 'SpaceToDepth') / block,
    concrete(width, 'SpaceToDepth') / block,
    concrete(depth, 'SpaceToDepth'),
  ];
  const { perm } = blockOrders[mode];
  const blocks = g.transpose(g.reshape(y, [n, c, h, block, w, block]), inverse(perm));
  return g.reshape(blocks, [n, c * block * block, h, w]);
}

/** DepthToSpace of reshapes and one transposition. */
export function depthToSpace(g: Builder, x: Value, block: number, mode: string): Value {
  const [n, channels, h, w] = x.shape as [Shape[number], number, number, number];
  const { perm, shape } = blockOrders[mode];
  const depth = channels / block ** 2;
  return g.reshape(g.transpose(g.reshape(x, shape(n, depth, block, h, w)), perm), [n, depth, h * block, w * block]);
}

export const DepthToSpace = defineOp('DepthToSpace', {
  doc: 'Blocks of channels laid out as blocks of pixels (pixel shuffle is mode CRD)',
  attrs: { blocksize: int(1), mode: string('DCR') },
  infer: ({ x: [x], attrs: { blocksize: b, mode }, where }) => {
    const [n, c, h, w] = x.shape;
    const depth = concrete(c, where) / (b * b);
    if (!Number.isInteger(depth)) throw new RangeError(`${where}: ${c} channels do not hold blocks of ${b}×${b}.`);
    if (!(mode in blockOrders)) throw new RangeError(`${where}: unknown mode "${mode}". Known: DCR, CRD.`);
    return like(x, [n, depth, concrete(h, where) * b, concrete(w, where) * b]);
  },
  ...routing<{ blocksize: number; mode: string }>((g, { dy: [dy], attrs }) => [
    spaceToDepth(g, dy, attrs.blocksize, attrs.mode),
  ]),
});

export const SpaceToDepth = defineOp('SpaceToDepth', {
  doc: 'Blocks of pixels laid out as channels',
  attrs: { blocksize: int(1) },
  infer: ({ x: [x], attrs: { blocksize: b }, where }) => {
    const [n, ...chw] = x.shape;
    const [c, h, w] = chw.map((d) => concrete(d, where));
    if (h % b !== 0 || w % b !== 0)
      throw new RangeError(`${where}: ${h}×${w} pixels do not divide into blocks of ${b}×${b}.`);
    return like(x, [n, c * b * b, h / b, w / b]);
  },
  ...routing<{ blocksize: number }>((g, { dy: [dy], attrs }) => [
    g.apply('DepthToSpace', [dy], { blocksize: attrs.blocksize }),
  ]),
});
