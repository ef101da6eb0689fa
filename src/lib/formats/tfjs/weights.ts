/** @file The weights of a TF.js model: a manifest in its JSON, and the shards that hold the numbers. */
import { joined } from '../../tensor/bytes.ts';
import { allocate, bytesPerElement, dtypes, viewBytes, type DType } from '../../tensor/dtype.ts';
import { halfToFloat32 } from '../../tensor/half.ts';
import { makeTensor, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { FormatError } from '../error.ts';
import { fileAt } from '../files.ts';
import type { ExternalFile } from '../model.ts';
import type { SourceFiles } from '../readers.ts';

/** uint8 and uint16: number · scale + min. */
interface Quantization {
  readonly stored: 'uint8' | 'uint16' | 'float16';
  readonly scale: number;
  readonly min: number;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** null: text or complex numbers, which no layer computes with. */
  readonly dtype: DType | null;
  readonly bytesPerElement: number;
  readonly quantization: Quantization | null;
}

interface Group {
  readonly paths: readonly string[];
  readonly entries: readonly Entry[];
}

type Raw = Readonly<Record<string, unknown>>;

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text is written as its length in four bytes and its letters. */
const LENGTH_BYTES = 4;

const COMPLEX_BYTES = 8;

const CONVERT_AGAIN = 'Convert the model again.';

/**
 * Weights by name, from shards joined in the manifest's order; quantised numbers as the type that they had. Text and complex
 * numbers are left out. Throws a FormatError where the manifest is damaged, and one that names every shard that is missing
 * or has another length than the weights in it.
 */
export function readWeights(manifest: unknown, source: SourceFiles): Map<string, Tensor> {
  const groups = groupsOf(manifest, source.file);
  const found = groups.map((group) => group.paths.map((path) => fileAt(path, source.beside)));
  refuseMissing(groups, found, source.file);
  refuseLengths(groups, found as ExternalFile[][], source.file);
  const weights = new Map<string, Tensor>();
  groups.forEach((group, i) => readGroup(group, together(found[i] as ExternalFile[]), weights, source.file));
  return weights;
}

/** The shards that a manifest names, under the names that it has for them. */
export function shardsOf(manifest: unknown, source: SourceFiles): ExternalFile[] {
  const paths = groupsOf(manifest, source.file).flatMap((group) => group.paths);
  return [...new Set(paths)].flatMap((path) => {
    const file = fileAt(path, source.beside);
    return file ? [{ path, data: file.data }] : [];
  });
}

function groupsOf(manifest: unknown, file: string): Group[] {
  if (!Array.isArray(manifest))
    throw new FormatError(`${file}: it has no list of weights (weightsManifest). ${CONVERT_AGAIN}`);
  return (manifest as unknown[]).map((group) => {
    const { paths, weights } = isRaw(group) ? group : ({} as Raw);
    if (!Array.isArray(paths) || !Array.isArray(weights) || !paths.every((path) => typeof path === 'string'))
      throw new FormatError(`${file}: its list of weights (weightsManifest) is damaged. ${CONVERT_AGAIN}`);
    return { paths, entries: (weights as unknown[]).map((entry) => entryOf(entry, file)) };
  });
}

function entryOf(raw: unknown, file: string): Entry {
  const { name, shape, dtype, quantization } = isRaw(raw) ? raw : ({} as Raw);
  const damaged = (what: string) =>
    new FormatError(`${file}: weight "${String(name).slice(0, 100)}" has ${what}. ${CONVERT_AGAIN}`);
  if (typeof name !== 'string') throw new FormatError(`${file}: a weight has no name. ${CONVERT_AGAIN}`);
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && (d as number) >= 0))
    throw damaged(`the shape ${JSON.stringify(shape)?.slice(0, 80) ?? 'nothing'}`);
  if (!Number.isSafeInteger(sizeOf(shape as number[])))
    throw damaged(`the shape [${shape.join()}], too large to be true`);
  const stored = quantization === undefined || quantization === null ? null : quantizationOf(quantization, damaged);
  if (dtype === 'string' || dtype === 'complex64')
    return {
      name,
      shape: shape as number[],
      dtype: null,
      bytesPerElement: COMPLEX_BYTES * +(dtype !== 'string'),
      quantization: null,
    };
  if (!dtypes.includes(dtype as DType))
    throw damaged(`the element type ${JSON.stringify(dtype)?.slice(0, 80) ?? 'nothing'}`);
  return {
    name,
    shape: shape as number[],
    dtype: dtype as DType,
    bytesPerElement: bytesPerElement(stored?.stored ?? (dtype as DType)),
    quantization: stored,
  };
}

function quantizationOf(raw: unknown, damaged: (what: string) => FormatError): Quantization {
  const { dtype, scale = 1, min = 0 } = isRaw(raw) ? raw : ({} as Raw);
  if (dtype !== 'uint8' && dtype !== 'uint16' && dtype !== 'float16')
    throw damaged(`the quantisation ${JSON.stringify(dtype)?.slice(0, 80) ?? 'nothing'}, not uint8, uint16 or float16`);
  if (typeof scale !== 'number' || typeof min !== 'number') throw damaged('a quantisation without scale and min');
  return { stored: dtype, scale, min };
}

function refuseMissing(groups: readonly Group[], found: readonly (ExternalFile | undefined)[][], file: string): void {
  const missing = groups.flatMap((group, i) => group.paths.filter((_, j) => !found[i][j]));
  if (missing.length === 0) return;
  const [those, them] = missing.length === 1 ? ['a file that is', 'it'] : ['files that are', 'them'];
  throw new FormatError(
    `${file}: its weights are in ${those} not here: ${listed(missing)}. Drop ${them} together with ${file}.`,
  );
}

/** The bytes of a group; null where it holds text, whose length only the shards say. */
const bytesOf = ({ entries }: Group): number | null =>
  entries.some((entry) => entry.bytesPerElement === 0)
    ? null
    : entries.reduce((n, entry) => n + sizeOf(entry.shape) * entry.bytesPerElement, 0);

function refuseLengths(groups: readonly Group[], found: readonly ExternalFile[][], file: string): void {
  const wrong = groups.flatMap((group, i) => {
    const wanted = bytesOf(group);
    const held = found[i].reduce((n, { data }) => n + data.length, 0);
    return wanted === null || wanted === held
      ? []
      : [`${listed(group.paths)} (${held} bytes for weights of ${wanted})`];
  });
  if (wrong.length > 0)
    throw new FormatError(
      `${file}: the lengths of its weight files do not fit: ${wrong.join('; ')}. Drop the files that belong to ${file}, whole.`,
    );
}

/** A few names and how many more. */
const listed = (names: readonly string[]): string =>
  names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} and ${names.length - 8} more`;

/** One shard is read where it lies. */
const together = (shards: readonly ExternalFile[]): Uint8Array =>
  shards.length === 1 ? shards[0].data : joined(shards.map(({ data }) => data));

function readGroup({ entries }: Group, bytes: Uint8Array, weights: Map<string, Tensor>, file: string): void {
  let at = 0;
  for (const entry of entries) {
    const count = sizeOf(entry.shape);
    const size = entry.bytesPerElement === 0 ? textBytes(bytes, at, count) : count * entry.bytesPerElement;
    if (at + size > bytes.length)
      throw new FormatError(`${file}: its weight files end within "${entry.name}". Drop the whole files.`);
    if (entry.dtype) weights.set(entry.name, decoded(entry, entry.dtype, bytes.subarray(at, at + size)));
    at += size;
  }
}

/** Bytes of `count` texts one after another; ends where the data does. */
function textBytes(bytes: Uint8Array, start: number, count: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + LENGTH_BYTES > bytes.length) return bytes.length - start + 1;
    at += LENGTH_BYTES + view.getUint32(at, true);
  }
  return at - start;
}

function decoded({ shape, quantization }: Entry, dtype: DType, bytes: Uint8Array): Tensor {
  if (!quantization) return makeTensor(dtype, shape, viewBytes(dtype, bytes));
  const { stored, scale, min } = quantization;
  if (stored === 'float16') return makeTensor('float32', shape, halfToFloat32(viewBytes('float16', bytes)));
  const numbers = viewBytes(stored, bytes);
  const whole = dtype !== 'float32';
  const data = allocate(whole ? 'int32' : 'float32', numbers.length);
  for (let i = 0; i < numbers.length; i++)
    data[i] = whole ? Math.round(numbers[i] * scale + min) : numbers[i] * scale + min;
  return makeTensor(whole ? 'int32' : 'float32', shape, data as Float32Array);
}
