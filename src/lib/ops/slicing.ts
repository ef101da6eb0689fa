/** @file Joining and cutting along axes. */
import { concrete, isBatch, normalizeAxis, type Dim, type Shape } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { scatterAlong } from './along-axis.ts';
import { routing } from './combinators.ts';
import { defineOp, type BackwardRule } from './define.ts';
import { allKnown, elementAt, foldBuild, ifKnown } from './fold.ts';
import { requiredDims, requiredInts } from './known.ts';
import type { TensorFlow, TfTensor } from './tensorflow.ts';

interface Axis {
  readonly axis: number;
}

/** Where each of `lengths` begins when they follow one another. */
const offsets = (lengths: readonly number[]): number[] =>
  lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));

function concatShape(shapes: readonly Shape[], axis: number, where: string): Shape {
  const odd = shapes.find((s) => s.length !== shapes[0].length || s.some((d, i) => i !== axis && d !== shapes[0][i]));
  if (odd) throw new RangeError(`${where}: [${shapes[0]}] and [${odd}] do not join along axis ${axis}.`);
  return shapes[0].with(
    axis,
    shapes.map((s) => concrete(s[axis], where)).reduce((a, b) => a + b),
  );
}

const concatGradient: BackwardRule<Axis> = (g, { x, dy: [dy], attrs, wants }) => {
  const axis = normalizeAxis(attrs.axis, dy.shape.length, 'Concat');
  const lengths = x.map((v) => concrete(v.shape[axis], 'Concat'));
  const starts = offsets(lengths);
  return x.map((_, i) => (wants(i) ? g.slice(dy, [starts[i]], [starts[i] + lengths[i]], [axis]) : null));
};

export const Concat = defineOp('Concat', {
  doc: 'The inputs one after another along an axis',
  run: (tf, x, { attrs }) => [tf.concat([...x], normalizeAxis(attrs.axis, x[0].rank, 'Concat'))],
  attrs: { axis: int(0) },
  infer: ({ x, attrs, where }) => {
    const odd = x.find((v) => v.dtype !== x[0].dtype);
    if (odd) throw new TypeError(`${where}: inputs are ${x[0].dtype} and ${odd.dtype}. Insert a Cast.`);
    const axis = normalizeAxis(attrs.axis, x[0].shape.length, where);
    return [
      {
        dtype: x[0].dtype,
        shape: concatShape(
          x.map((v) => v.shape),
          axis,
          where,
        ),
      },
    ];
  },
  ...routing(concatGradient),
  fold: (x, attrs) => {
    if (!allKnown(x)) return null;
    const axis = normalizeAxis(attrs.axis, x[0].shape.length, 'Concat');
    const starts = offsets(x.map((v) => v.shape[axis]));
    const shape = concatShape(
      x.map((v) => v.shape),
      axis,
      'Concat',
    ) as number[];
    return foldBuild(shape, (index) => {
      const part = starts.findLastIndex((start, i) => start <= index[axis] && x[i].shape[axis] > 0);
      return elementAt(x[part], index.with(axis, index[axis] - starts[part]));
    });
  },
});

/** The lengths of the parts: given, or as equal as they can be, the last one shorter. */
function splitSizes(x: Value, sizes: Value | undefined, axis: number, parts: number, where: string): number[] {
  const length = concrete(x.shape[axis], where);
  const chunk = Math.ceil(length / parts);
  const result = sizes
    ? requiredInts(sizes, 'split')
    : Array.from({ length: parts }, (_, i) => Math.min(chunk, length - i * chunk));
  if (result.reduce((a, b) => a + b, 0) !== length || result.length !== parts) {
    throw new RangeError(
      `${where}: parts of ${result} do not make up axis ${axis} of [${x.shape}] in ${parts} outputs.`,
    );
  }
  return result;
}

export const Split = defineOp('Split', {
  doc: 'x cut into parts along an axis',
  run: (tf, [x], { attrs, node }) => {
    const axis = normalizeAxis(attrs.axis, x.rank, 'Split');
    return tf.split(
      x,
      node.outputs.map((y) => y.shape[axis] as number),
      axis,
    );
  },
  attrs: { axis: int(0), num_outputs: int(null) },
  infer: ({ x: [x, sizes], attrs, outputCount, where }) => {
    const axis = normalizeAxis(attrs.axis, x.shape.length, where);
    return splitSizes(x, sizes, axis, outputCount, where).map((d) => ({
      dtype: x.dtype,
      shape: x.shape.with(axis, d),
    }));
  },
  ...routing<Axis>((g, { dy, attrs }) => [
    dy.length === 1 ? dy[0] : g.concat(dy, normalizeAxis(attrs.axis, dy[0].shape.length, 'Split')),
  ]),
  fold: ([x], attrs, _inputs, output) => {
    if (!x || !output) return null;
    const axis = normalizeAxis(attrs.axis, x.shape.length, 'Split');
    const lengths = output.shapes.map((shape) => concrete(shape[axis], 'Split'));
    const start = offsets(lengths)[output.index];
    return foldBuild(x.shape.with(axis, lengths[output.index]), (index) =>
      elementAt(x, index.with(axis, start + index[axis])),
    );
  },
});

/** What is read along one axis. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Ends from here on mean "to the end", whatever the axis. */
const FAR = 2 ** 31 - 1;

/** The cuts that a Slice makes, whole axes left out; bounds are clamped as ONNX says. */
function cutsOf(
  shape: Shape,
  [starts, ends, axes, steps]: readonly (Value | null | undefined)[],
  where: string,
): Cut[] {
  const [from, to] = [requiredDims(starts, 'starts'), requiredDims(ends, 'ends')];
  const along = axes ? requiredInts(axes, 'axes') : from.map((_, i) => i);
  const by = steps ? requiredInts(steps, 'steps') : from.map(() => 1);
  return along.flatMap((given, i) => {
    const axis = normalizeAxis(given, shape.length, where);
    const whole = from[i] === 0 && by[i] === 1 && (to[i] === shape[axis] || (!isBatch(to[i]) && Number(to[i]) >= FAR));
    return whole ? [] : [cut(axis, shape[axis], from[i], to[i], by[i], where)];
  });
}

function cut(axis: number, dim: Dim, from: Dim, to: Dim, step: number, where: string): Cut {
  const length = concrete(dim, where);
  if (step === 0) throw new RangeError(`${where}: step 0 along axis ${axis}.`);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (bound: Dim, least: number) => {
    const number = concrete(bound, where);
    return Math.min(Math.max(number < 0 ? number + length : number, least), high);
  };
  const start = clamp(from, Math.max(low, 0));
  return { axis, start, step, count: Math.max(0, Math.ceil((clamp(to, low) - start) / step)) };
}

const slicedShape = (shape: Shape, cuts: readonly Cut[]): Shape =>
  cuts.reduce((s, { axis, count }) => s.with(axis, count), shape);

/** Zeros around what was read; between them as well where the step is not 1. */
function sliceGradient(g: Builder, x: Value, dy: Value, cuts: readonly Cut[]): Value {
  if (cuts.some((c) => c.count === 0)) return g.zerosLike(x);
  if (cuts.some((c) => c.step !== 1)) {
    return cuts.reduce((flow, { axis, start, step, count }) => {
      const targets = Array.from({ length: count }, (_, i) => start + i * step);
      return scatterAlong(g, flow, axis, targets, concrete(x.shape[axis], 'Slice'));
    }, dy);
  }
  const [begin, end] = [x.shape.map(() => 0), x.shape.map(() => 0)];
  for (const { axis, start, count } of cuts) {
    begin[axis] = start;
    end[axis] = concrete(x.shape[axis], 'Slice') - start - count;
  }
  return g.pad(dy, [...begin, ...end]);
}

/** One slice for all cuts without gaps; the others read by position. */
function runCuts(tf: TensorFlow, x: TfTensor, cuts: readonly Cut[]): TfTensor {
  const [begin, size] = [x.shape.map(() => 0), [...x.shape]];
  for (const { axis, start, step, count } of cuts) if (step === 1) [begin[axis], size[axis]] = [start, count];
  const plain = cuts.some(({ step }) => step === 1) ? tf.slice(x, begin, size) : x;
  return cuts
    .filter(({ step }) => step !== 1)
    .reduce((value, { axis, start, step, count }) => {
      const positions = Array.from({ length: count }, (_, i) => start + i * step);
      return tf.gather(value, tf.tensor1d(positions, 'int32'), axis);
    }, plain);
}

export const Slice = defineOp('Slice', {
  doc: 'x[start : end : step] along each of the axes',
  run: (tf, [x], { node }) => [runCuts(tf, x, cutsOf(x.shape, node.inputs.slice(1), 'Slice'))],
  infer: ({ x: [x, ...bounds], where }) => [
    { dtype: x.dtype, shape: slicedShape(x.shape, cutsOf(x.shape, bounds, where)) },
  ],
  ...routing((g, { x: [x, ...bounds], dy: [dy] }) => [sliceGradient(g, x, dy, cutsOf(x.shape, bounds, 'Slice'))]),
  fold: ([x], _attrs, [, ...bounds]) => {
    if (!x) return null;
    return ifKnown(() => {
      const cuts = cutsOf(x.shape, bounds, 'Slice');
      return foldBuild(slicedShape(x.shape, cuts) as number[], (index) =>
        elementAt(
          x,
          cuts.reduce((at, { axis, start, step }) => at.with(axis, start + index[axis] * step), [...index]),
        ),
      );
    });
  },
});
