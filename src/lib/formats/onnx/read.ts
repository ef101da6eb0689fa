/** @file ONNX file → Graph: functions inlined, every operator set brought to one, shape arithmetic computed, batch axis symbolic. */
import '../../ops/index.ts';
import { topologicalOrder, VITRINE, type Graph } from '../../graph/graph.ts';
import { recognise } from '../../ops/passes/recognise.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { withBatch } from '../batch.ts';
import { FormatError } from '../error.ts';
import type { Declared, InputOptions } from '../inputs.ts';
import type { ExternalFile, ImportedModel } from '../model.ts';
import { inlineFunctions, opsetsOf, sortNodes, type FileNode } from './flatten.ts';
import { buildGraph } from './build.ts';
import { refuseMissing, usedBy } from './external.ts';
import { declaredInputs, declaredOutputs } from './inputs.ts';
import { decodeModel } from './model-file.ts';
import { isSupported, operatorName } from './normalize/table.ts';
import type { GraphProto, ModelProto } from './proto.ts';

export interface ReadOptions extends InputOptions {
  /** Files dropped together with the model, found by their name and by as much of their folder as is known. */
  readonly external?: readonly ExternalFile[];
  /** false: one example at a time, even if the model could take more. Default true. */
  readonly batched?: boolean;
  /** Inputs that are fixed to a value: they become constants. */
  readonly constants?: Readonly<Record<string, Tensor>>;
  /** Whether exported decompositions (GELU, SiLU, LayerNormalization …) become one operator each. Default true. */
  readonly recognise?: boolean;
}

export interface OnnxInfo {
  readonly irVersion: number;
  /** Versions of all operator sets by domain ('' is ONNX's own). */
  readonly domains: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly doc: string;
}

export interface OnnxModel extends ImportedModel {
  readonly format: 'onnx';
  readonly info: ImportedModel['info'] & OnnxInfo & { readonly opset: number };
}

/** Newest operator set whose changes are known. */
const NEWEST_OPSET = 28;

/**
 * Reads a model. `file` is its name in errors. Throws a FormatError where the bytes are no ONNX model, are damaged,
 * need a file that is not in `external`, or use operators that are not supported (all of them are named at once).
 */
export function readOnnx(bytes: Uint8Array, file: string, options: ReadOptions = {}): OnnxModel {
  const model = decodeModel(bytes, file);
  const { graph } = model;
  const context = { file, external: options.external ?? [] };
  refuseMissing(model, file, context.external);
  if (graph.sparseInitializer.length > 0) {
    throw new FormatError(
      `${file}: sparse_initializer "${graph.sparseInitializer[0].values?.name ?? ''}" is not supported. Export the model with dense weights.`,
    );
  }
  const weights = new Map(graph.initializer.map((t) => [t.name, t]));
  const fixed = new Map(Object.entries(options.constants ?? {}));
  const inputs = declaredInputs(graph, new Set([...weights.keys(), ...fixed.keys()]), file);
  const outputs = declaredOutputs(graph);
  const known = new Set<string>([...weights.keys(), ...fixed.keys(), ...inputs.map((v) => v.name)]);
  const all = inlineFunctions(model, context);
  if (outputs.names.length === 0) {
    refuseUnsupported(all, file);
    throw new FormatError(`${file}: no output is a tensor of numbers. Export the model with its scores as an output.`);
  }
  const nodes = sortNodes(all, outputs.names, known, file);
  refuseUnsupported(nodes, file);

  const source = { nodes, inputs, outputs: outputs.names, weights, fixed, context, options };
  const { values, batched, notes } = withBatch(options.batched ?? true, (symbolic) => buildGraph(source, symbolic));
  const imported = { name: graph.name || file, inputs: values.inputs, outputs: values.outputs };
  return {
    format: 'onnx',
    graph: options.recognise === false ? imported : recognise(imported),
    info: infoOf(model),
    inputs,
    outputs: outputs.names,
    external: usedBy(model, context.external),
    batched: batched && values.inputs.some((v) => typeof v.shape[0] === 'object'),
    notes: [
      ...outputs.notes,
      ...nameNotes(graph),
      ...versionNotes(model),
      ...precisionNotes(inputs),
      ...quantizationNotes(imported),
      ...notes,
    ],
  };
}

function refuseUnsupported(nodes: readonly FileNode[], file: string): void {
  const unsupported = Map.groupBy(
    nodes.filter((node) => !isSupported(node)),
    operatorName,
  );
  if (unsupported.size === 0) return;
  const list = [...unsupported].map(
    ([op, found]) => `${op} (×${found.length}, first: "${found[0].name || found[0].outputs[0]}")`,
  );
  throw new FormatError(
    `${file}: ${unsupported.size} unsupported operator${unsupported.size > 1 ? 's' : ''}: ${list.join(', ')}. Export the model without ${unsupported.size > 1 ? 'them' : 'it'}; docs/ops.md lists the supported ones.`,
  );
}

/** onnxruntime takes the last of several weights of one name, too. */
function nameNotes({ initializer }: GraphProto): string[] {
  const sameName = [...Map.groupBy(initializer, ({ name }) => name)].filter(([, found]) => found.length > 1);
  return sameName.map(
    ([name, { length }]) => `The file holds ${length} weights called "${name}"; the last one is used.`,
  );
}

function infoOf(model: ModelProto & { graph: GraphProto }): OnnxModel['info'] {
  const domains = Object.fromEntries(opsetsOf(model.opsetImport));
  return {
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    version: `opset ${domains[''] ?? 1}`,
    irVersion: model.irVersion,
    opset: domains[''] ?? 1,
    domains,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    doc: model.docString || model.graph.docString,
  };
}

function versionNotes(model: ModelProto): string[] {
  const opset = opsetsOf(model.opsetImport).get('') ?? 1;
  if (opset > NEWEST_OPSET)
    return [
      `The file uses operator set ${opset}, newer than ${NEWEST_OPSET}, the newest that is known: operators may have changed.`,
    ];
  return [];
}

/** Gradients of a quantised model follow a convention, which the person has to know. */
function quantizationNotes({ outputs }: Graph): string[] {
  const count = topologicalOrder(outputs).filter((n) => n.domain === VITRINE && n.op === 'RoundClip').length;
  if (count === 0) return [];
  return [
    `The model rounds to quantised numbers in ${count} place${count > 1 ? 's' : ''}. Gradients go through as if nothing were rounded (straight-through), and stop where a number is cut off.`,
  ];
}

function precisionNotes(inputs: readonly Declared[]): string[] {
  const odd = inputs.find((v) => v.dtype === 'float16' || v.dtype === 'bfloat16' || v.dtype === 'float64');
  return odd ? [`The file computes in ${odd.dtype}; it is computed in float32 here.`] : [];
}
