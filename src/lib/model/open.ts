/** @file From dropped files to a model that can be asked: read, find its ends, list its layers, check its numbers. */
import { methods } from '../attribution/index.ts';
import type { ModelGraph } from '../attribution/types.ts';
import { isBatch } from '../graph/dim.ts';
import { constantsOf, dependents, parameterCount, topologicalOrder, type Graph, type Value } from '../graph/graph.ts';
import { readOnnx, type OnnxModel } from '../formats/onnx/read.ts';
import { isFloat, type TensorData } from '../tensor/dtype.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { detectImageInput, preprocessingFor, type ImageInput } from '../vision/preprocess.ts';
import { createEngine, type ModelEngine } from './engine.ts';
import { refuseCostly } from './cost.ts';
import { forwardDifference } from './forward-check.ts';
import { classesOf, headsOf } from './heads.ts';
import { parseLabels, refuseLargeLabels } from './labels.ts';
import { defaultLayer, layersOf, type Layer } from './layers.ts';
import { sha256 } from './sha256.ts';
import type { MethodInfo, ModelInfo, OptionSchema, ProgressReport } from './types.ts';

export interface NamedBytes {
  readonly name: string;
  /** Of the model: the output that is explained. */
  readonly output?: string | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface LoadedModel {
  readonly info: ModelInfo;
  readonly model: ModelGraph;
  readonly engine: ModelEngine;
  readonly image: ImageInput;
  readonly layers: readonly Layer[];
  readonly labels: readonly string[];
}

interface OpenOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProgressReport) => void;
}

/** Relative difference to onnxruntime running the file itself above which the person is told. */
const VISIBLE_DIFFERENCE = 1e-4;

/**
 * Opens the model among `files`; label files and external data are found by their names. Throws an Error that names
 * the file and says what to do where there is no model, or one that is no image classifier.
 */
export async function openModel(
  runtime: Runtime,
  files: readonly NamedBytes[],
  { signal, onProgress }: OpenOptions,
): Promise<LoadedModel> {
  const doing = (what: string, fraction: number) => onProgress({ doing: what, fraction, secondsLeft: null });
  const { main, external, labelFile } = sortFiles(files);
  doing(`reading ${main.name}`, 0.1);
  const onnx = readOnnx(main.bytes, main.name, { external });
  const { model, image, output, outputs } = classifierOf(onnx, main.name, main.output);
  refuseCostly(onnx.graph, main.name);
  const layers = layersOf(model.input, model.logits);
  const digest = await sha256(main.bytes);
  signal.throwIfAborted();

  doing('checking its numbers', 0.4);
  const parameters = parameterCount(onnx.graph);
  const engine = createEngine(runtime, { weightBytes: 4 * parameters });
  const difference = await forwardDifference(runtime, { bytes: main.bytes, external }, onnx);
  signal.throwIfAborted();

  doing('listing its methods', 0.8);
  if (labelFile) refuseLargeLabels(labelFile);
  const labels = labelFile ? parseLabels(labelFile.name, new TextDecoder().decode(labelFile.bytes)) : [];
  const classes = classesOf(model.logits);
  const info: ModelInfo = {
    name: main.name,
    sha256: digest,
    bytes: files.reduce((n, f) => n + (f === labelFile ? 0 : f.bytes.byteLength), 0),
    format: 'onnx',
    producer: onnx.info.producer,
    opset: onnx.info.opset,
    parameters,
    nodes: topologicalOrder(onnx.graph.outputs).length,
    input: { name: model.input.name, shape: model.input.shape.map((d) => (isBatch(d) ? null : d)) },
    outputs,
    output,
    classes,
    labels,
    preprocessing: preprocessingFor(presetFor(onnx), image),
    layers: layers.map((l) => l.info),
    defaultLayer: defaultLayer(layers, model.logits)?.info.id ?? null,
    methods: methodsFor(model),
    forwardDifference: difference.value,
    notes: [
      ...onnx.notes,
      ...difference.notes,
      ...differenceNotes(difference.value),
      ...weightNotes(onnx.graph),
      ...labelNotes(labels, classes, labelFile?.name),
    ],
  };
  return { info, model, engine, image, layers, labels };
}

function sortFiles(files: readonly NamedBytes[]) {
  const isModel = ({ name }: NamedBytes) => /\.(onnx|ort|pb)$/i.test(name) || files.length === 1;
  const isLabels = ({ name }: NamedBytes) => /\.(txt|json|csv|names)$/i.test(name);
  const candidates = files.filter(isModel);
  const [main] = candidates;
  if (!main) {
    const names = files.map((f) => f.name).join(', ');
    throw new Error(
      `${names || 'Nothing'}: no model among the files. Drop an .onnx file, with its external data and labels if it has them.`,
    );
  }
  const labelFile = files.find((f) => f !== main && isLabels(f));
  const external = files.filter((f) => f !== main && f !== labelFile).map((f) => ({ path: f.name, data: f.bytes }));
  return { main, external, labelFile };
}

/** The image input and the class scores. Throws where there is not exactly one image, or no output that depends on it. */
function classifierOf(
  onnx: OnnxModel,
  file: string,
  wanted: string | undefined,
): { model: ModelGraph; image: ImageInput; output: string; outputs: string[] } {
  const floats = onnx.graph.inputs.filter((v) => isFloat(v.dtype));
  if (onnx.graph.inputs.length !== 1 || floats.length !== 1) {
    const list = onnx.graph.inputs.map((v) => `"${v.name}" ${v.dtype}[${v.shape}]`).join(', ');
    throw new Error(
      `${file}: has ${onnx.graph.inputs.length} inputs (${list || 'none'}). Vitrine explains models with one image as their input.`,
    );
  }
  const [input] = floats;
  const shape = input.shape.slice(1).map(Number);
  const image = detectImageInput(shape);
  if (!image) {
    throw new Error(
      `${file}: input "${input.name}" has the shape [${input.shape}], which is no image. Vitrine needs [batch, 1 or 3, height, width] or [batch, height, width, 1 or 3].`,
    );
  }
  const outputs = scoresOf(onnx, input, file);
  const output = wanted === undefined ? outputs[0] : outputs.find((v) => v.name === wanted);
  if (!output)
    throw new Error(
      `${file}: has no output "${wanted}" with class scores. Choose one of ${outputs.map((v) => v.name).join(', ')}.`,
    );
  const { logits, probabilities } = headsOf(output.value);
  const model: ModelGraph = {
    graph: { name: onnx.graph.name, inputs: [input], outputs: [logits] },
    input,
    logits,
    probabilities,
    batched: onnx.batched,
  };
  return { model, image, output: output.name, outputs: outputs.map((v) => v.name) };
}

/** The float outputs that depend on the image and have one row per example; at least one. */
function scoresOf({ graph, outputs: names }: OnnxModel, input: Value, file: string): { name: string; value: Value }[] {
  const { outputs } = graph;
  const reached = dependents([input], outputs);
  const found = outputs
    .map((value, i) => ({ name: names[i], value }))
    .filter(
      ({ value: v }) => isFloat(v.dtype) && reached.has(v) && v.shape.length >= 2 && v.shape[0] === input.shape[0],
    );
  if (found.length > 0) return found;
  const list = outputs.map((v) => `"${v.name}" ${v.dtype}[${v.shape}]`).join(', ');
  throw new Error(
    `${file}: none of its outputs (${list}) holds class scores for the image, [batch, classes]. Export the classifier with its logits as an output.`,
  );
}

/** A guess from what wrote the file; the person sees it and can change it. */
function presetFor({ info }: OnnxModel): string {
  if (/tf2onnx|keras|tensorflow/i.test(info.producer)) return 'minus-one-to-one';
  if (/caffe|winml|onnxmltools|coreml/i.test(info.producer)) return 'caffe';
  return 'torchvision';
}

function methodsFor(model: ModelGraph): MethodInfo[] {
  return methods.map(({ id, title, description, citation, options, needs, signed, unavailable }) => ({
    id,
    title,
    description,
    citation,
    options: JSON.parse(JSON.stringify(options)) as OptionSchema,
    needs,
    signed,
    unavailable: unavailable(model),
  }));
}

const differenceNotes = (difference: number | null): string[] =>
  difference !== null && difference > VISIBLE_DIFFERENCE
    ? [`Vitrine's forward pass differs from onnxruntime running the file by ${difference.toExponential(1)} (relative).`]
    : [];

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

const labelNotes = (labels: readonly string[], classes: number, file: string | undefined): string[] =>
  labels.length > 0 && labels.length !== classes
    ? [`${file}: ${labels.length} labels for ${classes} classes; check that they belong to this model.`]
    : [];
