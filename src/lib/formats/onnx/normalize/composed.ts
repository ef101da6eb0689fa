/** @file Operators of ONNX that are a few others. */
import { concrete, normalizeAxis } from '../../../graph/dim.ts';
import { knownInts, type Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { int64, makeTensor, toNumbers } from '../../../tensor/tensor.ts';
import { change, intsAttr, last, numberAttr, without, type Normalizer } from './draft.ts';
import { ceilMode } from './pooling.ts';

/** Keeps the slope of a root finite at 0, where |x| has the slope 0; 1e-15 and less in the result. */
const TINY = 1e-30;

/** (Σ |x|ᵖ)^(1/p) over windows; padding counts as 0. */
export const lpPool: Normalizer = (g, node) => {
  const p = numberAttr(node, 'p', 2);
  const { attrs } = without(node, 'p');
  const power =
    p === 1 ? g.abs(node.inputs[0]!) : p === 2 ? g.square(node.inputs[0]!) : g.pow(g.abs(node.inputs[0]!), p);
  const draft = change(node, { op: 'AveragePool', inputs: [power], attrs: { ...attrs, count_include_pad: 1 } });
  const pool = ceilMode(g, draft);
  if (!('op' in pool) || pool.attrs.ceil_mode === 1)
    throw new RangeError('ceil_mode is not supported where it adds a window. Export the model without it.');
  const size = intsAttr(node, 'kernel_shape')!.reduce((a, k) => a * k, 1);
  const total = g.mul(g.apply('AveragePool', pool.inputs, pool.attrs), size);
  if (p === 1) return [total];
  const above = g.add(total, TINY);
  return p === 2 ? last(g, node, 'Sqrt', [above]) : last(g, node, 'Pow', [above, g.scalar(1 / p)]);
};

/** The middle of x along each axis, or x in the middle of zeros. */
export const centerCropPad: Normalizer = (g, node) => {
  const [x, shape] = node.inputs as [Value, Value];
  const wanted = knownInts(shape);
  if (!wanted) throw new RangeError('its shape is computed while the model runs. Export the model for a fixed size.');
  const rank = x.shape.length;
  const axes = (intsAttr(node, 'axes') ?? x.shape.map((_, i) => i)).map((a) => normalizeAxis(a, rank, node.op));
  const pads = Array<number>(2 * rank).fill(0);
  const [starts, ends]: number[][] = [[], []];
  axes.forEach((axis, i) => {
    const length = concrete(x.shape[axis], node.op);
    const missing = Math.max(0, wanted[i] - length);
    pads[axis] = Math.floor(missing / 2);
    pads[rank + axis] = missing - pads[axis];
    const start = Math.floor(Math.max(0, length - wanted[i]) / 2);
    starts.push(start);
    ends.push(start + wanted[i]);
  });
  return last(g, node, 'Slice', [g.pad(x, pads), g.ints(starts), g.ints(ends), g.ints(axes)]);
};

/** Swish(a) · b */
export const swiGlu: Normalizer = (g, node) => {
  const [a, b] = node.inputs as [Value, Value];
  return last(g, node, 'Mul', [g.apply('Swish', [a], { alpha: numberAttr(node, 'alpha', 1) }), b]);
};

/** How many there are depends on the content, so the content must be known. */
export const nonZero: Normalizer = (g, node) => {
  const x = node.inputs[0]!;
  if (!x.constant)
    throw new RangeError(
      'its input is computed while the model runs, and how long its output is depends on it. Export the model without it.',
    );
  const shape = x.constant.shape;
  const places = toNumbers(x.constant).flatMap((v, i) => (v === 0 ? [] : [i]));
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, d) => a * d, 1));
  const rows = strides.map((stride, axis) => places.map((i) => Math.floor(i / stride) % shape[axis]));
  return [g.constant(int64([shape.length, places.length], rows.flat()), node.outputs[0])];
};

/** A letter that one operand names twice stands for a diagonal, which is taken first. */
export const einsum: Normalizer = (g, node) => {
  const equation = String(node.attrs.equation).replaceAll(/\s/g, '');
  const [left, right] = equation.split('->');
  const inputs = [...node.inputs] as Value[];
  const terms = left.split(',').map((term, i) => {
    let text = term;
    for (;;) {
      const letters = [...text.replace('...', '.')];
      const second = letters.findIndex((letter, at) => letter !== '.' && letters.indexOf(letter) < at);
      if (second === -1 || !inputs[i]) return text;
      const first = letters.indexOf(letters[second]);
      inputs[i] = diagonal(g, inputs[i], placeOf(letters, first, inputs[i]), placeOf(letters, second, inputs[i]));
      text = letters.toSpliced(second, 1).join('').replace('.', '...');
    }
  });
  const joined = terms.join(',');
  if (joined === left) return node;
  // Without an arrow a letter that occurs twice is summed over.
  const output = right ?? impliedOutput(left);
  return change(node, { inputs, attrs: { equation: `${joined}->${output}` } });
};

/** The ellipsis first, then every letter that occurs once, in alphabetical order. */
function impliedOutput(left: string): string {
  const letters = [...left].filter((c) => c !== '.' && c !== ',');
  const once = [...new Set(letters)].filter((c) => letters.indexOf(c) === letters.lastIndexOf(c)).toSorted();
  return (left.includes('...') ? '...' : '') + once.join('');
}

/** The axis that a letter of a term names; letters behind an ellipsis count from the end. */
function placeOf(letters: readonly string[], at: number, x: Value): number {
  const dots = letters.indexOf('.');
  return dots !== -1 && at > dots ? x.shape.length - (letters.length - at) : at;
}

/** x with axis `b` gone: of each pair of indices of the two axes only the equal ones are kept. */
function diagonal(g: Builder, x: Value, a: number, b: number): Value {
  const length = concrete(x.shape[a], 'Einsum');
  const shape = x.shape.map((_, i) => (i === a || i === b ? length : 1));
  const eye = Uint8Array.from({ length: length * length }, (_, i) => (i % (length + 1) === 0 ? 1 : 0));
  const kept = g.where(g.constant(makeTensor('bool', shape, eye)), x, 0);
  return g.reduceSum(kept, [b], false);
}
