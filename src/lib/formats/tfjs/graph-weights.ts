/** @file Weights of TF.js models: one list of tensors that lie one after another in one or several files. */
import { bytesPerElement, viewBytes, type DType } from '../../tensor/dtype.ts';
import { float32, makeTensor, sizeOf, toNumbers, type Tensor } from '../../tensor/tensor.ts';
import { FormatError } from '../error.ts';
import { fileAt } from '../files.ts';
import type { SourceFiles } from '../readers.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

const isTexts = (v: unknown): v is readonly string[] => Array.isArray(v) && v.every((t) => typeof t === 'string');

interface Quantization {
  readonly dtype: DType;
  readonly scale: number;
  readonly min: number;
}

interface Spec {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly quantization: Quantization | null;
}

/** Element types of the manifest that are numbers. */
const DTYPES: ReadonlySet<string> = new Set(['float32', 'int32', 'bool', 'uint8', 'uint16', 'float16']);

/** The tensors of a weightsManifest by name. Throws a FormatError naming every file that is missing or of another length. */
export function readWeights(manifest: unknown, source: SourceFiles): Map<string, Tensor> {
  const damaged = (what: string) =>
    new FormatError(`${source.file}: its list of weights ${what}. The file is damaged: export it again.`);
  if (!Array.isArray(manifest)) throw damaged('(weightsManifest) is missing');
  const groups = manifest.map((group) => {
    if (!isObject(group) || !isTexts(group.paths) || !Array.isArray(group.weights))
      throw damaged('has a group without paths or weights');
    return {
      paths: group.paths,
      specs: group.weights.map((w) => specOf(w, damaged)),
    };
  });
  refuseMissing(
    groups.flatMap(({ paths }) => paths),
    source,
  );
  const weights = new Map<string, Tensor>();
  for (const { paths, specs } of groups) readGroup(paths, specs, source, weights);
  return weights;
}

function specOf(json: unknown, damaged: (what: string) => FormatError): Spec {
  if (!isObject(json) || typeof json.name !== 'string' || typeof json.dtype !== 'string' || !Array.isArray(json.shape))
    throw damaged('is incomplete');
  const { name, dtype, shape } = json;
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0) || !Number.isSafeInteger(sizeOf(shape)))
    throw damaged(`gives "${name}" the impossible shape ${JSON.stringify(shape).slice(0, 100)}`);
  return { name, shape, dtype, quantization: quantizationOf(json.quantization, name, damaged) };
}

function quantizationOf(json: unknown, name: string, damaged: (what: string) => FormatError): Quantization | null {
  if (json === undefined || json === null) return null;
  if (!isObject(json) || !['uint8', 'uint16', 'float16'].includes(String(json.dtype)))
    throw damaged(`quantises "${name}" in an unknown way`);
  return { dtype: json.dtype as DType, scale: Number(json.scale ?? 1), min: Number(json.min ?? 0) };
}

function refuseMissing(paths: readonly string[], { file, beside }: SourceFiles): void {
  const missing = paths.filter((path) => !fileAt(path, beside)).map((path) => `"${path}"`);
  if (missing.length === 0) return;
  const [first, ...more] = missing.slice(0, 6);
  throw new FormatError(
    more.length === 0
      ? `${file}: its weights lie in the file ${first}, which is missing. Drop it together with the model.`
      : `${file}: its weights lie in ${missing.length} files that are missing, ${[first, ...more].join(', ')}. Drop them together with the model.`,
  );
}

function readGroup(
  paths: readonly string[],
  specs: readonly Spec[],
  { file, beside }: SourceFiles,
  weights: Map<string, Tensor>,
): void {
  const shards = paths.map((path) => fileAt(path, beside)!.data);
  const bytes = shards.length === 1 ? shards[0] : joined(shards);
  let offset = 0;
  for (const spec of specs) {
    const stored = spec.quantization?.dtype ?? spec.dtype;
    if (!DTYPES.has(stored))
      throw new FormatError(
        `${file}: weight "${spec.name}" has the element type ${stored.slice(0, 40)}, which is not supported. Export the model with numbers as its weights.`,
      );
    const length = sizeOf(spec.shape) * bytesPerElement(stored as DType);
    if (offset + length > bytes.length)
      throw new FormatError(
        `${file}: weight "${spec.name}" ends ${offset + length} bytes into ${paths.map((p) => `"${p}"`).join(', ')}, which ${paths.length === 1 ? 'has' : 'have'} ${bytes.length}. The files do not belong together, or one was cut short: download them again.`,
      );
    const raw = viewBytes(stored as DType, bytes.subarray(offset, offset + length));
    weights.set(spec.name, dequantized(makeTensor(stored as DType, spec.shape, raw as never), spec));
    offset += length;
  }
}

function joined(shards: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(shards.reduce((n, s) => n + s.length, 0));
  let at = 0;
  for (const shard of shards) {
    all.set(shard, at);
    at += shard.length;
  }
  return all;
}

/** x · scale + min, in float32; whole numbers are rounded. */
function dequantized(stored: Tensor, { quantization, dtype, shape }: Spec): Tensor {
  if (!quantization) return stored;
  const values = toNumbers(stored);
  if (quantization.dtype === 'float16') return float32(shape, values);
  const real = values.map((v) => v * quantization.scale + quantization.min);
  return dtype === 'int32' ? makeTensor('int32', shape, Int32Array.from(real, Math.round)) : float32(shape, real);
}
