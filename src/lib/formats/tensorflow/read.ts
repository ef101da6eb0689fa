/** @file GraphDef → Graph: functions inlined, control flow that is known folded, shape arithmetic computed, batch axis symbolic. */
import '../../ops/index.ts';
import { recognise } from '../../ops/passes/recognise.ts';
import { cancelTransposes } from '../../ops/passes/transposes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { withBatch } from '../batch.ts';
import { FormatError } from '../error.ts';
import type { Declared } from '../inputs.ts';
import type { ImportedModel } from '../model.ts';
import { sortNodes } from '../onnx/flatten.ts';
import type { ReadOptions } from '../readers.ts';
import { buildGraph, type SortedNode } from './build.ts';
import { Constants } from './constants.ts';
import { foldControl } from './control.ts';
import { joinDilated } from './dilation.ts';
import { Flattened, outputOf, tensorName, type FlatNode } from './flatten.ts';
import { Known } from './known.ts';
import { rowOf } from './ops/table.ts';
import type { GraphDef, SignatureDef } from './proto.ts';
import { inputsOf, outputsOf } from './signature.ts';

/** A model of TensorFlow, whatever wrote it down. */
export interface TensorFlowModel extends Pick<ImportedModel, 'format' | 'info' | 'external'> {
  readonly file: string;
  readonly graph: GraphDef;
  /** null: inputs and outputs are what the nodes leave open. */
  readonly signature: SignatureDef | null;
  /** Constants that lie beside the graph, by the names of their nodes. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** Throws a FormatError where the graph is damaged or uses what is not supported; all such operators are named at once. */
export function readGraph(model: TensorFlowModel, options: ReadOptions): ImportedModel {
  const { file, graph, signature } = model;
  const constants = new Constants(model.weights);
  const flat = new Flattened(graph, file);
  const known = new Known(flat, (node) => constants.peek(node));
  foldControl(flat, known);
  joinDilated(flat, known);

  const names = outputsOf(graph, signature, file);
  const outputs = names.map((name) => flat.resolve(name));
  const needed = reachable(flat, outputs);
  const inputs = inputsOf(needed, graph, signature, file);
  refuseUnsupported(needed, inputs, file);
  const nodes = sortNodes(withOutputs(flat, needed, outputs), outputs, new Set(), file);

  const source = { file, nodes, inputs, outputs, constants, options };
  const { values, batched, notes } = withBatch(options.batched ?? true, (symbolic) => buildGraph(source, symbolic));
  return {
    format: model.format,
    graph: recognise(cancelTransposes({ name: file, inputs: values.inputs, outputs: values.outputs })),
    info: model.info,
    inputs,
    outputs: names,
    external: model.external,
    batched: batched && values.inputs.some((v) => typeof v.shape[0] === 'object'),
    notes,
  };
}

/** The nodes that `outputs` need, in file order. */
function reachable(flat: Flattened, outputs: readonly string[]): FlatNode[] {
  const byName = Map.groupBy(flat.nodes, ({ name }) => name);
  const found = new Set<FlatNode>();
  const open = [...outputs];
  for (let tensor = open.pop(); tensor !== undefined; tensor = open.pop())
    for (const node of byName.get(outputOf(tensor).node) ?? []) {
      if (found.has(node)) continue;
      found.add(node);
      for (const input of node.inputs) open.push(flat.resolve(input));
    }
  return flat.nodes.filter((node) => found.has(node));
}

/** Most outputs of one node that can be read. */
const MOST_OUTPUTS = 4096;

/** Nodes with their final edges: as many outputs as somebody reads. Inputs of the graph read nothing. */
function withOutputs(flat: Flattened, nodes: readonly FlatNode[], outputs: readonly string[]): SortedNode[] {
  const resolved = nodes.map((node) => ({ ...node, inputs: node.inputs.map((i) => flat.resolve(i)) }));
  const counts = new Map<string, number>();
  for (const tensor of [...outputs, ...resolved.flatMap(({ inputs }) => inputs)]) {
    const { node, index } = outputOf(tensor);
    if (index < MOST_OUTPUTS) counts.set(node, Math.max(counts.get(node) ?? 0, index + 1));
  }
  return resolved.map((node) => ({
    ...node,
    outputs: Array.from({ length: counts.get(node.name) ?? 1 }, (_, i) => tensorName(node.name, i)),
  }));
}

const LOOPS: ReadonlySet<string> = new Set(['Enter', 'Exit', 'NextIteration', 'LoopCond', 'While', 'StatelessWhile']);
const VARIABLES: ReadonlySet<string> = new Set(['VarHandleOp', 'ReadVariableOp', 'Variable', 'VariableV2']);

function refuseUnsupported(nodes: readonly FlatNode[], inputs: readonly Declared[], file: string): void {
  const fed = new Set(inputs.map(({ name }) => name));
  const unsupported = Map.groupBy(
    nodes.filter((node) => node.op !== 'Const' && !fed.has(node.name) && !rowOf(node.op)),
    ({ op }) => op,
  );
  if (unsupported.size === 0) return;
  if ([...unsupported.keys()].some((op) => VARIABLES.has(op))) throw new FormatError(`${file}: ${VARIABLES_BESIDE}`);
  const list = [...unsupported].map(([op, found]) => `${op} (×${found.length}, first: "${found[0].name}")`);
  const way = [...unsupported.keys()].some((op) => LOOPS.has(op))
    ? 'Loops cannot be explained; export the model without them'
    : `Export the model without ${unsupported.size > 1 ? 'them' : 'it'}`;
  throw new FormatError(
    `${file}: ${unsupported.size} unsupported operator${unsupported.size > 1 ? 's' : ''}: ${list.join(', ')}. ${way}; docs/formats.md lists the supported ones.`,
  );
}

/** What to do with a graph whose weights lie elsewhere. */
export const VARIABLES_BESIDE =
  'its weights are variables that lie beside it in a form that cannot be read. Convert the model with tensorflowjs_converter (to a graph model) or tf2onnx, or freeze its variables into constants, and drop the result.';
