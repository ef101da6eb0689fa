/** TensorFlow Lite files, written by flatbuffers' own Builder from the tables that the reader reads by. */
import { Builder } from 'flatbuffers';
import { operatorNumber } from '../../src/lib/formats/tflite/codes.ts';
import { operators, type OperatorName } from '../../src/lib/formats/tflite/operators/table.ts';
import * as schema from '../../src/lib/formats/tflite/schema.ts';
import { SIZE, type Field, type Fields, type ScalarKind } from '../../src/lib/formats/tflite/wire.ts';

type Row = Readonly<Record<string, unknown>>;

function vector(b: Builder, values: readonly number[], size: number, add: (v: number) => void): number {
  b.startVector(size, values.length, size);
  for (const v of values.toReversed()) add(v);
  return b.endVector();
}

/** Writes what a field refers to; scalars have nothing to write ahead. */
function ahead(b: Builder, { kind, fields }: Field<unknown>, value: unknown): number {
  if (kind === 'string') return b.createString(value as string);
  if (kind === 'bytes') return b.createByteVector(value as Uint8Array);
  if (kind === 'int32s') return vector(b, value as number[], 4, (v) => b.addInt32(v));
  if (kind === 'float32s') return vector(b, value as number[], 4, (v) => b.addFloat32(v));
  if (kind === 'int64s') return vector(b, value as number[], 8, (v) => b.addInt64(BigInt(v)));
  if (kind === 'tables') {
    const rows = (value as Row[]).map((row) => writeTable(b, fields!, row));
    return vector(b, rows, 4, (offset) => b.addOffset(offset));
  }
  return fields ? writeTable(b, fields, value as Row) : (value as (b: Builder) => number)(b);
}

const scalars: Record<ScalarKind, (b: Builder, id: number, v: number) => void> = {
  bool: (b, id, v) => b.addFieldInt8(id, v, null),
  int8: (b, id, v) => b.addFieldInt8(id, v, null),
  uint8: (b, id, v) => b.addFieldInt8(id, v, null),
  int32: (b, id, v) => b.addFieldInt32(id, v, null),
  uint32: (b, id, v) => b.addFieldInt32(id, v, null),
  uint64: (b, id, v) => b.addFieldInt64(id, BigInt(v), null),
  float32: (b, id, v) => b.addFieldFloat32(id, v, null),
};

export function writeTable(b: Builder, fields: Fields, row: Row): number {
  const names = Object.keys(fields);
  const given = names.flatMap((name, id) =>
    row[name] === undefined ? [] : [{ id, field: fields[name], value: row[name] }],
  );
  const offsets = given.map(({ field, value }) => (field.kind in SIZE ? 0 : ahead(b, field, value)));
  b.startObject(names.length);
  given.forEach(({ id, field, value }, i) => {
    if (field.kind in SIZE) scalars[field.kind as ScalarKind](b, id, value as number);
    else b.addFieldOffset(id, offsets[i], 0);
  });
  return b.endObject();
}

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly type?: 'float32' | 'int32' | 'int64' | 'bool' | 'int8' | 'uint8' | 'float16';
  /** Of a constant. */
  readonly data?: readonly number[];
  readonly name?: string;
  readonly scale?: readonly number[];
  readonly zeroPoint?: readonly number[];
  readonly axis?: number;
}

export interface OperatorSpec {
  readonly op: OperatorName | (string & {});
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options?: Row;
}

export interface FileSpec {
  readonly tensors: readonly TensorSpec[];
  readonly operators: readonly OperatorSpec[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  float16: Uint16Array,
};

function bytesOf({ type = 'float32', data }: TensorSpec): Uint8Array {
  if (!data) return new Uint8Array(0);
  const array = type === 'int64' ? BigInt64Array.from(data, BigInt) : ARRAYS[type].from(data);
  return new Uint8Array(array.buffer);
}

function operatorRow({ op, inputs, outputs, options }: OperatorSpec, index: number): Row {
  const fields = Object.hasOwn(operators, op) ? operators[op as OperatorName].options : {};
  return {
    opcodeIndex: index,
    inputs,
    outputs,
    ...(options && { optionsType: 1, options: (b: Builder) => writeTable(b, fields, options) }),
  };
}

/** A whole file. Buffer 0 is empty, as the format wants it; tensor i has buffer i + 1. */
export function tfliteFile({ tensors, operators: nodes, inputs, outputs }: FileSpec): Uint8Array<ArrayBuffer> {
  const b = new Builder(1024);
  const tensorRows = tensors.map((t, i) => ({
    shape: t.shape,
    type: schema.TENSOR_TYPES.indexOf(t.type ?? 'float32'),
    buffer: i + 1,
    name: t.name ?? `t${i}`,
    ...(t.scale && {
      quantization: { scale: t.scale, zeroPoint: t.zeroPoint ?? [0], quantizedDimension: t.axis ?? 0 },
    }),
  }));
  const codes = nodes.map(({ op }) => {
    const code = operatorNumber(op);
    return code < 0 ? { deprecatedCode: 32, code: 32, customCode: op } : { deprecatedCode: Math.min(code, 127), code };
  });
  const root = writeTable(b, schema.model, {
    version: 3,
    operatorCodes: codes,
    subgraphs: [{ tensors: tensorRows, inputs, outputs, operators: nodes.map(operatorRow), name: 'main' }],
    description: 'written by a test',
    buffers: [{}, ...tensors.map((t) => ({ data: bytesOf(t) }))],
  });
  b.finish(root, 'TFL3');
  return new Uint8Array(b.asUint8Array());
}
