/** @file The files beside a model that belong to it, whatever its format: which it names, and which of those at hand are meant. */
import { kindOf, type ModelKind } from '../sniff/kind.ts';
import { fileAt } from './files.ts';
import type { Companion } from './model.ts';
import { companionsOf as companionsOfOnnx } from './onnx/external.ts';
import { decodeModel } from './onnx/model-file.ts';

/** A file at hand, and what its content says. */
interface AtHand {
  readonly path: string;
  readonly kind: ModelKind | null;
}

/**
 * The files that a model names beside it, in its own order. Throws a FormatError naming `file` where it cannot be read. Formats
 * that keep all in one file, or name no file, have none.
 */
export function companionsOf(bytes: Uint8Array, file: string): readonly Companion[] {
  const kind = kindOf(bytes);
  if (kind === 'onnx' || kind === null) return companionsOfOnnx(decodeModel(bytes, file));
  return kind === 'tfjs-layers' || kind === 'tfjs-graph' ? shardsOf(bytes) : [];
}

/** Of the files at hand those that hold the model's weights, in the model's own order. */
export function partsOf<T extends AtHand>(
  kind: ModelKind | null,
  named: readonly Companion[],
  files: readonly T[],
): T[] {
  if (kind === 'keras-json') return files.filter((file) => file.kind === 'hdf5');
  if (kind === 'saved-model')
    return files.filter(({ path }) => /(^|\/)variables\/variables\.[^/]+$/.test(path)).sort(byPath);
  return [...new Set(named.flatMap(({ path }) => fileAt(path, files) ?? []))];
}

const byPath = (a: AtHand, b: AtHand): number => (a.path < b.path ? -1 : 1);

/** TensorFlow.js cuts the weights of a group into files of this size, if it is not told otherwise. */
const SHARD_BYTES = 4 * 2 ** 20;

const WIDTHS: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  int16: 2,
  complex64: 8,
};

/** The manifest of a model.json. What is wrong with it is said when the model is opened. */
function shardsOf(bytes: Uint8Array): Companion[] {
  const groups = listIn(manifestOf(bytes));
  return groups.flatMap((group) => {
    const paths = listIn(fieldOf(group, 'paths')).filter((path) => typeof path === 'string');
    const total = listIn(fieldOf(group, 'weights')).reduce<number>((n, weight) => n + bytesOf(weight), 0);
    const whole = total > (paths.length - 1) * SHARD_BYTES ? SHARD_BYTES : Math.ceil(total / paths.length);
    return paths
      .map((path, i) => ({ path, bytes: Math.max(0, Math.min(whole, total - i * whole)) || whole }))
      .map((shard) => (paths.length === 1 ? { ...shard, bytes: total } : shard));
  });
}

function manifestOf(bytes: Uint8Array): unknown {
  try {
    return fieldOf(JSON.parse(new TextDecoder().decode(bytes)), 'weightsManifest');
  } catch {
    return [];
  }
}

function bytesOf(weight: unknown): number {
  const [shape, quantization] = [listIn(fieldOf(weight, 'shape')), fieldOf(weight, 'quantization')];
  const dtype = String(fieldOf(quantization, 'dtype') ?? fieldOf(weight, 'dtype') ?? '');
  return shape.reduce<number>((n, d) => n * (typeof d === 'number' && d > 0 ? d : 1), 1) * (WIDTHS[dtype] ?? 1);
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
