/**
 * @file Quantised models. A quantised number is carried as the float that it is, so that a gradient can pass: rounding is
 * `RoundClip`, through which it goes straight. Weights stay as small as the file has them.
 */
import { concrete, normalizeAxis, type Dim } from '../../../graph/dim.ts';
import { VITRINE, type Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { ONNX_TYPE } from '../../../ops/builder.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { numberAttr, without, type Draft, type Normalizer } from './draft.ts';

const ranges: Readonly<Partial<Record<DType, readonly [low: number, high: number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** Whole numbers as floats; what is carried as floats already stays. */
const plain = (g: Builder, v: Value): Value => g.cast(v, 'float32');

/** A scale or zero point as it broadcasts to `x`: one number, one for each index of an axis, or one for each block of it. */
function parameter(g: Builder, node: Draft, x: Value, v: Value): Value {
  const given = plain(g, v);
  const elements = v.shape.reduce<number>((n, d) => n * concrete(d, node.op), 1);
  const rank = x.shape.length;
  if (elements === 1) return g.reshape(given, []);
  const axis = normalizeAxis(numberAttr(node, 'axis', 1), rank, node.op);
  const block = numberAttr(node, 'block_size', 0);
  if (v.shape.length === 1 && block === 0) return g.reshape(given, onAxis(rank, axis, v.shape[0]));
  if (block < 1 || v.shape.length !== rank)
    throw new RangeError(`a scale of the shape [${v.shape}] does not fit the input [${x.shape}].`);
  const before = v.shape.slice(0, axis + 1);
  const after = v.shape.slice(axis + 1);
  const copies = g.expand(g.reshape(given, [...before, 1, ...after]), [...before, block, ...after]);
  const length = concrete(v.shape[axis], node.op) * block;
  const whole = g.reshape(copies, [...v.shape.slice(0, axis), length, ...after]);
  const wanted = concrete(x.shape[axis], node.op);
  return wanted === length ? whole : g.slice(whole, [0], [wanted], [axis]);
}

const onAxis = (rank: number, axis: number, length: Dim): Dim[] =>
  Array.from({ length: rank }, (_, i) => (i === axis ? length : 1));

function rangeOf(dtype: DType): readonly [number, number] {
  const range = ranges[dtype];
  if (!range)
    throw new RangeError(
      `quantisation to ${dtype} is not supported, only to ${Object.keys(ranges).join(', ')}. Export the model with one of these.`,
    );
  return range;
}

/** The type of a zero point; what is carried as a float comes from DynamicQuantizeLinear. */
const typeOf = (zero: Value): DType => (zero.dtype === 'float32' ? 'uint8' : zero.dtype);

/** round(x) + zero within the range of the type. `x` is divided by the scale already. */
function rounded(g: Builder, node: Draft, x: Value, zero: Value | null, dtype: DType): Value {
  const [low, high] = rangeOf(dtype);
  const outputs = zero ? [''] : [node.outputs[0]];
  const bounds = [low, high].map((bound) => (zero ? g.sub(bound, zero) : g.scalar(bound)));
  const y = g.apply('RoundClip', [x, ...bounds], {}, { domain: VITRINE, name: node.name, outputs });
  return zero ? g.apply('Add', [y, zero], {}, { outputs: [node.outputs[0]] }) : y;
}

export const quantizeLinear: Normalizer = (g, node) => {
  const [x, scale, zero] = node.inputs as [Value, Value, Value | null | undefined];
  const type = numberAttr(node, 'output_dtype', 0);
  const named = (Object.keys(ONNX_TYPE) as DType[]).find((d) => ONNX_TYPE[d] === type);
  if (type !== 0 && !named) throw new RangeError(`quantisation to ONNX's element type ${type} is not supported.`);
  const scaled = g.div(plain(g, x), parameter(g, node, x, scale));
  const dtype = zero ? typeOf(zero) : (named ?? 'uint8');
  return [rounded(g, node, scaled, zero ? parameter(g, node, x, zero) : null, dtype)];
};

export const dequantizeLinear: Normalizer = (g, node) => {
  const [x, scale, zero] = node.inputs as [Value, Value, Value | null | undefined];
  const centred = zero ? g.sub(plain(g, x), parameter(g, node, x, zero)) : plain(g, x);
  return [g.apply('Mul', [centred, parameter(g, node, x, scale)], {}, { name: node.name, outputs: [node.outputs[0]] })];
};

/** The scale and zero point that make the numbers of x and 0 fit into a byte. All examples share them. */
export const dynamicQuantizeLinear: Normalizer = (g, node) => {
  const x = node.inputs[0]!;
  const axes = x.shape.map((d, i) => {
    concrete(d, node.op);
    return i;
  });
  const extreme = (op: string) => g.apply(op, [x, g.ints(axes)], { keepdims: 0 });
  const [low, high] = [g.min(extreme('ReduceMin'), 0), g.max(extreme('ReduceMax'), 0)];
  const scale = g.div(g.sub(high, low), 255);
  const round = (v: Value, from: Value | number, to: Value | number) => {
    const bounds = [from, to].map((bound) => (typeof bound === 'number' ? g.scalar(bound) : bound));
    return g.apply('RoundClip', [v, ...bounds], {}, { domain: VITRINE });
  };
  const zero = round(g.div(g.neg(low), scale), 0, 255);
  return [rounded(g, node, g.div(x, scale), zero, 'uint8'), scale, zero];
};

/** x without its zero point; that of a weight may be one for each row. */
function centred(g: Builder, x: Value, zero: Value | null | undefined, axis: number): Value {
  if (!zero) return plain(g, x);
  const single = zero.shape.every((d) => d === 1);
  const rank = x.shape.length;
  const shape = single ? [] : zero.shape.length > 1 ? zero.shape : onAxis(rank, axis, zero.shape[0]);
  return g.sub(plain(g, x), g.reshape(plain(g, zero), shape));
}

export const convInteger: Normalizer = (g, node) => {
  const [x, w, xZero, wZero] = node.inputs as Value[];
  const inputs = [centred(g, x, xZero, 0), centred(g, w, wZero, 0)];
  return [g.apply('Conv', inputs, node.attrs, { name: node.name, outputs: [node.outputs[0]] })];
};

export const matMulInteger: Normalizer = (g, node) => {
  const [a, b, aZero, bZero] = node.inputs as Value[];
  const inputs = [centred(g, a, aZero, a.shape.length - 2), centred(g, b, bZero, b.shape.length - 1)];
  return [g.apply('MatMul', inputs, {}, { name: node.name, outputs: [node.outputs[0]] })];
};

/** A scale of one number, or of one for each index of an axis. */
const scaleOn = (g: Builder, scale: Value, rank: number, axis: number): Value =>
  scale.shape.every((d) => d === 1) ? g.reshape(scale, []) : g.reshape(scale, onAxis(rank, axis, scale.shape[0]));

export const qLinearConv: Normalizer = (g, node) => {
  const [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias] = node.inputs as Value[];
  const conv = g.apply(
    'Conv',
    [centred(g, x, xZero, 0), centred(g, w, wZero, 0), bias ? plain(g, bias) : null],
    without(node, 'axis').attrs,
  );
  const scale = g.div(g.mul(g.reshape(xScale, []), scaleOn(g, wScale, conv.shape.length, 1)), g.reshape(yScale, []));
  return [rounded(g, node, g.mul(conv, scale), g.reshape(plain(g, yZero), []), typeOf(yZero))];
};

export const qLinearMatMul: Normalizer = (g, node) => {
  const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = node.inputs as Value[];
  const product = g.matmul(centred(g, a, aZero, a.shape.length - 2), centred(g, b, bZero, b.shape.length - 1));
  const rank = product.shape.length;
  const factors = g.mul(scaleOn(g, aScale, rank, rank - 2), scaleOn(g, bScale, rank, rank - 1));
  const scale = g.div(factors, scaleOn(g, yScale, rank, rank - 1));
  return [rounded(g, node, g.mul(product, scale), scaleOn(g, plain(g, yZero), rank, rank - 1), typeOf(yZero))];
};
