/** @file Parameters that were attributes once and are inputs at the canonical opset. */
import { concrete } from '../../../graph/dim.ts';
import { knownInts } from '../../../graph/graph.ts';
import { change, intsAttr, without, withInput, type Draft, type Normalizer } from './draft.ts';

/** An attribute of whole numbers becomes input `index`. */
const intsToInput =
  (name: string, index: number): Normalizer =>
  (g, node) => {
    const values = intsAttr(node, name);
    return values === undefined ? node : without(withInput(node, index, g.ints(values)), name);
  };

const numberToInput = (g: Parameters<Normalizer>[0], node: Draft, name: string, index: number): Draft => {
  const value = node.attrs[name];
  return value === undefined
    ? node
    : without(withInput(node, index, g.scalar(value as number, node.inputs[0]!.dtype)), name);
};

/** ReduceX and Unsqueeze: axes. */
export const axes = intsToInput('axes', 1);

/** Without axes every axis of length 1 goes, except the batch. */
export const squeeze: Normalizer = (g, node) => {
  const given = axes(g, node) as Draft;
  if (given.inputs[1]) return given;
  const ones = given.inputs[0]!.shape.flatMap((d, i) => (d === 1 ? [i] : []));
  return withInput(given, 1, g.ints(ones));
};

/** Opset 11. */
export const clip: Normalizer = (g, node) => numberToInput(g, numberToInput(g, node, 'min', 1), 'max', 2);

/** Opset 2 renamed paddings to pads; opset 11 made pads and value inputs. */
export const pad: Normalizer = (g, node) => {
  const paddings = intsAttr(node, 'paddings');
  const renamed = paddings
    ? change(without(node, 'paddings'), { attrs: { ...without(node, 'paddings').attrs, pads: paddings } })
    : node;
  return numberToInput(g, intsToInput('pads', 1)(g, renamed) as Draft, 'value', 2);
};

/** Opset 5. */
export const reshape = intsToInput('shape', 1);

/** Opset 10. */
export const slice: Normalizer = (g, node) =>
  (['starts', 'ends', 'axes'] as const).reduce((draft, name, i) => intsToInput(name, i + 1)(g, draft) as Draft, node);

/** Opset 10. */
export const topK: Normalizer = (g, node) => {
  const k = node.attrs.k as number | undefined;
  return k === undefined ? node : without(withInput(node, 1, g.ints([k])), 'k');
};

/** Sizes are always written out: opset 13 made them an input, opset 18 replaced the default by num_outputs. */
export const split: Normalizer = (g, node) => {
  const given = intsToInput('split', 1)(g, node) as Draft;
  if (given.inputs[1]) return given;
  const x = node.inputs[0]!;
  const axis = (node.attrs.axis as number | undefined) ?? 0;
  const length = concrete(x.shape[axis < 0 ? axis + x.shape.length : axis], 'Split');
  const parts = (node.attrs.num_outputs as number | undefined) ?? node.outputs.length;
  if (parts > Math.max(length, node.outputs.length))
    throw new RangeError(`num_outputs is ${parts} for an axis of ${length}.`);
  const size = Math.ceil(length / parts);
  const sizes = Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(size, length - i * size)));
  return without(withInput(given, 1, g.ints(sizes)), 'num_outputs');
};

/** Opset 1: one axis and one count, both tensors. */
export const tile: Normalizer = (g, node) => {
  if (node.opset >= 6 || node.inputs.length < 3) return node;
  const [x, tiles, axis] = node.inputs;
  const [count, along] = [knownInts(tiles)?.[0] ?? 1, knownInts(axis)?.[0] ?? 0];
  return change(node, { inputs: [x, g.ints(x!.shape.map((_, i) => (i === along ? count : 1)))] });
};

/** Opset 4 made the axis mandatory. */
export const concat: Normalizer = (_g, node) =>
  node.attrs.axis === undefined ? change(node, { attrs: { ...node.attrs, axis: 1 } }) : node;

/** An output_shape beyond what the windows reach adds output_padding at the end. */
export const convTranspose: Normalizer = (_g, node) => {
  const [x, w] = node.inputs;
  const wanted = intsAttr(node, 'output_shape')?.slice(2 - x!.shape.length);
  if (!wanted) return node;
  const each = (name: string, i: number, fallback: number) => intsAttr(node, name)?.[i] ?? fallback;
  const padding = wanted.map((length, i) => {
    const kernel = (concrete(w!.shape[i + 2], 'ConvTranspose') - 1) * each('dilations', i, 1) + 1;
    const reach = (concrete(x!.shape[i + 2], 'ConvTranspose') - 1) * each('strides', i, 1) + kernel;
    return Math.max(each('output_padding', i, 0), length - reach);
  });
  return change(node, { attrs: { ...node.attrs, output_padding: padding } });
};
