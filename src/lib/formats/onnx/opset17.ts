/** @file Nodes of the canonical opset as opset 17 writes them. */
import { constantValue, knownInts, nodeLabel, type Attributes, type Node, type Value } from '../../graph/graph.ts';
import { normalizeAxis } from '../../graph/dim.ts';
import { int64 } from '../../tensor/tensor.ts';

/** What of a node is written. */
export interface Form {
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attributes;
}

/** A form, or why there is none. */
type Rewrite = (node: Node) => Form | string;

const ints = (values: readonly number[]): Value => constantValue(int64([values.length], values));

const without = (attrs: Attributes, ...names: string[]): Attributes =>
  Object.fromEntries(Object.entries(attrs).filter(([name]) => !names.includes(name)));

/** Axes are an attribute until opset 18, of all reductions but ReduceSum. */
const reduction: Rewrite = ({ inputs: [x, axes], attrs }) => {
  if (x!.dtype === 'bool') return 'it reduces booleans';
  const named = axes ? knownInts(axes) : [];
  if (named === null) return 'its axes are computed while it runs';
  if (named.length === 0 && attrs.noop_with_empty_axes === 1) return 'it has no axes';
  const rest = without(attrs, 'noop_with_empty_axes');
  return { inputs: [x], attrs: named.length > 0 ? { ...rest, axes: named } : rest };
};

const split: Rewrite = ({ inputs: [x, sizes], attrs, outputs }) => {
  const axis = normalizeAxis((attrs.axis as number | undefined) ?? 0, x!.shape.length, 'Split');
  const lengths = sizes ?? ints(outputs.map((v) => v.shape[axis] as number));
  return { inputs: [x, lengths], attrs: without(attrs, 'num_outputs') };
};

const pad: Rewrite = ({ inputs: [x, pads, value, axes], attrs }) => {
  if (attrs.mode === 'wrap') return 'it pads with the other end of the axis';
  if (!axes) return { inputs: [x, pads, value ?? null], attrs };
  const [amounts, named] = [knownInts(pads), knownInts(axes)];
  if (!amounts || !named) return 'its pads are computed while it runs';
  const rank = x!.shape.length;
  const all = Array<number>(2 * rank).fill(0);
  named.forEach((axis, i) => {
    const at = normalizeAxis(axis, rank, 'Pad');
    [all[at], all[rank + at]] = [amounts[i], amounts[named.length + i]];
  });
  return { inputs: [x, ints(all), value ?? null], attrs };
};

const resize: Rewrite = ({ inputs, attrs }) => {
  if (attrs.antialias === 1) return 'it smooths before it shrinks';
  if (attrs.axes !== undefined) return 'it names its axes';
  if ((attrs.keep_aspect_ratio_policy ?? 'stretch') !== 'stretch') return 'it keeps the aspect ratio';
  if (attrs.coordinate_transformation_mode === 'half_pixel_symmetric') return 'its coordinates are symmetric';
  return { inputs, attrs: without(attrs, 'antialias', 'keep_aspect_ratio_policy') };
};

const averagePool: Rewrite = ({ inputs, attrs }) => {
  const dilations = (attrs.dilations ?? []) as readonly number[];
  if (dilations.some((d) => d !== 1)) return 'its windows have holes';
  return { inputs, attrs: without(attrs, 'dilations') };
};

const scatter: Rewrite = ({ inputs, attrs }) =>
  attrs.reduction === 'max' || attrs.reduction === 'min'
    ? `it keeps the ${attrs.reduction} of what falls on one place`
    : { inputs, attrs };

const cast: Rewrite = ({ inputs, attrs }) => ({ inputs, attrs: without(attrs, 'saturate') });

const younger: Rewrite = ({ op }) => `opset 17 has no ${op}`;

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];

const forms: Readonly<Record<string, Rewrite>> = {
  ...Object.fromEntries(reductions.map((kind) => [`Reduce${kind}`, reduction])),
  Split: split,
  Pad: pad,
  Resize: resize,
  AveragePool: averagePool,
  ScatterElements: scatter,
  ScatterND: scatter,
  Cast: cast,
  CastLike: cast,
  Gelu: younger,
  Mish: younger,
};

/** How opset 17 writes a node of ONNX's own domain. Throws an Error that names it where it cannot. */
export function inOpset17(node: Node): Form {
  const form = Object.hasOwn(forms, node.op) ? forms[node.op](node) : node;
  if (typeof form !== 'string') return form;
  throw new Error(
    `${nodeLabel(node)}: ONNX opset 17 cannot say this: ${form}. Export the model in a form without it, or use another method.`,
  );
}
