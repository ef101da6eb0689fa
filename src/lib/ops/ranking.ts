/** @file Which element is largest. The choice is taken as given; no attribution flows to the reasons for it. */
import { concrete, normalizeAxis } from '../graph/dim.ts';
import type { OutputType } from '../graph/graph.ts';
import { int } from './attributes.ts';
import { nonDifferentiable, routing } from './combinators.ts';
import { defineOp, type InferSite } from './define.ts';
import { requiredInts } from './known.ts';
import { outputShape, type RunSite, type TensorFlow, type TfTensor } from './tensorflow.ts';

const attrs = { axis: int(0), keepdims: int(1), select_last_index: int(0) };

function infer({ x: [x], attrs, where }: InferSite<{ axis: number; keepdims: number }>): OutputType[] {
  const axis = normalizeAxis(attrs.axis, x.shape.length, where);
  concrete(x.shape[axis], where);
  return [{ dtype: 'int64', shape: attrs.keepdims === 1 ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1) }];
}

function runArg(
  tf: TensorFlow,
  x: TfTensor,
  site: RunSite<{ axis: number; selectLastIndex: number }>,
  arg: 'argMax' | 'argMin',
): TfTensor {
  const axis = normalizeAxis(site.attrs.axis, x.rank, 'ArgMax');
  const last = site.attrs.selectLastIndex === 1;
  const found = tf[arg](last ? tf.reverse(x, axis) : x, axis);
  return tf.reshape(last ? tf.sub(tf.scalar(x.shape[axis] - 1, 'int32'), found) : found, outputShape(site));
}

function runTopK(tf: TensorFlow, x: TfTensor, attrs: { axis: number; largest: number }, k: number): TfTensor[] {
  const axis = normalizeAxis(attrs.axis, x.rank, 'TopK');
  const swap = x.shape.map((_, i) => (i === axis ? x.rank - 1 : i === x.rank - 1 ? axis : i));
  const rows = tf.transpose(attrs.largest === 1 ? x : tf.neg(x), swap);
  const { values, indices } = tf.topk(rows, k);
  return [tf.transpose(attrs.largest === 1 ? values : tf.neg(values), swap), tf.transpose(indices, swap)];
}

export const ArgMax = defineOp('ArgMax', {
  doc: 'Where the largest element is along an axis',
  run: (tf, [x], site) => [runArg(tf, x, site, 'argMax')],
  attrs,
  infer,
  ...nonDifferentiable,
});
export const ArgMin = defineOp('ArgMin', {
  doc: 'Where the smallest element is along an axis',
  run: (tf, [x], site) => [runArg(tf, x, site, 'argMin')],
  attrs,
  infer,
  ...nonDifferentiable,
});

/** Under DeepLIFT the ranking of x is used for both passes: exact where x and x′ rank alike. */
export const TopK = defineOp('TopK', {
  doc: 'The k largest or smallest elements along an axis, and where they are',
  run: (tf, [x], { attrs, node }) =>
    runTopK(tf, x, attrs, node.outputs[0].shape[normalizeAxis(attrs.axis, x.rank, 'TopK')] as number).slice(
      0,
      node.outputs.length,
    ),
  attrs: { axis: int(-1), largest: int(1), sorted: int(1) },
  infer: ({ x: [x, k], attrs, where, outputCount }) => {
    const axis = normalizeAxis(attrs.axis, x.shape.length, where);
    const count = requiredInts(k, 'k')[0];
    if (count > concrete(x.shape[axis], where))
      throw new RangeError(`${where}: k is ${count}, axis ${axis} of [${x.shape}] has ${x.shape[axis]}.`);
    const shape = x.shape.with(axis, count);
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64' as const, shape },
    ].slice(0, outputCount);
  },
  ...routing<{ axis: number; largest: number; sorted: number }>((g, { x: [x, k], dy: [dy], attrs }) => {
    const [, indices] = g.applyAll('TopK', [x, k], { ...attrs }, { outputs: ['', ''] });
    return [g.apply('ScatterElements', [g.zerosLike(x), indices, dy], { axis: attrs.axis, reduction: 'add' }), null];
  }),
});
