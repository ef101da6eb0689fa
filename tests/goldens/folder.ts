/** @file A folder of golden results: models, arrays and what another tool computed from them. */
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { full, slice0, toFloat32, type FloatTensor, type Tensor } from '../../src/lib/tensor/tensor.ts';

export interface GoldenCase {
  readonly id: string;
  readonly method: string;
  /** An element, one element per example, an index vector, one of those per example, a text, or none. */
  readonly target: null | number | string | readonly (number | readonly number[])[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly expected: string;
  readonly shape: readonly number[];
  readonly tolerance: { readonly metric: string; readonly value: number };
  readonly layer?: string;
  readonly arrays?: Readonly<Record<string, string>>;
  readonly unstable_in_float32?: boolean;
  /** The same case with known bugs of the other tool repaired, and whether they matter here. */
  readonly fixed_case?: string;
  readonly captum_bug_affects?: boolean;
}

interface LayerName {
  readonly shape: readonly number[];
  readonly onnx_tensor: string | null;
  readonly same_value_tensors?: readonly string[];
}

export interface GoldenFile {
  readonly file: string;
  /** Whether BatchNormalization, where the model has one behind a convolution, is a node of its own. */
  readonly bn_unfolded?: boolean;
  readonly layers: Readonly<Record<string, LayerName>>;
}

interface Manifest {
  readonly model: string;
  readonly files: readonly GoldenFile[];
  readonly cases: readonly GoldenCase[];
}

export interface GoldenFolder {
  readonly name: string;
  readonly files: readonly GoldenFile[];
  readonly cases: readonly GoldenCase[];
  bytes(file: string): Uint8Array;
  array(file: string): Tensor;
}

/** A model of which `bytes` gives the files by name. */
export function folderOf(bytes: (file: string) => Uint8Array): GoldenFolder {
  const manifest = JSON.parse(new TextDecoder().decode(bytes('manifest.json'))) as Manifest;
  const arrays = new Map<string, Tensor>();
  const array = (file: string) => {
    let found = arrays.get(file);
    if (!found) arrays.set(file, (found = readNpy(bytes(file), file)));
    return found;
  };
  return { name: manifest.model, files: manifest.files, cases: manifest.cases, bytes, array };
}

/** The first case of each method, and the repaired ones that it is compared with. */
export function sampleOf(folder: GoldenFolder): GoldenFolder {
  const first = [...Map.groupBy(folder.cases, ({ method }) => method).values()].map(([golden]) => golden);
  const wanted = new Set(first.flatMap(({ id, fixed_case }) => [id, fixed_case]));
  return { ...folder, cases: folder.cases.filter(({ id }) => wanted.has(id)) };
}

/** What a parameter such as 0, "baseline.npy" or "baseline.npy[:1]" stands for; numbers fill an array like `like`. */
export function resolveArray(folder: GoldenFolder, parameter: unknown, like: FloatTensor): FloatTensor {
  if (typeof parameter === 'number') return full(like.shape, parameter);
  const text = String(parameter).match(/^([^[]+)(?:\[:(\d+)\])?$/);
  if (!text) throw new Error(`${folder.name}: no array is named ${JSON.stringify(parameter)}`);
  const whole = toFloat32(folder.array(text[1]));
  return text[2] ? slice0(whole, 0, Number(text[2])) : whole;
}

/** The case whose numbers are to be met: known bugs repaired where they matter. */
export function truthOf(folder: GoldenFolder, golden: GoldenCase): GoldenCase {
  if (!golden.captum_bug_affects || !golden.fixed_case) return golden;
  return folder.cases.find((c) => c.id === golden.fixed_case) ?? golden;
}
