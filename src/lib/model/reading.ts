/** @file Which of the files that were dropped with a model are read: a folder may hold much else. */
import { fileAt } from '../formats/files.ts';
import { companionsOf } from '../formats/onnx/external.ts';
import { decodeModel } from '../formats/onnx/model-file.ts';
import { isLabelsName } from './labels.ts';
import type { NamedBytes } from './open.ts';
import type { DroppedFile } from './types.ts';

/** The whole file in memory. */
export async function readFile({ name, bytes, ...wishes }: DroppedFile): Promise<NamedBytes> {
  return { ...wishes, name, bytes: new Uint8Array(bytes instanceof Blob ? await bytes.arrayBuffer() : bytes) };
}

/** The model's files, what may hold its labels, and what it says that its weights lie in. Others are left alone. */
export async function readNeeded(files: readonly DroppedFile[]): Promise<NamedBytes[]> {
  const models = await Promise.all(files.filter(({ name }) => files.length === 1 || isModelName(name)).map(readFile));
  const beside = files.filter(({ name }) => files.length > 1 && !isModelName(name));
  if (beside.every(({ name }) => isLabelsName(name))) return [...models, ...(await Promise.all(beside.map(readFile)))];
  const paths = beside.map((file) => ({ path: file.name, file }));
  const weights = new Set(models.flatMap((model) => namedBy(model).map((path) => fileAt(path, paths)?.file)));
  const needed = beside.filter((file) => weights.has(file) || isLabelsName(file.name));
  return [...models, ...(await Promise.all(needed.map(readFile)))];
}

/** Files that may be the model. */
export const isModelName = (name: string): boolean => /\.(onnx|ort|pb)$/i.test(name);

function namedBy({ bytes, name }: NamedBytes): string[] {
  try {
    return companionsOf(decodeModel(bytes, name)).map(({ path }) => path);
  } catch {
    return []; // what is wrong with the model is said when it is opened
  }
}
