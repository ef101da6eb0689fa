/**
 * @file TensorFlow's messages in JSON, by the same tables as their bytes: keys in camel or snake case, 64-bit numbers as
 * texts, bytes in base64, maps as objects, element types by name or number. Files are hostile: depth and parts are bounded.
 */
import { create, type Message } from '../protobuf/wire.ts';
import { typeNumber } from './types.ts';

type Json = Readonly<Record<string, unknown>>;
type AnyMessage = Message<Record<string, unknown>>;

/** Deepest nesting of messages, and the most of them: as in bytes. */
const MAX_DEPTH = 64;
const MAX_PARTS = 2_000_000;

interface Budget {
  parts: number;
}

const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

/** A message with every field present. Throws an Error with a short reason where the JSON is none such. */
export function fromJson<T>(type: Message<T>, json: unknown): T {
  return decode(type as unknown as AnyMessage, json, 0, { parts: 0 }) as T;
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function decode(type: AnyMessage, json: unknown, depth: number, budget: Budget): Record<string, unknown> {
  if (!isObject(json)) throw new Error(`${type.name} is ${kindOf(json)} instead of an object`);
  if (depth > MAX_DEPTH) throw new Error(`messages are nested more than ${MAX_DEPTH} deep`);
  if (++budget.parts > MAX_PARTS) throw new Error(`it has more than ${MAX_PARTS} parts`);
  const made = create(type);
  for (const [name, [, kind, inner]] of Object.entries(type.fields)) {
    const value = own(json, name) ?? own(json, snake(name));
    if (value === undefined || value === null) continue;
    const read = (v: unknown) => decode(inner!() as AnyMessage, v, depth + 1, budget);
    if (kind === 'message') made[name] = read(value);
    else if (kind === 'messages') made[name] = entriesOf(inner!() as AnyMessage, value, name).map(read);
    else made[name] = scalar(kind, value, name);
  }
  return made;
}

const own = (json: Json, key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined);

const kindOf = (v: unknown): string => (Array.isArray(v) ? 'a list' : v === null ? 'null' : `a ${typeof v}`);

/** Items of a list, or of a map as entries of key and value. */
function entriesOf(type: AnyMessage, value: unknown, name: string): readonly unknown[] {
  const isMap = 'key' in type.fields && 'value' in type.fields;
  if (isMap && isObject(value)) return Object.entries(value).map(([key, inner]) => ({ key, value: inner }));
  return list(value, name);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`field ${name} is ${kindOf(value)} instead of a list`);
  return value;
}

function scalar(kind: string, value: unknown, name: string): unknown {
  switch (kind) {
    case 'int':
    case 'optionalInt':
      return whole(value, name);
    case 'float':
      return number(value, name);
    case 'string':
      return text(value, name);
    case 'bytes':
      return bytes(value, name);
    case 'strings':
      return list(value, name).map((v) => text(v, name));
    case 'bytesList':
      return list(value, name).map((v) => bytes(v, name));
    case 'ints':
      return list(value, name).map((v) => whole(v, name));
    case 'int64s':
    case 'uint64s':
      return list(value, name).map((v) => BigInt(whole(v, name)));
    case 'floats':
      return Float32Array.from(list(value, name), (v) => number(v, name));
    default:
      return Float64Array.from(list(value, name), (v) => number(v, name));
  }
}

function number(value: unknown, name: string): number {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof read === 'number' && (!Number.isNaN(read) || value === 'NaN' || Number.isNaN(value))) return read;
  throw new Error(`field ${name} is ${kindOf(value)} instead of a number`);
}

/** Beyond 2⁵³ numbers saturate: they stand for "to the end". */
function whole(value: unknown, name: string): number {
  if (typeof value === 'boolean') return Number(value);
  const named = typeof value === 'string' ? typeNumber(value) : null;
  const read = named ?? number(value, name);
  if (Number.isNaN(read) || (!Number.isInteger(read) && Number.isFinite(read)))
    throw new Error(`field ${name} is ${read} instead of a whole number`);
  return Math.min(Math.max(read, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`field ${name} is ${kindOf(value)} instead of a text`);
  return value;
}

/** Base64, in either alphabet; some writers list the codes instead. */
function bytes(value: unknown, name: string): Uint8Array {
  if (Array.isArray(value)) return Uint8Array.from(value, (v) => whole(v, name));
  try {
    const decoded = atob(text(value, name).replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(decoded, (c) => c.charCodeAt(0));
  } catch (error) {
    throw new Error(`field ${name} is no base64`, { cause: error });
  }
}
