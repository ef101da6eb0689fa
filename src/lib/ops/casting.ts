/** @file Element types. */
import { isBatch } from '../graph/dim.ts';
import { isFloat, type DType } from '../tensor/dtype.ts';
import { int } from './attributes.ts';
import { ONNX_TYPE } from './builder.ts';
import { routing, type Rules } from './combinators.ts';
import { defineOp, type KnownVector } from './define.ts';
import { foldBuild, elementAt } from './fold.ts';
import { tfType, type Run } from './tensorflow.ts';

/** The element type of ONNX's number for it. Throws a RangeError for strings and other types that have no tensor here. */
export function dtypeOf(onnxType: number, where: string): DType {
  const entry = Object.entries(ONNX_TYPE).find(([, number]) => number === onnxType);
  if (!entry)
    throw new RangeError(
      `${where}: element type ${onnxType} is not supported. Known: ${Object.keys(ONNX_TYPE).join(', ')}.`,
    );
  return entry[0] as DType;
}

/** Between floats a cast is the identity; from and to whole numbers nothing flows. */
const casting: Rules<unknown> = routing((g, { x: [x], dy: [dy] }) => [
  isFloat(x.dtype) ? g.cast(dy, x.dtype) : null,
  null,
]);

function castVector(x: KnownVector | null, to: DType): KnownVector | null {
  if (!x || isFloat(to)) return x;
  return foldBuild(x.shape, (index) => {
    const dim = elementAt(x, index);
    if (isBatch(dim)) return Number.isInteger(dim.times) && to !== 'bool' ? dim : null;
    return to === 'bool' ? Number(dim !== 0) : Math.trunc(dim);
  });
}

/** Its wasm backend cuts a number to a byte where a truth value is wanted. */
const castTo: Run<unknown> = (tf, [x], { node }) => {
  const type = tfType(node.outputs[0].dtype);
  return [type === 'bool' && x.dtype !== 'bool' ? tf.notEqual(x, tf.zerosLike(x)) : tf.cast(x, type)];
};

export const Cast = defineOp('Cast', {
  doc: 'x in another element type',
  run: castTo,
  attrs: { to: int(1), saturate: int(1) },
  infer: ({ x: [x], attrs, where }) => [{ dtype: dtypeOf(attrs.to, where), shape: x.shape }],
  ...casting,
  fold: ([x], attrs) => castVector(x, dtypeOf(attrs.to, 'Cast')),
});

export const CastLike = defineOp('CastLike', {
  doc: 'x in the element type of another input',
  run: castTo,
  attrs: { saturate: int(1) },
  infer: ({ x: [x, other] }) => [{ dtype: other.dtype, shape: x.shape }],
  ...casting,
  fold: ([x], _attrs, [, other]) => castVector(x, other.dtype),
});
