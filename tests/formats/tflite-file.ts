/** TensorFlow Lite files, written by flatbuffers' own Builder from the tables that the reader reads by. */
import { strToU8, zipSync } from 'fflate';
import { Builder } from 'flatbuffers';
import { operatorNumber } from '../../src/lib/formats/tflite/codes.ts';
import { operators, type OperatorName } from '../../src/lib/formats/tflite/operators/table.ts';
import * as described from '../../src/lib/formats/tflite/metadata-schema.ts';
import * as schema from '../../src/lib/formats/tflite/schema.ts';
import { SIZE, type Field, type Fields, type ScalarKind } from '../../src/lib/formats/tflite/wire.ts';
import { joined } from '../../src/lib/tensor/bytes.ts';

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

export interface GraphSpec {
  readonly tensors: readonly TensorSpec[];
  readonly operators: readonly OperatorSpec[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface FileSpec extends GraphSpec {
  /** Behind the first: what IF and WHILE call. */
  readonly graphs?: readonly GraphSpec[];
  /** Rows of metadata_schema.fbs; `processUnits` have their options as functions. */
  readonly metadata?: Row | Uint8Array;
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

function operatorRow({ op, inputs, outputs, options }: OperatorSpec, opcodeIndex: number): Row {
  const fields = Object.hasOwn(operators, op) ? operators[op as OperatorName].options : {};
  return {
    opcodeIndex,
    inputs,
    outputs,
    ...(options && { optionsType: 1, options: (b: Builder) => writeTable(b, fields, options) }),
  };
}

function tensorRow(t: TensorSpec, buffer: number): Row {
  return {
    shape: t.shape,
    type: schema.TENSOR_TYPES.indexOf(t.type ?? 'float32'),
    buffer,
    name: t.name ?? `t${buffer - 1}`,
    ...(t.scale && {
      quantization: { scale: t.scale, zeroPoint: t.zeroPoint ?? [0], quantizedDimension: t.axis ?? 0 },
    }),
  };
}

function codeRow({ op }: OperatorSpec): Row {
  const code = operatorNumber(op);
  return code < 0 ? { deprecatedCode: 32, code: 32, customCode: op } : { deprecatedCode: Math.min(code, 127), code };
}

/** Metadata alone, as they lie in a buffer of the model. */
export function metadataBytes(row: Row): Uint8Array<ArrayBuffer> {
  const b = new Builder(256);
  b.finish(writeTable(b, described.metadata, row), 'M001');
  return new Uint8Array(b.asUint8Array());
}

/** A process unit that normalises. */
export const normalizing = (mean: readonly number[], deviation: readonly number[]): Row => ({
  optionsType: 1,
  options: (b: Builder) => writeTable(b, described.normalization, { mean, deviation }),
});

/** A whole file. Buffer 0 is empty, as the format wants it; each tensor has a buffer of its own behind it, the metadata the last. */
export function tfliteFile({ graphs = [], metadata, ...main }: FileSpec): Uint8Array<ArrayBuffer> {
  const b = new Builder(1024);
  const all = [main, ...graphs];
  const nodes = all.flatMap(({ operators: own }) => own);
  const tensors = all.flatMap((graph) => graph.tensors);
  const subgraphs = all.map(({ tensors: own, inputs, outputs, operators: ops }, i) => ({
    tensors: own.map((t) => tensorRow(t, tensors.indexOf(t) + 1)),
    inputs,
    outputs,
    operators: ops.map((node) => operatorRow(node, nodes.indexOf(node))),
    name: i === 0 ? 'main' : `graph ${i}`,
  }));
  const about = metadata && (metadata instanceof Uint8Array ? metadata : metadataBytes(metadata));
  const root = writeTable(b, schema.model, {
    version: 3,
    operatorCodes: nodes.map(codeRow),
    subgraphs,
    description: 'written by a test',
    buffers: [{}, ...tensors.map((t) => ({ data: bytesOf(t) })), ...(about ? [{ data: about }] : [])],
    ...(about && { metadata: [{ name: 'TFLITE_METADATA', buffer: tensors.length + 1 }] }),
  });
  b.finish(root, 'TFL3');
  return new Uint8Array(b.asUint8Array());
}

/** The file with a zip behind it, whose directory counts places from the beginning of the whole, as Python's zipfile does. */
export function withPacked(model: Uint8Array, files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
  const whole = joined([model, zip]);
  const view = new DataView(whole.buffer);
  const end = whole.length - 6;
  const directory = view.getUint32(end, true) + model.length;
  view.setUint32(end, directory, true);
  for (let at = directory; view.getUint32(at, true) === 0x02014b50; at += 46 + view.getUint16(at + 28, true))
    view.setUint32(at + 42, view.getUint32(at + 42, true) + model.length, true);
  return whole;
}
