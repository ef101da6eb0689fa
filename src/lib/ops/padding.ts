/** @file Pad in all its modes. */
import { addDim, concrete, isBatch, normalizeAxis, BatchError, type Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { string } from './attributes.ts';
import { scatterAlong } from './along-axis.ts';
import { routing } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { requiredInts, requiredNumber } from './known.ts';
import type { TensorFlow, TfTensor } from './tensorflow.ts';

interface Mode {
  readonly mode: string;
}

/** Pads of every axis, [begin, end] each; negative pads crop. */
function padsOf(
  shape: Shape,
  padsInput: Value,
  axesInput: Value | null | undefined,
  where: string,
): [number, number][] {
  const pads = requiredInts(padsInput, 'pads');
  const axes = axesInput
    ? requiredInts(axesInput, 'axes').map((a) => normalizeAxis(a, shape.length, where))
    : shape.map((_, i) => i);
  if (pads.length !== 2 * axes.length)
    throw new RangeError(`${where}: ${pads.length} pads for ${axes.length} axes of [${shape}]; each needs two.`);
  return shape.map((d, axis) => {
    const i = axes.indexOf(axis);
    const [begin, end] = i === -1 ? [0, 0] : [pads[i], pads[i + axes.length]];
    if (isBatch(d) && (begin !== 0 || end !== 0)) throw new BatchError(`${where}: pads the batch axis.`);
    return [begin, end];
  });
}

/** Where each element of a padded axis is read from. What negative pads crop is gone before anything is repeated. */
function sourcesOf(whole: number, [begin, end]: readonly [number, number], mode: string): number[] {
  const first = Math.max(-begin, 0);
  const length = whole - first - Math.max(-end, 0);
  const period = Math.max(2 * (length - 1), 1);
  const read: Record<string, (i: number) => number> = {
    edge: (i) => Math.min(Math.max(i, 0), length - 1),
    wrap: (i) => modulo(i, length),
    reflect: (i) => Math.min(modulo(i, period), period - modulo(i, period)),
  };
  return Array.from({ length: begin + whole + end }, (_, i) => first + read[mode](i - Math.max(begin, 0)));
}

const modulo = (i: number, length: number): number => ((i % length) + length) % length;

const padGradient: BackwardRule<Mode> = (g, { x: [x, padsInput, , axes], dy: [dy], attrs }) => {
  const pads = padsOf(x.shape, padsInput, axes, 'Pad');
  if (attrs.mode === 'constant') return [g.pad(dy, [...pads.map(([begin]) => -begin), ...pads.map(([, end]) => -end)])];
  const flow = pads.reduce((sofar, pad, axis) => {
    if (pad[0] === 0 && pad[1] === 0) return sofar;
    const length = concrete(x.shape[axis], 'Pad');
    return scatterAlong(g, sofar, axis, sourcesOf(length, pad, attrs.mode), length);
  }, dy);
  return [flow];
};

function padConstant(tf: TensorFlow, x: TfTensor, pads: readonly [number, number][], value: number): TfTensor {
  const within = pads.every(([begin, end]) => begin >= 0 && end >= 0);
  const cropped = within
    ? x
    : tf.slice(
        x,
        pads.map(([begin]) => Math.max(-begin, 0)),
        x.shape.map((d, i) => d + Math.min(pads[i][0], 0) + Math.min(pads[i][1], 0)),
      );
  const added = pads.map(([begin, end]): [number, number] => [Math.max(begin, 0), Math.max(end, 0)]);
  if (added.every(([begin, end]) => begin + end === 0)) return cropped;
  return tf.pad(cropped, added, value);
}

/** Each padded axis read from where its mode says. */
const padBySources = (tf: TensorFlow, x: TfTensor, pads: readonly [number, number][], mode: string): TfTensor =>
  pads.reduce((value, pad, axis) => {
    if (pad[0] === 0 && pad[1] === 0) return value;
    return tf.gather(value, tf.tensor1d(sourcesOf(value.shape[axis], pad, mode), 'int32'), axis);
  }, x);

export const Pad = defineOp('Pad', {
  doc: 'x with elements added around it: a constant, its edge, its reflection or its other end',
  run: (tf, [x], { attrs, node }) => {
    const pads = padsOf(x.shape, node.inputs[1]!, node.inputs[3], 'Pad');
    return [
      attrs.mode === 'constant'
        ? padConstant(tf, x, pads, node.inputs[2] ? requiredNumber(node.inputs[2], 'the constant') : 0)
        : padBySources(tf, x, pads, attrs.mode),
    ];
  },
  attrs: { mode: string('constant') },
  infer: ({ x: [x, pads, , axes], attrs, where }) => {
    if (!['constant', 'edge', 'reflect', 'wrap'].includes(attrs.mode)) {
      throw new RangeError(`${where}: unknown mode "${attrs.mode}". Known: constant, edge, reflect, wrap.`);
    }
    const shape = x.shape.map((d, i) => {
      const [begin, end] = padsOf(x.shape, pads, axes, where)[i];
      return begin + end === 0 ? d : addDim(d, begin + end);
    });
    return [{ dtype: x.dtype, shape }];
  },
  ...routing(padGradient),
});
