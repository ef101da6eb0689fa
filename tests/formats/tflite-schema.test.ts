/** The numbers of TensorFlow Lite's schema.fbs, written out: the writer of the other tests takes them from the reader's own tables. */
import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { operatorName } from '../../src/lib/formats/tflite/codes.ts';
import { operators } from '../../src/lib/formats/tflite/operators/table.ts';
import * as options from '../../src/lib/formats/tflite/options.ts';
import { readTflite } from '../../src/lib/formats/tflite/read.ts';
import * as described from '../../src/lib/formats/tflite/metadata-schema.ts';
import * as schema from '../../src/lib/formats/tflite/schema.ts';
import { evaluate } from '../reference/interpreter.ts';

/** BuiltinOperator: every operator that is read, and some around them. */
const CODES: Readonly<Record<string, number>> = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONCATENATION: 2,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  DEPTH_TO_SPACE: 5,
  DEQUANTIZE: 6,
  FLOOR: 8,
  FULLY_CONNECTED: 9,
  L2_NORMALIZATION: 11,
  L2_POOL_2D: 12,
  LOCAL_RESPONSE_NORMALIZATION: 13,
  LOGISTIC: 14,
  MAX_POOL_2D: 17,
  MUL: 18,
  RELU: 19,
  RELU_N1_TO_1: 20,
  RELU6: 21,
  RESHAPE: 22,
  RESIZE_BILINEAR: 23,
  SOFTMAX: 25,
  SPACE_TO_DEPTH: 26,
  TANH: 28,
  CUSTOM: 32,
  PAD: 34,
  GATHER: 36,
  BATCH_TO_SPACE_ND: 37,
  SPACE_TO_BATCH_ND: 38,
  TRANSPOSE: 39,
  MEAN: 40,
  SUB: 41,
  DIV: 42,
  SQUEEZE: 43,
  UNIDIRECTIONAL_SEQUENCE_LSTM: 44,
  STRIDED_SLICE: 45,
  EXP: 47,
  TOPK_V2: 48,
  SPLIT: 49,
  LOG_SOFTMAX: 50,
  DELEGATE: 51,
  CAST: 53,
  PRELU: 54,
  MAXIMUM: 55,
  ARG_MAX: 56,
  MINIMUM: 57,
  LESS: 58,
  NEG: 59,
  PADV2: 60,
  GREATER: 61,
  GREATER_EQUAL: 62,
  LESS_EQUAL: 63,
  SELECT: 64,
  SLICE: 65,
  SIN: 66,
  TRANSPOSE_CONV: 67,
  TILE: 69,
  EXPAND_DIMS: 70,
  EQUAL: 71,
  NOT_EQUAL: 72,
  LOG: 73,
  SUM: 74,
  SQRT: 75,
  RSQRT: 76,
  SHAPE: 77,
  POW: 78,
  ARG_MIN: 79,
  FAKE_QUANT: 80,
  REDUCE_PROD: 81,
  REDUCE_MAX: 82,
  PACK: 83,
  LOGICAL_OR: 84,
  ONE_HOT: 85,
  LOGICAL_AND: 86,
  LOGICAL_NOT: 87,
  UNPACK: 88,
  REDUCE_MIN: 89,
  FLOOR_DIV: 90,
  SQUARE: 92,
  ZEROS_LIKE: 93,
  FILL: 94,
  FLOOR_MOD: 95,
  RANGE: 96,
  RESIZE_NEAREST_NEIGHBOR: 97,
  LEAKY_RELU: 98,
  SQUARED_DIFFERENCE: 99,
  MIRROR_PAD: 100,
  ABS: 101,
  SPLIT_V: 102,
  CEIL: 104,
  REVERSE_V2: 105,
  ADD_N: 106,
  GATHER_ND: 107,
  COS: 108,
  WHERE: 109,
  RANK: 110,
  ELU: 111,
  QUANTIZE: 114,
  ROUND: 116,
  HARD_SWISH: 117,
  IF: 118,
  WHILE: 119,
  SELECT_V2: 123,
  BATCH_MATMUL: 126,
  PLACEHOLDER_FOR_GREATER_OP_CODES: 127,
  CUMSUM: 128,
  BROADCAST_TO: 130,
  CONV_3D: 132,
  CONV_3D_TRANSPOSE: 141,
  BROADCAST_ARGS: 145,
  GELU: 150,
  RELU_0_TO_1: 152,
  ATAN2: 156,
  SIGN: 158,
  RIGHT_SHIFT: 161,
  STABLEHLO_CONVOLUTION: 171,
  DILATE: 203,
  STABLEHLO_COMPOSITE: 206,
};

/** Fields by number; a union takes two. */
const TABLES: readonly [table: object, fields: Readonly<Record<string, number>>][] = [
  [schema.model, { version: 0, operatorCodes: 1, subgraphs: 2, description: 3, buffers: 4, metadata: 6 }],
  [schema.operatorCode, { deprecatedCode: 0, customCode: 1, version: 2, code: 3 }],
  [schema.operator, { opcodeIndex: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 }],
  [schema.subgraph, { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 }],
  [schema.tensor, { shape: 0, type: 1, buffer: 2, name: 3, quantization: 4, sparsity: 6, shapeSignature: 7 }],
  [schema.quantization, { scale: 2, zeroPoint: 3, detailsType: 4, details: 5, quantizedDimension: 6 }],
  [schema.buffer, { data: 0, offset: 1, size: 2 }],
  [schema.metadata, { name: 0, buffer: 1 }],
  [described.metadata, { name: 0, description: 1, version: 2, subgraphs: 3 }],
  [described.subgraph, { name: 0, description: 1, inputs: 2, outputs: 3 }],
  [described.tensor, { name: 0, description: 1, processUnits: 4, associatedFiles: 6 }],
  [described.processUnit, { optionsType: 0, options: 1 }],
  [described.normalization, { mean: 0, deviation: 1 }],
  [described.associatedFile, { name: 0, description: 1, type: 2, locale: 3 }],
  [options.fused, { activation: 0 }],
  [options.conv2D, { padding: 0, strideW: 1, strideH: 2, activation: 3, dilationW: 4, dilationH: 5 }],
  [options.depthwiseConv2D, { padding: 0, strideW: 1, strideH: 2, activation: 4, dilationW: 5, dilationH: 6 }],
  [
    options.conv3D,
    { padding: 0, strideD: 1, strideW: 2, strideH: 3, activation: 4, dilationD: 5, dilationW: 6, dilationH: 7 },
  ],
  [options.transposeConv, { padding: 0, strideW: 1, strideH: 2, activation: 3 }],
  [options.pool2D, { padding: 0, strideW: 1, strideH: 2, filterW: 3, filterH: 4, activation: 5 }],
  [options.fullyConnected, { activation: 0, weightsFormat: 1, keepNumDims: 2 }],
  [options.batchMatMul, { adjX: 0, adjY: 1 }],
  [options.concatenation, { axis: 0, activation: 1 }],
  [options.softmax, { beta: 0 }],
  [options.leakyRelu, { alpha: 0 }],
  [options.gelu, { approximate: 0 }],
  [options.reducer, { keepDims: 0 }],
  [options.localResponse, { radius: 0, bias: 1, alpha: 2, beta: 3 }],
  [options.reshape, { newShape: 0 }],
  [options.squeeze, { squeezeDims: 0 }],
  [options.split, { numSplits: 0 }],
  [options.pack, { count: 0, axis: 1 }],
  [options.axis, { axis: 0 }],
  [options.gather, { axis: 0, batchDims: 1 }],
  [options.branch, { thenGraph: 0, elseGraph: 1 }],
  [options.loop, { conditionGraph: 0, bodyGraph: 1 }],
  [options.block, { blockSize: 0 }],
  [options.mirrorPad, { mode: 0 }],
  [options.cumSum, { exclusive: 0, reverse: 1 }],
  [options.cast, { from: 0, to: 1 }],
  [options.resizeBilinear, { alignCorners: 2, halfPixelCenters: 3 }],
  [options.resizeNearest, { alignCorners: 0, halfPixelCenters: 1 }],
  [options.stridedSlice, { beginMask: 0, endMask: 1, ellipsisMask: 2, newAxisMask: 3, shrinkAxisMask: 4, offset: 5 }],
];

const TYPES: Readonly<Record<string, number>> = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  STRING: 5,
  bool: 6,
  int16: 7,
  COMPLEX64: 8,
  int8: 9,
  float64: 10,
  COMPLEX128: 11,
  uint64: 12,
  RESOURCE: 13,
  VARIANT: 14,
  uint32: 15,
  uint16: 16,
  INT4: 17,
  BFLOAT16: 18,
};

describe('the numbers of TensorFlow Lite’s schema', () => {
  it('stand for the operators that they stand for in schema.fbs, every supported one included', () => {
    for (const [name, code] of Object.entries(CODES)) expect([code, operatorName(code)]).toEqual([code, name]);
    expect(Object.keys(operators).filter((name) => !(name in CODES))).toEqual([]);
  });

  it('stand for the fields that they stand for in schema.fbs', () => {
    for (const [table, fields] of TABLES) {
      const names = Object.keys(table);
      expect(Object.fromEntries(Object.keys(fields).map((name) => [name, names.indexOf(name)]))).toEqual(fields);
    }
    const known = new Set(TABLES.map(([table]) => table));
    expect(Object.entries(options).filter(([name, table]) => name !== 'none' && !known.has(table))).toEqual([]);
  });

  it('stand for the types of tensors that they stand for in schema.fbs', () => {
    for (const [name, type] of Object.entries(TYPES)) expect([type, schema.typeName(type)]).toEqual([type, name]);
  });

  it('leave dilations at 1 where a file has none, and the version of an operator', () => {
    expect([options.conv2D.dilationW.absent, options.conv2D.dilationH.absent]).toEqual([1, 1]);
    expect([options.depthwiseConv2D.dilationW.absent, options.depthwiseConv2D.dilationH.absent]).toEqual([1, 1]);
    expect([options.conv3D.dilationD.absent, options.conv3D.strideD.absent]).toEqual([1, 0]);
    expect([schema.operatorCode.version.absent, schema.operatorCode.code.absent]).toEqual([1, 0]);
  });
});

type Add = (b: Builder, id: number) => void;
type Ahead = (b: Builder) => Add;

const i8 =
  (v: number): Ahead =>
  () =>
  (b, id) =>
    b.addFieldInt8(id, v, null);
const i32 =
  (v: number): Ahead =>
  () =>
  (b, id) =>
    b.addFieldInt32(id, v, null);
const refer =
  (write: (b: Builder) => number): Ahead =>
  (b) => {
    const offset = write(b);
    return (builder, id) => builder.addFieldOffset(id, offset, 0);
  };
const i32s = (...values: number[]) =>
  refer((b) => {
    b.startVector(4, values.length, 4);
    for (const v of values.toReversed()) b.addInt32(v);
    return b.endVector();
  });
const data = (...values: number[]) => refer((b) => b.createByteVector(new Uint8Array(Int32Array.from(values).buffer)));

/** A table by the numbers of its fields alone. */
function write(b: Builder, fields: Readonly<Record<number, Ahead>>): number {
  const added = Object.entries(fields).map(([id, ahead]) => [Number(id), ahead(b)] as const);
  b.startObject(1 + Math.max(-1, ...added.map(([id]) => id)));
  for (const [id, add] of added) add(b, id);
  return b.endObject();
}

const table = (fields: Readonly<Record<number, Ahead>>) => refer((b) => write(b, fields));
const tables = (...rows: Readonly<Record<number, Ahead>>[]) =>
  refer((b) => {
    const offsets = rows.map((row) => write(b, row));
    b.startVector(4, offsets.length, 4);
    for (const offset of offsets.toReversed()) b.addOffset(offset);
    return b.endVector();
  });
const INT32 = 2;
const UNION = 1;

/** x [?, 2, 2, 1] → RESIZE_BILINEAR to 4 × 4 with half-pixel centres → BROADCAST_TO [1, 4, 4, 3] (code 130). */
function handWritten(): Uint8Array<ArrayBuffer> {
  const b = new Builder(256);
  const root = write(b, {
    0: i32(3),
    1: tables({ 0: i8(23), 3: i32(23) }, { 0: i8(127), 2: i32(2), 3: i32(130) }),
    2: tables({
      0: tables(
        { 0: i32s(1, 2, 2, 1), 1: i8(0), 7: i32s(-1, 2, 2, 1) },
        { 0: i32s(2), 1: i8(INT32), 2: i32(1) },
        { 0: i32s(1, 4, 4, 1) },
        { 0: i32s(4), 1: i8(INT32), 2: i32(2) },
        { 0: i32s(1, 4, 4, 3) },
      ),
      1: i32s(0),
      2: i32s(4),
      3: tables(
        { 0: i32(0), 1: i32s(0, 1), 2: i32s(2), 3: i8(UNION), 4: table({ 3: i8(1) }) },
        { 0: i32(1), 1: i32s(2, 3), 2: i32s(4) },
      ),
    }),
    4: tables({}, { 0: data(4, 4) }, { 0: data(1, 4, 4, 3) }),
  });
  b.finish(root, 'TFL3');
  return new Uint8Array(b.asUint8Array());
}

describe('a TensorFlow Lite file whose fields are written by number', () => {
  it('is read as what schema.fbs says that it is', () => {
    const { graph, inputs } = readTflite(handWritten(), 'm.tflite');
    expect(inputs[0].shape).toEqual([null, 2, 2, 1]);
    const x = { dtype: 'float32' as const, shape: [1, 2, 2, 1], data: Float64Array.of(0, 4, 8, 12) };
    const [y] = evaluate(graph.outputs, new Map([[graph.inputs[0], x]]), 1);
    expect(y.shape).toEqual([1, 4, 4, 3]);
    // Half-pixel centres: positions −¼, ¼, ¾, 1¼ of two, cut off at the border.
    const along = [0, 0.25, 0.75, 1];
    const rows = along.flatMap((v) => along.map((u) => 8 * v + 4 * u));
    expect([...y.data]).toEqual(rows.flatMap((v) => [v, v, v]));
  });
});
