/** @file From dropped files to a model that can be asked: read, find its ends, list its layers, check its numbers. */
import { methods } from '../attribution/index.ts';
import { families } from '../attribution/method.ts';
import type { ModelGraph } from '../attribution/types.ts';
import { isBatch } from '../graph/dim.ts';
import { constantsOf, parameterCount, topologicalOrder, type Graph } from '../graph/graph.ts';
import type { ImportedModel } from '../formats/model.ts';
import { readModel } from '../formats/read.ts';
import type { TensorData } from '../tensor/dtype.ts';
import type { ModelFile, Runtime } from '../runtime/runtime.ts';
import { modelsAmong, sniff } from '../sniff/roles.ts';
import type { ImageInput } from '../vision/preprocess.ts';
import { endsOf } from './classifier.ts';
import { digestOf, weightsOf } from './digest.ts';
import type { InspectedFile } from './inspect.ts';
import { measureBatch } from './batch.ts';
import { createEngine, type ModelEngine } from './engine.ts';
import { longPass, refuseCostly } from './cost.ts';
import { refuseTooLarge } from './memory.ts';
import { forwardDifference, leftOut } from './forward-check.ts';
import { classesOf } from './heads.ts';
import { labelsAmong } from './labels.ts';
import { defaultLayer, layersOf, type Layer } from './layers.ts';
import { expectedBy } from './preset.ts';
import type { MethodInfo, ModelInfo, OptionSchema, ProgressReport } from './types.ts';

export interface NamedBytes {
  readonly name: string;
  /** Of the model: the output that is explained. */
  readonly output?: string | undefined;
  /** Of the model: it is wanted, however long a pass takes. */
  readonly anyCost?: boolean | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface LoadedModel {
  readonly info: ModelInfo;
  /** What its programs run on. */
  readonly runtime: Runtime;
  readonly imported: ImportedModel;
  /** Its own file and those that hold its weights. */
  readonly files: readonly InspectedFile[];
  readonly model: ModelGraph;
  readonly engine: ModelEngine;
  /** Geometry of each image input. */
  readonly images: readonly ImageInput[];
  readonly layers: readonly Layer[];
  readonly labels: readonly string[];
}

interface OpenOptions {
  /** Another runtime for this model, where there is a better one. */
  readonly choose?: (graph: Graph, sha256: string) => Promise<Runtime>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProgressReport) => void;
}

/** A classifier as its files describe it: everything that is known of it before anything runs. */
export interface Classifier {
  readonly file: NamedBytes;
  readonly external: ModelFile['external'];
  readonly labels: readonly string[];
  readonly imported: ImportedModel;
  readonly model: ModelGraph;
  /** Geometry of each image input. */
  readonly images: readonly ImageInput[];
  readonly layers: readonly Layer[];
  readonly info: Omit<ModelInfo, 'sha256' | 'forwardDifference'>;
}

/**
 * Opens the model among `files`; label files and external data are found by their names. Throws an Error that names
 * the file and says what to do where there is no model, or one that is no image classifier; a LongPass where its
 * passes take so long that the person is asked first.
 */
export async function openModel(
  given: Runtime,
  files: readonly NamedBytes[],
  { signal, onProgress, choose = async () => given }: OpenOptions,
): Promise<LoadedModel> {
  const doing = (what: string, fraction: number) => onProgress({ doing: what, fraction, secondsLeft: null });
  doing(`reading ${modelAmong(files).name}`, 0.1);
  const classifier = await readClassifier(files);
  const { file, external, imported, model, images, layers, labels } = classifier;
  const beside = files.filter((f) => f !== file);
  const digest = await digestOf(file, beside);
  signal.throwIfAborted();
  const runtime = await choose(imported.graph, digest.sha256);
  signal.throwIfAborted();

  doing('checking its numbers', 0.4);
  refuseTooLarge(runtime, imported.graph, file.name);
  const tooLong = await longPass(runtime, imported.graph, file.name);
  signal.throwIfAborted();
  if (tooLong && !file.anyCost) throw tooLong;
  const engine = createEngine(runtime, {
    weightBytes: 4 * classifier.info.parameters,
    measure: () => measureBatch(runtime, model),
  });
  const difference = tooLong
    ? leftOut('one pass takes too long.')
    : await forwardDifference(runtime, { bytes: file.bytes, external: external ?? [] }, imported);
  signal.throwIfAborted();
  const info: ModelInfo = {
    ...classifier.info,
    ...digest,
    forwardDifference: difference.value,
    notes: [...difference.notes, ...classifier.info.notes],
  };
  const parts = [file, ...weightsOf(file, beside)].map(({ name, bytes }) => ({ path: name, bytes: bytes.byteLength }));
  return { info, runtime, imported, files: parts, model, engine, images, layers, labels };
}

/** Reads the model among `files`, finds its ends and lists its layers and methods; nothing is run. Throws as `openModel`. */
export async function readClassifier(files: readonly NamedBytes[]): Promise<Classifier> {
  const file = modelAmong(files);
  const beside = files.filter((f) => f !== file);
  const source = beside.map(({ name, bytes }) => ({ path: name, data: bytes }));
  const imported = await readModel({ file: file.name, bytes: file.bytes, beside: source });
  const { external } = imported;
  const { model, images, output, outputs } = endsOf(imported, file.name, file.output);
  refuseCostly(imported.graph, file.name);
  const layers = layersOf(model.images, model.logits);
  const classes = classesOf(model.logits);
  const unread = beside.filter(({ bytes }) => !external.some(({ data }) => data === bytes));
  const dropped = labelsAmong(unread, classes);
  const { labels: given, name: labelFile } =
    dropped.labels.length > 0 ? dropped : packedLabels(imported, output, classes);
  // One unit says what its output is called.
  const labels = given.length === 0 && classes === 1 ? [output] : given;
  const [first, ...others] = imported.graph.inputs.map(({ name, shape }, i) => ({
    name,
    shape: shape.map((d) => (isBatch(d) ? null : d)),
    ...expectedBy(imported, i, images[i], beside),
  }));
  const info = {
    name: file.name,
    bytes: external.reduce((n, { data }) => n + data.byteLength, file.bytes.byteLength),
    format: imported.format,
    producer: imported.info.producer,
    version: imported.info.version,
    opset: imported.info.opset,
    parameters: parameterCount(imported.graph),
    nodes: topologicalOrder(imported.graph.outputs).length,
    input: { name: first.name, shape: first.shape, because: first.because },
    ...(others.length > 0 && { others }),
    outputs,
    output,
    classes,
    labels,
    preprocessing: first.preprocessing,
    layers: layers.map((l) => l.info),
    defaultLayer: defaultLayer(layers, model.logits)?.info.id ?? null,
    methods: methodsFor(model),
    notes: [...imported.notes, ...weightNotes(imported.graph), ...labelNotes(labels, classes, labelFile)],
  };
  return { file, external, labels, imported, model, images, layers, info };
}

/** Those that are packed into the model; what is wrong with them is no reason to refuse it. */
function packedLabels({ labels }: ImportedModel, output: string, classes: number): ReturnType<typeof labelsAmong> {
  const packed = labels?.get(output);
  try {
    return labelsAmong(packed ? [{ name: packed.path, bytes: packed.data }] : [], classes);
  } catch {
    return { name: '', labels: [] };
  }
}

/** The one model among `files`: a single file may have any name and content, and is refused when it is read. */
export function modelAmong(files: readonly NamedBytes[]): NamedBytes {
  const sniffed = files.map((file) => ({ ...sniff(file.name, file.bytes), file }));
  const [main, second] = files.length === 1 ? sniffed : modelsAmong(sniffed);
  if (!main) {
    const names = files.map((f) => f.name);
    const listed = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
    throw new Error(
      `${listed || 'Nothing'}: no model among the files. Drop a model (ONNX, TensorFlow.js, Keras, TensorFlow or TensorFlow Lite) with the files that hold its weights and labels, if it has them.`,
    );
  }
  if (second)
    throw new Error(`${main.name}: ${second.name} is a model, too, and one is open at a time. Drop one of them.`);
  return main.file;
}

function methodsFor(model: ModelGraph): MethodInfo[] {
  return methods.map(({ id, title, family, description, citation, options, needs, layers, signed, ...rest }) => ({
    id,
    title,
    description,
    citation,
    options: JSON.parse(JSON.stringify(options)) as OptionSchema,
    needs,
    layers,
    family: families[family],
    signed,
    unavailable: rest.unavailable(model),
    noGraph: rest.noGraph,
  }));
}

/** NaN in, NaN out: said once, on opening, instead of at every blank map. */
function weightNotes(graph: Graph): string[] {
  const spoilt = constantsOf(graph).filter(
    (v) => v.constant && v.dtype === 'float32' && holdsNonFinite(v.constant.data),
  );
  if (spoilt.length === 0) return [];
  const names = spoilt.slice(0, 3).map((v) => `"${v.name}"`);
  const more = spoilt.length > 3 ? ` and ${spoilt.length - 3} more` : '';
  return [
    `Weights that are not finite (NaN or ∞): ${names.join(', ')}${more}. Scores that depend on them mean nothing.`,
  ];
}

/** Masks of attention are −∞ on purpose. */
const holdsNonFinite = (data: TensorData): boolean => {
  for (const v of data as Float32Array) if (v !== v || v === Infinity) return true;
  return false;
};

const labelNotes = (labels: readonly string[], classes: number, file: string): string[] =>
  labels.length > 0 && labels.length !== classes
    ? [`${file}: ${labels.length} labels for ${classes} classes; check that they belong to this model.`]
    : [];
