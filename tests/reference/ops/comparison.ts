/** @file Comparison, logic and selection, from the ONNX specification. */
import { atBroadcast, broadcastShape, build, num, type Family, type ReferenceOp } from '../tensor.ts';

const relation =
  (f: (a: number, b: number) => boolean): ReferenceOp =>
  ([a, b]) => [
    build('bool', broadcastShape(a.shape, b.shape), (index) => Number(f(atBroadcast(a, index), atBroadcast(b, index)))),
  ];

const property =
  (f: (x: number) => boolean): ReferenceOp =>
  ([x]) => [{ dtype: 'bool', shape: x.shape, data: x.data.map((v) => Number(f(v))) }];

const isInf: ReferenceOp = ([x], attrs) =>
  property(
    (v) =>
      (v === Infinity && num(attrs, 'detect_positive', 1) === 1) ||
      (v === -Infinity && num(attrs, 'detect_negative', 1) === 1),
  )([x], attrs, null as never);

const where: ReferenceOp = ([condition, a, b]) => [
  build(a.dtype, broadcastShape(condition.shape, a.shape, b.shape), (index) =>
    atBroadcast(condition, index) !== 0 ? atBroadcast(a, index) : atBroadcast(b, index),
  ),
];

export const comparison: Family = {
  Equal: relation((a, b) => a === b),
  Greater: relation((a, b) => a > b),
  GreaterOrEqual: relation((a, b) => a >= b),
  Less: relation((a, b) => a < b),
  LessOrEqual: relation((a, b) => a <= b),
  And: relation((a, b) => a !== 0 && b !== 0),
  Or: relation((a, b) => a !== 0 || b !== 0),
  Xor: relation((a, b) => (a !== 0) !== (b !== 0)),
  Not: property((v) => v === 0),
  IsNaN: property(Number.isNaN),
  IsInf: isInf,
  Where: where,
};
