/** @file TensorFlow Lite file → Graph: real numbers throughout, layouts of ONNX inside, batch axis symbolic. */
import '../../ops/index.ts';
import { recognise } from '../../ops/passes/recognise.ts';
import { cancelTransposes } from '../../ops/passes/transposes.ts';
import { withBatch } from '../batch.ts';
import { FormatError } from '../error.ts';
import type { Declared } from '../inputs.ts';
import type { ExternalFile, ImportedModel } from '../model.ts';
import type { ReadOptions } from '../readers.ts';
import { buildGraph } from './build.ts';
import { isControl } from './operators/control.ts';
import { metadataOf, type Metadata } from './metadata.ts';
import { decodeModel, type ModelFile } from './model-file.ts';
import type { TensorTable } from './schema.ts';
import { fileType, graphType, isQuantized, rangeOf } from './tensors.ts';

/**
 * Reads a model. `file` is its name in errors. Throws a FormatError where the bytes are no such model, are damaged, or use operators
 * that are not supported (all of them are named at once).
 */
export function readTflite(bytes: Uint8Array, file: string, options: ReadOptions = {}): ImportedModel {
  const source = decodeModel(bytes, file);
  const { graph, model } = source;
  const metadata = metadataOf(model, bytes);
  const inputs = declaredInputs(source, metadata, file);
  const build = (symbolic: boolean) => buildGraph({ file, source, inputs, options }, symbolic);
  const { values, batched, notes } = withBatch(options.batched ?? true, build);
  const imported = { name: graph.name || file, inputs: values.inputs, outputs: values.outputs };
  return {
    format: 'tflite',
    graph: recognise(cancelTransposes(imported)),
    info: {
      producer: model.description,
      version: `TensorFlow Lite schema ${model.version}`,
      opset: null,
    },
    inputs,
    outputs: graph.outputs.map((i) => graph.tensors[i].name),
    labels: labelsOf(source, metadata),
    external: [],
    batched: batched && values.inputs.some((v) => typeof v.shape[0] === 'object'),
    notes: [...graphNotes(source), ...quantisationNotes(source), ...metadata.notes, ...notes],
  };
}

/** Inputs as they are fed: real numbers where the file has quantised ones or bytes. */
function declaredInputs({ graph }: ModelFile, { normalizations }: Metadata, file: string): Declared[] {
  const names = graph.inputs.map((index) => graph.tensors[index].name);
  return graph.inputs.map((index, i) => {
    const tensor = graph.tensors[index];
    const name = names[i] && names.indexOf(names[i]) === i ? names[i] : `${names[i] || 'input'}:${i}`;
    const dtype = inputType(tensor, file);
    const range = inputRange(tensor);
    const normalization = normalizations[i];
    return {
      name,
      dtype,
      shape: openShape(tensor),
      ...(range && { range }),
      ...(normalization && { normalization }),
    };
  });
}

/** What a quantised input can hold, or one of bytes. */
function inputRange(tensor: TensorTable): readonly [number, number] | null {
  const range = rangeOf(tensor);
  if (range) return [range.low, range.high];
  return !isQuantized(tensor) && fileType(tensor) === 'uint8' ? [0, 255] : null;
}

function labelsOf({ graph }: ModelFile, { labels }: Metadata): ReadonlyMap<string, ExternalFile> {
  return new Map(
    graph.outputs.flatMap((index, i) => (labels[i] ? [[graph.tensors[index].name, labels[i]] as const] : [])),
  );
}

function inputType(tensor: TensorTable, file: string) {
  try {
    return graphType(tensor) === 'int64' ? fileType(tensor) : graphType(tensor);
  } catch (error) {
    throw new FormatError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Open lengths are −1 in the signature, and 1 in the shape. */
function openShape({ shape, shapeSignature }: TensorTable): (number | null)[] {
  const lengths = shapeSignature.length === shape.length ? shapeSignature : shape;
  return lengths.map((d) => (d > 0 ? d : null));
}

function graphNotes({ model, graph, nameOf }: ModelFile): string[] {
  const others = model.subgraphs.length - 1;
  const calls = graph.operators.some((operator) => isControl(nameOf(operator)));
  return others > 0 && !calls ? [`The file holds ${others + 1} graphs; the first one is used.`] : [];
}

const rounded = (x: number): string => String(Number(x.toPrecision(6)));

/** scale · (q − zero), without what changes nothing. */
function realNumber(scale: number, zero: number): string {
  const shifted = zero === 0 ? 'q' : `q ${zero < 0 ? '+' : '−'} ${Math.abs(zero)}`;
  if (scale === 1) return shifted;
  return `${rounded(scale)} · ${zero === 0 ? shifted : `(${shifted})`}`;
}

/** What is quantised, and what that means for the numbers that the model takes and gives. */
function quantisationNotes({ graph, dataOf }: ModelFile): string[] {
  const isWeight = (tensor: TensorTable) => dataOf(tensor).length > 0;
  const quantized = graph.tensors.filter(isQuantized);
  const weights = quantized.filter(isWeight);
  const ends = [...new Set([...graph.inputs, ...graph.outputs])].map((i) => graph.tensors[i]);
  const types = [...new Set(quantized.map((tensor) => fileType(tensor)))].join(', ');
  const whole = quantized.length > weights.length;
  if (quantized.length === 0) return ends.flatMap(byteNotes);
  return [
    whole
      ? `The file computes with quantised numbers (${types}); here they are the real numbers that they stand for, in float32 and without rounding between layers.`
      : `Weights are quantised (${types}); here they are the real numbers that they stand for, in float32.`,
    ...ends.flatMap((tensor) => [...endNotes(tensor), ...byteNotes(tensor)]),
  ];
}

function endNotes(tensor: TensorTable): string[] {
  const q = tensor.quantization;
  if (!isQuantized(tensor) || !q) return [];
  return [
    `"${tensor.name}" is ${fileType(tensor)} in the file, where q stands for ${realNumber(q.scale[0], q.zeroPoint[0] ?? 0)}; here it is that real number.`,
  ];
}

function byteNotes(tensor: TensorTable): string[] {
  const type = fileType(tensor);
  const bytes = !isQuantized(tensor) && (type === 'uint8' || type === 'int8');
  return bytes ? [`"${tensor.name}" is ${type} in the file; here it is float32 of the same numbers.`] : [];
}
