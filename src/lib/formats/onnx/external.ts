/** @file The files beside a model that hold its weights: which it names, and which of those at hand is meant. */
import { ONNX_TYPE } from '../../ops/builder.ts';
import { bytesPerElement, type DType } from '../../tensor/dtype.ts';
import { FormatError } from '../error.ts';
import { fileAt, pathParts } from '../files.ts';
import type { Companion, ExternalFile } from '../model.ts';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from './proto.ts';

/** The files that hold a model's weights, each once, in the order of their first mention. */
export function companionsOf(model: ModelProto): readonly Companion[] {
  const bytes = new Map<string, number>();
  for (const tensor of tensorsOf(model)) {
    if (tensor.dataLocation !== 1) continue;
    const { location, offset, length } = placeOf(tensor);
    const end = offset + (length ?? sizeOf(tensor));
    bytes.set(location, Math.max(bytes.get(location) ?? 0, Number.isSafeInteger(end) ? end : 0));
  }
  return Array.from(bytes, ([path, size]) => ({ path, bytes: size }));
}

/** Where a tensor's bytes lie: in which file, from where, and how many; null: as many as there are. */
export function placeOf({ externalData }: TensorProto): { location: string; offset: number; length: number | null } {
  const entry = (key: string) => externalData.find((e) => e.key === key)?.value;
  const length = entry('length');
  return {
    location: entry('location') ?? '',
    offset: Number(entry('offset') ?? 0),
    length: length === undefined ? null : Number(length),
  };
}

/** Of the files at hand those that the model reads, under its own names for them. */
export const usedBy = (model: ModelProto, files: readonly ExternalFile[]): readonly ExternalFile[] =>
  companionsOf(model).flatMap(({ path }) => {
    const file = fileAt(path, files);
    return file ? [{ path, data: file.data }] : [];
  });

/** Throws a FormatError naming every file that the model needs and that is not at hand. */
export function refuseMissing(model: ModelProto, file: string, external: readonly ExternalFile[]): void {
  const missing = companionsOf(model).filter(({ path }) => !fileAt(path, external));
  if (missing.length === 0) return;
  const names = missing.slice(0, 5).map(({ path }) => `"${path}"`);
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  throw new FormatError(
    missing.length === 1
      ? `${file}: its weights lie in the file "${pathParts(missing[0].path)[0]}", which is missing. Drop it together with the model.`
      : `${file}: its weights lie in the files ${names.join(', ')}${more}, which are missing. Drop them together with the model.`,
  );
}

function* tensorsOf({ graph, functions }: ModelProto): Iterable<TensorProto> {
  if (graph) yield* ofGraph(graph);
  for (const { node, attributeProto } of functions) yield* ofNodes([...node, { attribute: attributeProto }]);
}

function* ofGraph({ initializer, node }: GraphProto): Iterable<TensorProto> {
  yield* initializer;
  yield* ofNodes(node);
}

function* ofNodes(nodes: readonly Pick<NodeProto, 'attribute'>[]): Iterable<TensorProto> {
  for (const { attribute } of nodes)
    for (const { t, g } of attribute as AttributeProto[]) {
      if (t) yield t;
      if (g) yield* ofGraph(g);
    }
}

const dtypeOf = new Map(Object.entries(ONNX_TYPE).map(([dtype, no]) => [no, dtype as DType]));

function sizeOf({ dims, dataType }: TensorProto): number {
  const dtype = dtypeOf.get(dataType);
  return dtype ? dims.reduce((n, d) => n * d, 1) * bytesPerElement(dtype) : 0;
}
