/** @file Elementwise operators: broadcasting before opset 7, casts, and what inference leaves out. */
import type { Value } from '../../../graph/graph.ts';
import { isBatch } from '../../../graph/dim.ts';
import { ONNX_TYPE, type Builder } from '../../../ops/builder.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { change, without, type Draft, type Normalizer } from './draft.ts';

/** b as ones were meant to be appended: its axes start at `axis` of a. */
function alignedAt(g: Builder, a: Value, b: Value, axis: number): Value {
  const trailing = a.shape.length - (axis < 0 ? axis + a.shape.length : axis) - b.shape.length;
  return trailing > 0 ? g.reshape(b, [...b.shape, ...new Array<number>(trailing).fill(1)]) : b;
}

/** Before opset 7 an attribute said that and where b broadcasts to a. */
export const binary: Normalizer = (g, node) => {
  const { axis, broadcast } = node.attrs;
  if (node.opset >= 7 || broadcast === undefined) return without(node, 'broadcast');
  const [a, b] = node.inputs as [Value, Value];
  const aligned = broadcast === 1 && typeof axis === 'number' ? alignedAt(g, a, b, axis) : b;
  return change(without(node, 'axis', 'broadcast'), { inputs: [a, aligned] });
};

/** Before opset 7 a slope of one number a channel stood for [C, 1, 1]. */
export const prelu: Normalizer = (g, node) => {
  const [x, slope] = node.inputs as [Value, Value];
  if (node.opset >= 7 || slope.shape.length !== 1 || slope.shape[0] === 1) return node;
  return change(node, { inputs: [x, alignedAt(g, x, slope, 1)] });
};

const oldNames: Readonly<Record<string, DType>> = {
  FLOAT: 'float32',
  FLOAT16: 'float32',
  DOUBLE: 'float32',
  UINT8: 'uint8',
  INT8: 'int8',
  UINT16: 'uint16',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  UINT32: 'uint32',
  UINT64: 'uint64',
  BOOL: 'bool',
};

/** Graphs compute in float32, whatever the file's precision. */
const computed = (dtype: DType): DType =>
  dtype === 'float16' || dtype === 'bfloat16' || dtype === 'float64' ? 'float32' : dtype;

function castTo(node: Draft, dtype: DType): Draft | readonly Value[] {
  const x = node.inputs[0]!;
  return x.dtype === dtype ? [x] : change(node, { op: 'Cast', inputs: [x], attrs: { to: ONNX_TYPE[dtype] } });
}

/** The type was a string before opset 6. A cast to the type that the value has already is none. */
export const cast: Normalizer = (_g, node) => {
  const { to } = node.attrs;
  const dtype =
    typeof to === 'string' ? oldNames[to] : (Object.keys(ONNX_TYPE) as DType[]).find((d) => ONNX_TYPE[d] === to);
  if (!dtype) throw new TypeError(`cannot cast to element type ${String(to)}, only to numbers and booleans.`);
  return castTo(node, computed(dtype));
};

export const castLike: Normalizer = (_g, node) => castTo(node, node.inputs[1]!.dtype);

const isZero = (v: Value | null | undefined): boolean => v?.constant?.data.every((e) => !e) ?? false;

/** What it is at inference: its input, and a mask that keeps everything. Some exporters write a ratio of 0 in training mode. */
export const dropout: Normalizer = (g, node) => {
  const [x, ratio, training] = node.inputs as [Value, Value?, Value?];
  if (training && !isZero(training) && !isZero(ratio)) {
    throw new RangeError('training mode is on. Export the model with model.eval().');
  }
  return node.outputs[1] ? [x, g.expand(g.scalar(1, 'bool'), x.shape)] : [x];
};

export const identity: Normalizer = (_g, node) => [node.inputs[0]!];

/** Sum, Mean, Max or Min of one value is that value. */
export const ofOne: Normalizer = (_g, node) => (node.inputs.length === 1 ? [node.inputs[0]!] : node);

/** Whether all axes after `axis` have length 1. */
export const onesAfter = (x: Value, axis: number): boolean =>
  x.shape.slice(axis + 1).every((d) => !isBatch(d) && d === 1);
