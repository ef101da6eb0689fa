/**
 * @file Protobuf messages by table: decoding into plain objects in which every field is present, and encoding what
 * differs from the default. Bytes are views on the input. Files are hostile: depth and number of messages are bounded.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

interface Kinds {
  int: number;
  optionalInt: number | null;
  float: number;
  string: string;
  bytes: Uint8Array | null;
  ints: number[];
  int64s: bigint[];
  uint64s: bigint[];
  floats: Float32Array;
  doubles: Float64Array;
  strings: string[];
  bytesList: Uint8Array[];
  message: unknown;
  messages: unknown;
}

type Kind = keyof Kinds;
type AnyMessage = Message<Record<string, unknown>>;
type Field = readonly [number: number, kind: Kind, type?: () => unknown];

export interface Message<T> {
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly byNumber: ReadonlyMap<number, readonly [name: string, kind: Kind, type: (() => AnyMessage) | undefined]>;
  /** Only carries the type. */
  readonly example?: T;
}

/** The table of a message: field name → [number, kind, type of the message inside]. */
export function message<T>(name: string, fields: { readonly [K in keyof T]: Field }): Message<T> {
  const entries = Object.entries(fields) as [string, Field][];
  const byNumber = new Map(
    entries.map(([key, [no, kind, type]]) => [no, [key, kind, type as () => AnyMessage] as const]),
  );
  return { name, fields: fields as Record<string, Field>, byNumber };
}

/** Deepest nesting: a subgraph takes three levels. */
const MAX_DEPTH = 64;
/** Most messages and strings in one file: real models have some ten thousand nodes. */
const MAX_PARTS = 2_000_000;

const defaults: { readonly [K in Kind]: () => Kinds[K] } = {
  int: () => 0,
  optionalInt: () => null,
  float: () => 0,
  string: () => '',
  bytes: () => null,
  ints: () => [],
  int64s: () => [],
  uint64s: () => [],
  floats: () => new Float32Array(0),
  doubles: () => new Float64Array(0),
  strings: () => [],
  bytesList: () => [],
  message: () => null,
  messages: () => [],
};

/** A message with every field at its default but those given. */
export function create<T>(type: Message<T>, values: Partial<T> = {}): T {
  const made: Record<string, unknown> = {};
  for (const [name, [, kind]] of Object.entries(type.fields)) made[name] = defaults[kind]();
  return Object.assign(made, values) as T;
}

/** Throws an Error with a short reason where the bytes are no such message. */
export function decode<T>(type: Message<T>, bytes: Uint8Array): T {
  const reader = new BinaryReader(bytes);
  return decodeUntil(reader, type as unknown as AnyMessage, reader.len, { depth: 0, parts: 0 }) as T;
}

interface Budget {
  depth: number;
  parts: number;
}

function decodeUntil(reader: BinaryReader, type: AnyMessage, end: number, budget: Budget): Record<string, unknown> {
  if (++budget.depth > MAX_DEPTH) throw new Error(`messages are nested more than ${MAX_DEPTH} deep`);
  const made = create(type);
  while (reader.pos < end) {
    const [no, wire] = reader.tag();
    const field = type.byNumber.get(no);
    if (!field) reader.skip(wire, no);
    else made[field[0]] = decodeField(reader, field, wire, made[field[0]], budget);
    if (reader.pos > end) throw new Error(`${type.name} ends in the middle of a field`);
  }
  budget.depth--;
  return made;
}

/** Varints beyond 2⁵³ saturate: they stand for "to the end". */
const toNumber = (v: bigint | string): number =>
  Math.min(Math.max(Number(v), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);

function count(budget: Budget): void {
  if (++budget.parts > MAX_PARTS) throw new Error(`it has more than ${MAX_PARTS} parts`);
}

function expectWire(wire: WireType, expected: WireType, name: string): void {
  if (wire !== expected) throw new Error(`field ${name} has wire type ${wire}, not ${expected}`);
}

type FieldEntry = readonly [name: string, kind: Kind, type: (() => AnyMessage) | undefined];

function decodeField(
  reader: BinaryReader,
  [name, kind, type]: FieldEntry,
  wire: WireType,
  sofar: unknown,
  budget: Budget,
): unknown {
  switch (kind) {
    case 'int':
    case 'optionalInt':
      expectWire(wire, WireType.Varint, name);
      return toNumber(reader.int64());
    case 'float':
      expectWire(wire, WireType.Bit32, name);
      return reader.float();
    case 'ints':
      return readVarints(reader, wire, name, sofar as number[], () => toNumber(reader.int64()));
    case 'int64s':
      return readVarints(reader, wire, name, sofar as bigint[], () => BigInt(reader.int64()));
    case 'uint64s':
      return readVarints(reader, wire, name, sofar as bigint[], () => BigInt(reader.uint64()));
    case 'floats':
      return readFixed(reader, wire, WireType.Bit32, name, sofar as Float32Array, (bytes) => new Float32Array(bytes));
    case 'doubles':
      return readFixed(reader, wire, WireType.Bit64, name, sofar as Float64Array, (bytes) => new Float64Array(bytes));
    default:
      expectWire(wire, WireType.LengthDelimited, name);
      return decodeDelimited(reader, [name, kind, type], sofar, budget);
  }
}

function decodeDelimited(
  reader: BinaryReader,
  [name, kind, type]: FieldEntry,
  sofar: unknown,
  budget: Budget,
): unknown {
  if (kind === 'string') return reader.string();
  if (kind === 'bytes') return reader.bytes();
  count(budget);
  if (kind === 'strings') return push(sofar, reader.string());
  if (kind === 'bytesList') return push(sofar, reader.bytes());
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new Error(`field ${name} ends ${end - reader.len} bytes after the file`);
  const inner = decodeUntil(reader, type!(), end, budget);
  return kind === 'message' ? inner : push(sofar, inner);
}

function push(list: unknown, item: unknown): unknown {
  (list as unknown[]).push(item);
  return list;
}

/** Packed or not; a packed run ends within the file, so nothing is allocated that the file does not hold. */
function readVarints<T>(reader: BinaryReader, wire: WireType, name: string, sofar: T[], read: () => T): T[] {
  if (wire === WireType.Varint) {
    sofar.push(read());
    return sofar;
  }
  expectWire(wire, WireType.LengthDelimited, name);
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new Error(`field ${name} ends ${end - reader.len} bytes after the file`);
  while (reader.pos < end) sofar.push(read());
  return sofar;
}

type Fixed = Float32Array | Float64Array;

function readFixed<T extends Fixed>(
  reader: BinaryReader,
  wire: WireType,
  unpacked: WireType,
  name: string,
  sofar: T,
  over: (bytes: ArrayBuffer) => T,
): T {
  const packed = wire !== unpacked;
  if (packed) expectWire(wire, WireType.LengthDelimited, name);
  const size = sofar.BYTES_PER_ELEMENT;
  const bytes = packed ? reader.bytes() : reader.skip(wire);
  if (bytes.length % size !== 0) throw new Error(`field ${name} has ${bytes.length} bytes, no multiple of ${size}`);
  const added = over(bytes.slice().buffer as ArrayBuffer);
  if (sofar.length === 0) return added;
  const joined = over(new ArrayBuffer((sofar.length + added.length) * size));
  joined.set(sofar);
  joined.set(added, sofar.length);
  return joined;
}

/** The message's bytes. Fields at their default are left out. */
export function encode<T>(type: Message<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  write(writer, type as unknown as AnyMessage, value as Record<string, unknown>);
  return writer.finish();
}

function write(writer: BinaryWriter, type: AnyMessage, value: Record<string, unknown>): void {
  for (const [name, [no, kind, inner]] of Object.entries(type.fields)) {
    const v = value[name];
    if (v === null || isDefault(kind, v)) continue;
    writeField(writer, no, kind, inner as (() => AnyMessage) | undefined, v);
  }
}

const isDefault = (kind: Kind, v: unknown): boolean =>
  kind === 'optionalInt' || kind === 'bytes' ? false : v === 0 || (v as ArrayLike<unknown>).length === 0;

function writeField(
  writer: BinaryWriter,
  no: number,
  kind: Kind,
  type: (() => AnyMessage) | undefined,
  v: unknown,
): void {
  const delimited = (each: () => void) => {
    writer.tag(no, WireType.LengthDelimited).fork();
    each();
    writer.join();
  };
  switch (kind) {
    case 'int':
    case 'optionalInt':
      writer.tag(no, WireType.Varint).int64(v as number);
      break;
    case 'float':
      writer.tag(no, WireType.Bit32).float(Math.fround(v as number));
      break;
    case 'string':
      writer.tag(no, WireType.LengthDelimited).string(v as string);
      break;
    case 'bytes':
      writer.tag(no, WireType.LengthDelimited).bytes(v as Uint8Array);
      break;
    case 'strings':
      for (const text of v as string[]) writer.tag(no, WireType.LengthDelimited).string(text);
      break;
    case 'bytesList':
      for (const bytes of v as Uint8Array[]) writer.tag(no, WireType.LengthDelimited).bytes(bytes);
      break;
    case 'ints':
    case 'int64s':
      delimited(() => (v as (number | bigint)[]).forEach((i) => writer.int64(i)));
      break;
    case 'uint64s':
      delimited(() => (v as bigint[]).forEach((i) => writer.uint64(i)));
      break;
    case 'floats':
      delimited(() => (v as Float32Array).forEach((f) => writer.float(f)));
      break;
    case 'doubles':
      delimited(() => (v as Float64Array).forEach((f) => writer.double(f)));
      break;
    case 'message':
      delimited(() => write(writer, type!(), v as Record<string, unknown>));
      break;
    case 'messages':
      for (const item of v as Record<string, unknown>[]) delimited(() => write(writer, type!(), item));
  }
}
