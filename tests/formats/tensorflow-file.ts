/** @file Graphs of TensorFlow made for tests: as model.json with a shard, as a frozen graph, and on TF.js's own executor. */
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import '@tensorflow/tfjs-backend-cpu';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import type { AttrEntry, AttrValue, GraphDef, NodeDef, ShapeProto } from '../../src/lib/formats/tensorflow/proto.ts';
import { DATA_TYPE } from '../../src/lib/formats/tensorflow/types.ts';
import { create, type Message } from '../../src/lib/formats/protobuf/wire.ts';
import type { ImportedModel } from '../../src/lib/formats/model.ts';
import { bytesPerElement, type DType } from '../../src/lib/tensor/dtype.ts';
import { makeTensor, toNumbers, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref, type RefTensor } from '../reference/tensor.ts';

const NUMBERS: Partial<Record<DType, number>> = {
  float32: DATA_TYPE.DT_FLOAT,
  int32: DATA_TYPE.DT_INT32,
  int64: DATA_TYPE.DT_INT64,
  bool: DATA_TYPE.DT_BOOL,
  uint8: DATA_TYPE.DT_UINT8,
};

export const shapeProto = (shape: readonly number[]): ShapeProto =>
  create(proto.Shape, { dim: shape.map((size) => ({ size })) });

/** Attributes in short: whole numbers, texts, truths, lists; other kinds by the name of their field. */
export type Short = number | string | boolean | readonly number[] | readonly string[] | Partial<AttrValue>;

const text = (s: string) => new TextEncoder().encode(s);
const emptyList = () => ({ s: [], i: [], f: new Float32Array(0), b: [], type: [], shape: [] });

function attrValue(short: Short): AttrValue {
  const made = (values: Partial<AttrValue>) => create(proto.Value, values);
  if (typeof short === 'number') return made({ i: short });
  if (typeof short === 'string') return made({ s: text(short) });
  if (typeof short === 'boolean') return made({ b: Number(short) });
  if (!Array.isArray(short)) return made(short as Partial<AttrValue>);
  const texts = short.filter((v) => typeof v === 'string');
  return made({ list: { ...emptyList(), s: texts.map(text), i: texts.length > 0 ? [] : (short as number[]) } });
}

export const attributes = (short: Readonly<Record<string, Short>>): AttrEntry[] =>
  Object.entries(short).map(([key, value]) => ({ key, value: attrValue(value) }));

export const node = (
  op: string,
  name: string,
  input: readonly string[] = [],
  attrs: Readonly<Record<string, Short>> = {},
): NodeDef => ({ op, name, input: [...input], attr: attributes(attrs) });

export const placeholder = (name: string, shape: readonly number[], dtype: DType = 'float32'): NodeDef =>
  node('Placeholder', name, [], { dtype: { type: NUMBERS[dtype]! }, shape: { shape: shapeProto(shape) } });

/** A Const with its elements inside, as frozen graphs have it. */
export function constant(name: string, { dtype, shape, data }: Tensor): NodeDef {
  const tensor = create(proto.Tensor, {
    dtype: NUMBERS[dtype]!,
    tensorShape: shapeProto(shape),
    tensorContent: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
  return node('Const', name, [], { dtype: { type: NUMBERS[dtype]! }, value: { tensor } });
}

export const graphDef = (nodes: readonly NodeDef[], more: Partial<GraphDef> = {}): GraphDef =>
  create(proto.Graph, { node: [...nodes], versions: { producer: 987, minConsumer: 12 }, ...more });

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** A message as JSON: what is at its default is left out, maps are objects, bytes base64, 64-bit numbers texts. */
export function toJson<T>(type: Message<T>, value: T, key: (name: string) => string = (name) => name): unknown {
  const entries: [string, unknown][] = [];
  for (const [name, [, kind, inner]] of Object.entries(type.fields)) {
    const v = (value as Record<string, unknown>)[name];
    const written = v === null ? undefined : field(kind, v, inner as (() => Message<unknown>) | undefined, key);
    if (written !== undefined) entries.push([key(name), written]);
  }
  return Object.fromEntries(entries);
}

export const snakeJson = <T>(type: Message<T>, value: T): unknown => toJson(type, value, snake);

function field(
  kind: string,
  v: unknown,
  inner: (() => Message<unknown>) | undefined,
  key: (n: string) => string,
): unknown {
  if (kind === 'message') return toJson(inner!(), v, key);
  if (kind === 'bytes') return base64(v as Uint8Array);
  if (kind === 'optionalInt') return v;
  if (kind === 'int') return v === 0 ? undefined : String(v as number);
  if (kind === 'string' || kind === 'float') return v || undefined;
  const items = Array.from(v as ArrayLike<unknown>);
  if (items.length === 0) return undefined;
  if (kind === 'bytesList') return items.map((b) => base64(b as Uint8Array));
  if (kind !== 'messages') return items.map((i) => (typeof i === 'bigint' ? String(i) : i));
  const isMap = 'key' in inner!().fields;
  const entry = (e: { key: string; value: unknown }) => [e.key, toJson(valueType(inner!()), e.value, key)];
  if (isMap && valueType(inner!())) return Object.fromEntries(items.map((e) => entry(e as never)));
  return isMap
    ? Object.fromEntries(items.map((e) => [(e as { key: string }).key, (e as { value: unknown }).value]))
    : items.map((i) => toJson(inner!(), i, key));
}

const valueType = (entry: Message<unknown>): Message<unknown> => entry.fields.value[2]?.() as Message<unknown>;

/** The booleans of JSON are words. */
function withTruths(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withTruths);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([k, v]) => [k, k === 'b' && typeof v === 'number' ? v !== 0 : withTruths(v)]),
  );
}

export interface JsonModel {
  readonly modelTopology: unknown;
  readonly weightsManifest: { paths: string[]; weights: { name: string; shape: readonly number[]; dtype: string }[] }[];
  readonly signature?: unknown;
}

/** model.json and its shard: the elements of all constants go there, as the converter puts them. */
export function graphModel(
  graph: GraphDef,
  constants: ReadonlyMap<string, Tensor>,
): { json: JsonModel; shard: Uint8Array } {
  const bare = { ...graph, node: graph.node.map((n) => (constants.has(n.name) ? withoutElements(n) : n)) };
  const tensors = [...constants];
  const size = tensors.reduce((n, [, t]) => n + t.data.length * bytesPerElement(t.dtype), 0);
  const shard = new Uint8Array(size);
  let at = 0;
  for (const [, { data }] of tensors) {
    shard.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const weights = tensors.map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  return {
    json: {
      modelTopology: withTruths(toJson(proto.Graph, bare)),
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights }],
    },
    shard,
  };
}

function withoutElements(n: NodeDef): NodeDef {
  const attr = n.attr.map(({ key, value }) =>
    value?.tensor ? { key, value: { ...value, tensor: { ...value.tensor, tensorContent: null } } } : { key, value },
  );
  return { ...n, attr };
}

/** What a graph is given and gives, under the names of its nodes. */
export interface Run {
  readonly json: JsonModel;
  readonly shard: Uint8Array;
  readonly feeds: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly string[];
}

/** TF.js's executor on its CPU backend. */
export async function runOnTfjs({ json, shard, feeds, outputs }: Run): Promise<RefTensor[]> {
  await tf.setBackend('cpu');
  const model = await loadGraphModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology as object,
      weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights) as never,
      weightData: shard.slice().buffer,
      ...(json.signature ? { signature: json.signature as object } : {}),
    }),
  );
  const fed = [...feeds].map(
    ([name, t]) => [name, tf.tensor(toNumbers(t), [...t.shape], t.dtype as 'float32')] as const,
  );
  const results = model.execute(Object.fromEntries(fed), [...outputs]);
  const list = Array.isArray(results) ? results : [results];
  return list.map((t) => ref(t.dtype as DType, t.shape, t.dataSync() as Float32Array));
}

/** The graph that was read, on the slow interpreter. */
export function runOnReference(model: ImportedModel, feeds: ReadonlyMap<string, Tensor>, batch = 1): RefTensor[] {
  const { inputs, outputs } = model.graph;
  const fed = inputs.map((v) => {
    const { shape, data } = feeds.get(v.name)!;
    return [v, ref(v.dtype, shape, Array.from(data as ArrayLike<number>, Number))] as const;
  });
  return evaluate(outputs, new Map(fed), batch);
}

/** max|a − b| / max(1, max|b|); Infinity where shapes differ or one is not a number. */
export function difference(got: RefTensor, expected: RefTensor): number {
  if (got.shape.join() !== expected.shape.join()) return Infinity;
  let [gap, size] = [0, 1];
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [got.data[i], expected.data[i]];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    gap = Math.max(gap, Number.isFinite(a - b) ? Math.abs(a - b) : Infinity);
    size = Math.max(size, Math.abs(b));
  }
  return gap / size;
}

export const tensor = (dtype: DType, shape: readonly number[], values: readonly number[]): Tensor =>
  makeTensor(
    dtype,
    shape,
    (dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : dtype === 'int64'
          ? BigInt64Array.from(values, BigInt)
          : Uint8Array.from(values)) as never,
  );
