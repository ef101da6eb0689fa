/** @file TensorFlow's own files: a frozen graph, or the graph of a SavedModel. */
import { FormatError } from '../error.ts';
import type { ImportedModel } from '../model.ts';
import { decode, type Message } from '../protobuf/wire.ts';
import type { ReadOptions, SourceFiles } from '../readers.ts';
import * as proto from './proto.ts';
import type { GraphDef, SignatureDef, Versions } from './proto.ts';
import { readGraph, VARIABLES_BESIDE } from './read.ts';

const DEFAULT_SIGNATURE = 'serving_default';

export function decodeFile<T>(type: Message<T>, bytes: Uint8Array, file: string, what: string): T {
  try {
    return decode(type, bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(
      `${file}: not a readable ${what} (${reason}). The file is damaged, cut short or of another format: export or download it again.`,
      { cause: error },
    );
  }
}

export function refuseEmpty(graph: GraphDef | null, file: string): GraphDef {
  if (!graph || graph.node.length === 0)
    throw new FormatError(`${file}: it holds no graph of TensorFlow. Choose the file that the exporter wrote.`);
  return graph;
}

export const versionOf = (versions: Versions | null): string =>
  versions?.producer ? `GraphDef version ${versions.producer}` : 'GraphDef';

/** A frozen graph: all weights are constants in it. Its outputs are what no node reads. */
export function readGraphDef({ file, bytes }: SourceFiles, options: ReadOptions): ImportedModel {
  const graph = refuseEmpty(decodeFile(proto.Graph, bytes, file, 'graph of TensorFlow'), file);
  const info = { producer: 'TensorFlow', version: versionOf(graph.versions), opset: null };
  const model = { format: 'tensorflow' as const, file, graph, signature: null, weights: new Map(), external: [], info };
  return readGraph(model, options);
}

/** The graph of a SavedModel can be used where its variables are constants; else the answer says what to do. */
export function readSavedModel({ file, bytes }: SourceFiles, options: ReadOptions): ImportedModel {
  const saved = decodeFile(proto.Saved, bytes, file, 'SavedModel');
  const meta = saved.metaGraphs.find((m) => m.metaInfoDef?.tags.includes('serve')) ?? saved.metaGraphs[0];
  const graph = refuseEmpty(meta?.graphDef ?? null, file);
  const version = meta.metaInfoDef?.tensorflowVersion ?? '';
  if (holdsVariables(graph)) throw new FormatError(`${file}: this is a SavedModel, and ${VARIABLES_BESIDE}`);
  const info = { producer: `TensorFlow ${version}`.trim(), version: versionOf(graph.versions), opset: null };
  const signature = signatureOf(meta.signatureDef);
  const model = { format: 'tensorflow' as const, file, graph, signature, weights: new Map(), external: [], info };
  return readGraph(model, options);
}

const signatureOf = (entries: readonly proto.SignatureEntry[]): SignatureDef | null =>
  (entries.find(({ key }) => key === DEFAULT_SIGNATURE) ?? entries.find(({ value }) => value?.inputs.length))?.value ??
  null;

const holdsVariables = ({ node, library }: GraphDef): boolean =>
  [...node, ...(library?.function ?? []).flatMap((f) => f.nodeDef)].some(({ op }) =>
    ['VarHandleOp', 'VariableV2', 'ReadVariableOp'].includes(op),
  );
