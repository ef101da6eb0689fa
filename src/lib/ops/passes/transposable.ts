/** @file Operators that a Transpose may pass: what they do does not depend on the order of axes, once their axes are renamed. */
import { knownInts, type Attributes, type Node, type Value } from '../../graph/graph.ts';
import type { Builder } from '../builder.ts';

/** All operands are broadcast against each other, and nothing else. */
export const ELEMENTWISE: ReadonlySet<string> = new Set(
  (
    'Abs Acos Acosh Add And Asin Asinh Atan Atanh Cast Ceil Celu Clip Cos Cosh Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual ' +
    'HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal ' +
    'Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Where Xor'
  ).split(' '),
);

/** How a node is written on the base: what changes in its attributes and in its inputs behind the data. */
interface Renamed {
  readonly attrs?: Attributes;
  readonly inputs?: readonly (Value | null)[];
  /** Axes of the base that the result no longer has. */
  readonly dropped?: readonly number[];
}

/** `axisOf`: the base's axis for one of the node's, which may count from the end. null: it cannot be moved. */
type Renaming = (g: Builder, node: Node, axisOf: (axis: number) => number, rank: number) => Renamed | null;

const axisAttribute =
  (byDefault: number): Renaming =>
  (_g, { attrs }, axisOf) => ({ attrs: { axis: axisOf((attrs.axis as number | undefined) ?? byDefault) } });

/** Reductions: axes are the second input; none given means all. */
const reduction: Renaming = (g, { inputs, attrs }, axisOf, rank) => {
  const axes = inputs[1] ? knownInts(inputs[1]) : null;
  if (inputs[1] && !axes) return null;
  if (!axes?.length && attrs.noop_with_empty_axes === 1) return null;
  const renamed = (axes?.length ? axes : Array.from({ length: rank }, (_, i) => i)).map(axisOf);
  return { inputs: [g.ints(renamed)], ...(attrs.keepdims === 0 && { dropped: renamed }) };
};

/** Slice and Pad: vectors with one entry for each of `axes`, which are renamed alone. */
const slice: Renaming = (g, { inputs }, axisOf) => {
  const [, starts, ends, axesInput, steps] = inputs;
  const count = starts?.shape[0] as number;
  const axes = axesInput ? knownInts(axesInput) : Array.from({ length: count }, (_, i) => i);
  return axes && { inputs: [starts, ends, g.ints(axes.map(axisOf)), ...(steps ? [steps] : [])] };
};

const pad: Renaming = (g, { inputs }, axisOf, rank) => {
  const [, pads, value, axesInput] = inputs;
  const axes = axesInput ? knownInts(axesInput) : Array.from({ length: rank }, (_, i) => i);
  return axes && { inputs: [pads, value ?? null, g.ints(axes.map(axisOf))] };
};

/** Axes of length 1 that vanish. */
const squeeze: Renaming = (g, { inputs }, axisOf) => {
  const axes = inputs[1] ? knownInts(inputs[1]) : null;
  if (!axes) return null;
  const renamed = axes.map(axisOf);
  return { inputs: [g.ints(renamed)], dropped: renamed };
};

export const AXIS_OPS: Readonly<Partial<Record<string, Renaming>>> = {
  Concat: axisAttribute(0),
  Softmax: axisAttribute(-1),
  LogSoftmax: axisAttribute(-1),
  Split: axisAttribute(0),
  Slice: slice,
  Pad: pad,
  Squeeze: squeeze,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  ReduceSumSquare: reduction,
};
