/** @file How each operator that knows its axes by number works on a base whose axes are in another order. */
import type { Dim } from '../../graph/dim.ts';
import { knownDims, knownInts, type Attributes, type Node, type Value } from '../../graph/graph.ts';
import type { Builder } from '../builder.ts';
import { identity, inverse, isIdentity, movesNothing, permuted, restOf, type Layout, type Perm } from './layout.ts';

/** A node of the old graph whose inputs are known as layouts; at least one of them is not in its plain order. */
export interface LayoutSite {
  readonly g: Builder;
  readonly node: Node;
  readonly x: readonly (Layout | null)[];
  /** Input `i`, with axes of length 1 put in front up to the rank of `perm`, as the base that `perm` transposes. */
  readonly input: (i: number, perm: Perm) => Value;
  /** Input `i` in its plain order. */
  readonly plain: (i: number) => Value | null;
  /** How many Transposes the inputs would need to have this layout. */
  readonly cost: (perm: Perm) => number;
}

/** The same operator on other inputs, and for each output the order in which its axes lie in the new one's base. */
export interface Moved {
  readonly inputs: readonly (Value | null)[];
  readonly attrs?: Attributes;
  readonly perms: readonly Perm[];
  /** In place of the node's own operator. */
  readonly op?: string;
}

/** null: the node wants its inputs in their plain order. */
export type LayoutRule = (site: LayoutSite) => Moved | null;

const others = (site: LayoutSite): (Value | null)[] => site.node.inputs.slice(1).map((_, i) => site.plain(i + 1));

/** The first input moves; the others are numbers or vectors that have no axes to move. */
const unary: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const small = site.node.inputs.slice(1).every((v) => !v || v.shape.length === 0 || isOne(v));
  return small ? { inputs: [base, ...others(site)], perms: site.node.outputs.map(() => perm) } : null;
};

const isOne = (v: Value): boolean => v.shape.every((d) => d === 1);

/** Of the layouts of the operands the one that leaves the fewest Transposes; among equals the first that is not the plain one. */
const broadcasting: LayoutRule = (site) => {
  const rank = site.node.outputs[0].shape.length;
  const plain = identity(rank);
  const candidates = site.x.flatMap((v) => (v && v.perm.length === rank && !isIdentity(v.perm) ? [v.perm] : []));
  let best = plain;
  let least = Infinity;
  for (const perm of [...candidates, plain]) {
    const cost = site.cost(perm);
    if (cost < least) [best, least] = [perm, cost];
  }
  if (isIdentity(best)) return null;
  return { inputs: site.x.map((v, i) => v && site.input(i, best)), perms: [best] };
};

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Operators along one axis of one tensor. */
const alongAxis =
  (byDefault: number): LayoutRule =>
  (site) => {
    const { base, perm } = site.x[0]!;
    const axis = axisOf((site.node.attrs.axis as number | undefined) ?? byDefault, perm.length);
    const attrs = { ...site.node.attrs, axis: perm[axis] };
    return { inputs: [base, ...others(site)], attrs, perms: site.node.outputs.map(() => perm) };
  };

const concat: LayoutRule = (site) => {
  const moved = broadcasting(site);
  if (!moved) return null;
  const [perm] = moved.perms;
  return { ...moved, attrs: { ...site.node.attrs, axis: perm[axisOf(site.node.attrs.axis as number, perm.length)] } };
};

/** The layout of what stays when `gone` is reduced to length 1 or dropped. */
function without(perm: Perm, gone: readonly number[], keepdims: boolean): Perm {
  if (keepdims) return perm;
  return restOf(
    perm,
    perm.map((_, i) => i).filter((i) => !gone.includes(i)),
  );
}

const reduction: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const axes = knownInts(site.node.inputs[1])?.map((a) => axisOf(a, perm.length));
  if (!axes || axes.length === 0) return null;
  const mapped = axes.map((a) => perm[a]).sort((a, b) => a - b);
  return { inputs: [base, site.g.ints(mapped)], perms: [without(perm, axes, site.node.attrs.keepdims !== 0)] };
};

const arg: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const axis = axisOf((site.node.attrs.axis as number | undefined) ?? 0, perm.length);
  const attrs = { ...site.node.attrs, axis: perm[axis] };
  return { inputs: [base], attrs, perms: [without(perm, [axis], site.node.attrs.keepdims !== 0)] };
};

/** Axes that an operator names, or its first ones where it names none. */
function namedAxes(axes: Value | null | undefined, count: number, rank: number): number[] | null {
  if (!axes) return Array.from({ length: count }, (_, i) => i);
  return knownInts(axes)?.map((a) => axisOf(a, rank)) ?? null;
}

const slice: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const [, starts, ends, axes, steps] = site.node.inputs;
  const named = namedAxes(axes, starts!.shape[0] as number, perm.length);
  if (!named) return null;
  const mapped = site.g.ints(named.map((a) => perm[a]));
  return { inputs: [base, starts, ends, mapped, steps ?? null], perms: [perm] };
};

const pad: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const [, pads, value, axes] = site.node.inputs;
  const named = namedAxes(axes, (pads!.shape[0] as number) / 2, perm.length);
  if (!named) return null;
  return { inputs: [base, pads, value ?? null, site.g.ints(named.map((a) => perm[a]))], perms: [perm] };
};

/** One number for each axis: repeats, or a shape to broadcast to. */
const numberPerAxis: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const numbers = knownDims(site.node.inputs[1]);
  if (!numbers || numbers.length > perm.length) return null;
  const all: Dim[] = [...Array.from({ length: perm.length - numbers.length }, () => 1), ...numbers];
  return { inputs: [base, site.g.ints(permuted(all, inverse(perm)))], perms: [perm] };
};

/** Rows picked by a vector of positions stay rows of the same axis. */
const gather: LayoutRule = (site) => {
  const along = site.node.inputs[1]!.shape.length === 1 && site.x[1]?.perm.length === 1;
  return along ? alongAxis(0)(site) : null;
};

const cumSum: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const [axis] = knownInts(site.node.inputs[1]) ?? [];
  if (axis === undefined) return null;
  const scalar = site.g.scalar(perm[axisOf(axis, perm.length)], 'int64');
  return { inputs: [base, scalar], perms: [perm] };
};

/** The same elements in the same order, whatever the axes of length 1 do. */
const reshape: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const { shape } = site.node.outputs[0];
  if (!movesNothing(base.shape, perm) || shape.includes(0)) return null;
  return { inputs: [base, site.g.ints(shape)], attrs: {}, perms: [identity(shape.length)], op: 'Reshape' };
};

const squeeze: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const asReshape = reshape(site);
  if (asReshape) return asReshape;
  const shape = permuted(base.shape, perm);
  const axes = site.node.inputs[1]
    ? knownInts(site.node.inputs[1])?.map((a) => axisOf(a, perm.length))
    : perm.map((_, i) => i).filter((i) => shape[i] === 1);
  if (!axes || axes.length === 0) return null;
  const mapped = axes.map((a) => perm[a]).sort((a, b) => a - b);
  return { inputs: [base, site.g.ints(mapped)], perms: [without(perm, axes, false)] };
};

/** New axes of length 1 lie behind the base's own. */
const unsqueeze: LayoutRule = (site) => {
  const { base, perm } = site.x[0]!;
  const asReshape = reshape(site);
  if (asReshape) return asReshape;
  const rank = site.node.outputs[0].shape.length;
  const axes = knownInts(site.node.inputs[1])?.map((a) => axisOf(a, rank));
  if (!axes) return null;
  let [own, added] = [0, perm.length];
  const order = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? added++ : perm[own++]));
  const behind = Array.from({ length: rank - perm.length }, (_, i) => perm.length + i);
  return { inputs: [base, site.g.ints(behind)], perms: [order] };
};

const rows = (names: string, rule: LayoutRule): Record<string, LayoutRule> =>
  Object.fromEntries(names.split(' ').map((name) => [name, rule]));

/** What is missing here wants its inputs in their plain order. */
export const layoutRules: Readonly<Record<string, LayoutRule>> = {
  ...rows('Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor Identity IsInf IsNaN Log Neg Not', unary),
  ...rows('Reciprocal Round Sign Sin Sinh Sqrt Tan Tanh Cast Clip Celu Elu Gelu HardSigmoid HardSwish', unary),
  ...rows('LeakyRelu Mish Relu Selu Shrink Sigmoid Softplus Softsign Swish ThresholdedRelu', unary),
  ...rows('Add Sub Mul Div Pow Mod Max Min Sum Mean And Or Xor Equal Greater GreaterOrEqual', broadcasting),
  ...rows('Less LessOrEqual Where PRelu', broadcasting),
  ...rows('Softmax LogSoftmax Hardmax TopK', alongAxis(-1)),
  ...rows('ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin', reduction),
  ...rows('ReduceProd ReduceSum ReduceSumSquare', reduction),
  ...rows('ArgMax ArgMin', arg),
  ...rows('Expand Tile', numberPerAxis),
  ...rows('Reshape Flatten', reshape),
  Split: alongAxis(0),
  Concat: concat,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  CumSum: cumSum,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
};

/** Whether input `x` of a node is in its plain order. */
export const isPlain = (x: Layout | null): boolean => x === null || isIdentity(x.perm);
