/** @file TF.js graph models: model.json with a graph of TensorFlow in it, and its weights in files beside it. */
import { FormatError } from '../error.ts';
import { fileAt } from '../files.ts';
import type { ExternalFile, ImportedModel } from '../model.ts';
import type { ReadOptions, SourceFiles } from '../readers.ts';
import type { Message } from '../protobuf/wire.ts';
import { refuseEmpty, versionOf } from '../tensorflow/graphdef.ts';
import { fromJson } from '../tensorflow/json.ts';
import * as proto from '../tensorflow/proto.ts';
import { readGraph } from '../tensorflow/read.ts';
import { readWeights } from './weights.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Throws a FormatError where the file is damaged, weights are missing, or operators are not supported. */
export function readGraphModel(source: SourceFiles, options: ReadOptions): ImportedModel {
  const { file } = source;
  const json = parse(source);
  const graph = refuseEmpty(message(proto.Graph, json.modelTopology, file), file);
  refuseInitializer(json, file);
  const declared = signatureIn(json);
  const weights = readWeights(json.weightsManifest, source);
  const info = {
    producer: [json.convertedBy, json.generatedBy].filter((v) => typeof v === 'string').join(', '),
    version: versionOf(graph.versions),
    opset: null,
  };
  const signature = declared ? message(proto.Signature, declared, file) : null;
  return readGraph(
    { format: 'tfjs-graph', file, graph, signature, weights, external: shards(json, source), info },
    options,
  );
}

function parse({ file, bytes }: SourceFiles): Json {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(
      `${file}: not readable as JSON (${reason}). The file is damaged or cut short: export or download it again.`,
      { cause: error },
    );
  }
  if (!isObject(json) || !isObject(json.modelTopology))
    throw new FormatError(
      `${file}: it holds no graph (modelTopology). Choose the model.json that the converter wrote.`,
    );
  return json;
}

function message<T>(type: Message<T>, json: unknown, file: string): T {
  try {
    return fromJson(type, json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${file}: not a readable graph model (${reason}). The file is damaged: export it again.`, {
      cause: error,
    });
  }
}

/** Older converters wrote it among what a user may add. */
function signatureIn({ signature, userDefinedMetadata }: Json): unknown {
  return signature ?? (isObject(userDefinedMetadata) ? userDefinedMetadata.signature : null) ?? null;
}

/** A graph that fills tables before the first run: classifiers of images have none. */
function refuseInitializer({ modelInitializer }: Json, file: string): void {
  if (!isObject(modelInitializer) || !Array.isArray(modelInitializer.node) || modelInitializer.node.length === 0)
    return;
  const ops = [...new Set(modelInitializer.node.map((n) => (isObject(n) ? String(n.op) : '')))].slice(0, 10);
  throw new FormatError(
    `${file}: it fills tables before it runs (modelInitializer: ${ops.join(', ')}), which is not supported. Export the model without lookup tables.`,
  );
}

/** The files of weights that were dropped, under the model's names for them. */
function shards({ weightsManifest }: Json, { beside }: SourceFiles): ExternalFile[] {
  const groups = (weightsManifest as { paths: unknown[] }[]).flatMap(({ paths }) => paths.map(String));
  return [...new Set(groups)].map((path) => ({ path, data: fileAt(path, beside)!.data }));
}
