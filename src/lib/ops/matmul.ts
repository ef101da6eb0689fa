/** @file Matrix products. Both factors may depend on the image: DeepLIFT then uses the midpoint of the other factor. */
import { BatchError, bindShape, broadcastShapes, concrete, isBatch, type Dim, type Shape } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { float, int } from './attributes.ts';
import type { Builder } from './builder.ts';
import { bilinear } from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite } from './define.ts';
import { outputShape, type TensorFlow, type TfTensor } from './tensorflow.ts';

/** A product with the batch axis on two axes holds a term for each pair of examples. */
export function refusePairs(shape: Shape): Shape {
  if (shape.filter(isBatch).length > 1)
    throw new BatchError(`the output [${shape}] would pair every example with every other.`);
  return shape;
}

function contracted(a: Dim, b: Dim, where: string): number {
  const [p, q] = [concrete(a, where), concrete(b, where)];
  if (p !== q) throw new RangeError(`inner dimensions differ: ${p} and ${q}.`);
  return p;
}

/** A vector on the left is a row, on the right a column; the axis added for that is not in the output. */
function inferMatMul({ x: [a, b], where }: InferSite<unknown>): OutputType[] {
  if (a.dtype !== b.dtype) throw new TypeError(`inputs are ${a.dtype} and ${b.dtype}. Insert a Cast.`);
  if (a.shape.length === 0 || b.shape.length === 0)
    throw new RangeError(`inputs have shapes [${a.shape}] and [${b.shape}]; scalars have no product.`);
  const [rows, columns] = [a.shape.slice(-2, -1), b.shape.length === 1 ? [] : b.shape.slice(-1)];
  contracted(a.shape.at(-1)!, b.shape.at(b.shape.length === 1 ? -1 : -2)!, where);
  const stack = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return [{ dtype: a.dtype, shape: refusePairs([...stack, ...rows, ...columns]) }];
}

/** dy·bᵀ. */
const timesTransposed = (g: Builder, dy: Value, b: Value): Value =>
  dy.shape.length === 2 && b.shape.length === 2
    ? g.apply('Gemm', [dy, b], { transB: 1 })
    : g.matmul(dy, g.transpose(b));

/** aᵀ·dy. */
const transposedTimes = (g: Builder, a: Value, dy: Value): Value =>
  dy.shape.length === 2 && a.shape.length === 2
    ? g.apply('Gemm', [a, dy], { transA: 1 })
    : g.matmul(g.transpose(a), dy);

const matMulGradient: BackwardRule<unknown> = (g, { x: [x, w], dy: [dy], wants }) => {
  const [row, column] = [x.shape.length === 1, w.shape.length === 1];
  const a = row ? g.reshape(x, [1, x.shape[0]]) : x;
  const b = column ? g.reshape(w, [w.shape[0], 1]) : w;
  const stack = dy.shape.slice(0, dy.shape.length - (row ? 0 : 1) - (column ? 0 : 1));
  const flow = g.reshape(dy, [...stack, row ? 1 : a.shape.at(-2)!, column ? 1 : b.shape.at(-1)!]);
  const vector = (v: Value) => g.reshape(v, v.shape.slice(0, -1));
  const toB = () => (column ? vector(transposedTimes(g, a, flow)) : transposedTimes(g, a, flow));
  return [wants(0) ? timesTransposed(g, flow, b) : null, wants(1) ? toB() : null];
};

/** Its kernels count through the smaller stack over and over, which is broadcasting for leading axes only. */
function stackedAlike(tf: TensorFlow, a: TfTensor, b: TfTensor): [TfTensor, TfTensor] {
  const stacks = [a, b].map(({ shape }) => shape.slice(0, -2));
  const single = stacks.some((stack) => stack.every((d) => d === 1));
  if (single || stacks[0].join() === stacks[1].join()) return [a, b];
  const stack = broadcastShapes(...stacks) as number[];
  return [tf.broadcastTo(a, [...stack, ...a.shape.slice(-2)]), tf.broadcastTo(b, [...stack, ...b.shape.slice(-2)])];
}

export const MatMul = defineOp('MatMul', {
  doc: 'a · b over the last two axes, broadcast over the others',
  run: (tf, [a, b], site) => {
    const [left, right] = [a.rank === 1 ? tf.expandDims(a, 0) : a, b.rank === 1 ? tf.expandDims(b, 1) : b];
    return [tf.reshape(tf.matMul(...stackedAlike(tf, left, right)), outputShape(site))];
  },
  infer: inferMatMul,
  ...bilinear(matMulGradient),
  layer: 'dense',
  flops: ([a], [y]) => sizeOf(bindShape(y.shape, 1)) * (a.shape.at(-1) as number),
});

interface GemmAttributes {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: number;
  readonly transB: number;
}

function inferGemm({ x: [a, b, c], attrs: { transA, transB }, where }: InferSite<GemmAttributes>): OutputType[] {
  if (a.shape.length !== 2 || b.shape.length !== 2)
    throw new RangeError(`inputs have shapes [${a.shape}] and [${b.shape}]; matrices are needed.`);
  const [rows, left] = transA ? a.shape.toReversed() : a.shape;
  const [right, columns] = transB ? b.shape.toReversed() : b.shape;
  contracted(left, right, where);
  const shape = refusePairs([rows, columns]);
  if (c && broadcastShapes(shape, c.shape).some((d, i) => d !== shape[i]))
    throw new RangeError(`c has shape [${c.shape}], the product [${shape}].`);
  return [{ dtype: a.dtype, shape }];
}

const gemmGradient: BackwardRule<GemmAttributes> = (
  g,
  { x: [a, b], dy: [dy], attrs: { alpha, beta, transA, transB }, wants },
) => {
  const toA = () =>
    transA
      ? g.apply('Gemm', [b, dy], { alpha, transA: transB, transB: 1 })
      : g.apply('Gemm', [dy, b], { alpha, transB: 1 - transB });
  const toB = () =>
    transB
      ? g.apply('Gemm', [dy, a], { alpha, transA: 1, transB: transA })
      : g.apply('Gemm', [a, dy], { alpha, transA: 1 - transA });
  return [wants(0) ? toA() : null, wants(1) ? toB() : null, beta === 1 ? dy : g.mul(dy, beta)];
};

export const Gemm = defineOp('Gemm', {
  doc: 'alpha · a · b + beta · c for matrices, a and b transposed where transA and transB say so',
  run: (tf, [a, b, c], { attrs: { alpha, beta, transA, transB } }) => {
    const product = tf.matMul(a, b, transA === 1, transB === 1);
    const scaled = alpha === 1 ? product : tf.mul(product, alpha);
    return [c ? tf.add(scaled, beta === 1 ? c : tf.mul(c, beta)) : scaled];
  },
  attrs: { alpha: float(1), beta: float(1), transA: int(0), transB: int(0) },
  infer: inferGemm,
  ...bilinear(gemmGradient),
  layer: 'dense',
  flops: ([a], [y], { transA }) => sizeOf(bindShape(y.shape, 1)) * (a.shape[transA ? 0 : 1] as number),
});
