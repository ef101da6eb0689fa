/** @file What a model is made of, from its graph alone: nothing is run. */
import { bindShape, isBatch } from '../graph/dim.ts';
import { parametersOf, topologicalOrder, type Node, type Value } from '../graph/graph.ts';
import type { ImportedModel } from '../formats/model.ts';
import { attributesOf, findOp } from '../ops/define.ts';
import { supportOf, type OpSupport } from '../runtime/support.ts';
import { bytesPerElement, isFloat } from '../tensor/dtype.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { isRearranging } from './layers.ts';

export interface InspectedValue {
  readonly name: string;
  /** Of an input as the file declares it; graphs compute in float32. */
  readonly dtype: string;
  /** null for the batch axis. */
  readonly shape: readonly (number | null)[];
}

export interface InspectedLayer {
  /** Name of its first output in the model file, or what the model calls the node; '' where neither has a name. */
  readonly name: string;
  readonly op: string;
  /** Of its first output, for one example. */
  readonly shape: readonly number[];
  /** Elements of the float constants that it is the first to read. */
  readonly parameters: number;
  /** Multiply-adds for one example. */
  readonly flops: number;
}

export interface InspectedOperator {
  readonly op: string;
  readonly count: number;
  readonly flops: number;
  readonly support: readonly OpSupport[];
}

export interface Inspection {
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
  readonly parameters: number;
  /** As they are computed with, float32. */
  readonly parameterBytes: number;
  /** Multiply-adds of one forward pass for one example. */
  readonly flops: number;
  /** The most used first. */
  readonly operators: readonly InspectedOperator[];
  /** Every node, in forward order. */
  readonly layers: readonly InspectedLayer[];
}

/** The files of a model, its own first. */
export interface InspectedFile {
  readonly path: string;
  readonly bytes: number;
}

export interface InspectedModel extends Inspection {
  readonly files: readonly InspectedFile[];
}

/** Every node of a model with its parameters and multiply-adds, and what follows from them. */
export function inspect({ graph, inputs, outputs }: Pick<ImportedModel, 'graph' | 'inputs' | 'outputs'>): Inspection {
  const nodes = topologicalOrder(graph.outputs);
  const parametersFirstOf = parameterCounter();
  const layers = nodes.map((node) => layerOf(node, parametersFirstOf(node)));
  const total = (of: (layer: InspectedLayer) => number) => layers.reduce((sum, layer) => sum + of(layer), 0);
  const parameters = total((layer) => layer.parameters);
  return {
    inputs: graph.inputs.map((value, i) => ({ ...valueOf(value, inputs[i].name), dtype: inputs[i].dtype })),
    outputs: graph.outputs.map((value, i) => valueOf(value, outputs[i])),
    parameters,
    parameterBytes: parameters * bytesPerElement('float32'),
    flops: total((layer) => layer.flops),
    operators: operatorsOf(nodes, layers),
    layers,
  };
}

const layerOf = (node: Node, parameters: number): InspectedLayer => ({
  name: node.outputs[0].name || node.name,
  op: node.op,
  shape: bindShape(node.outputs[0].shape, 1),
  parameters,
  flops: flopsOf(node),
});

/** They copy elements and compute nothing, though what comes of them may be a layer to look at. */
const COPYING: ReadonlySet<string> = new Set([
  'Concat',
  'Tile',
  'DepthToSpace',
  'SpaceToDepth',
  'GatherElements',
  'GatherND',
  'ReverseSequence',
  'Trilu',
]);

/** An operator without multiplications takes a step for each element of its outputs; one that only moves elements takes none. */
export function flopsOf(node: Node): number {
  const op = findOp(node.op, node.domain);
  if (op?.flops) return op.flops(node.inputs as never, node.outputs, attributesOf(op, node));
  if (isRearranging(node.op) || COPYING.has(node.op) || !isFloat(node.outputs[0].dtype)) return 0;
  return node.outputs.reduce((sum, { shape }) => sum + sizeOf(bindShape(shape, 1)), 0);
}

/** A constant that several nodes read belongs to the first. */
function parameterCounter(): (node: Node) => number {
  const seen = new Set<Value>();
  return ({ inputs }) =>
    inputs.reduce((sum, value) => {
      if (!value?.constant || seen.has(value)) return sum;
      seen.add(value);
      return sum + parametersOf(value);
    }, 0);
}

const valueOf = ({ dtype, shape }: Value, name: string): InspectedValue => ({
  name,
  dtype,
  shape: shape.map((d) => (isBatch(d) ? null : d)),
});

function operatorsOf(nodes: readonly Node[], layers: readonly InspectedLayer[]): InspectedOperator[] {
  const found = new Map<string, InspectedOperator>();
  nodes.forEach(({ op: type, domain }, i) => {
    const op = findOp(type, domain);
    const before = found.get(type) ?? { op: type, count: 0, flops: 0, support: op ? supportOf(op) : [] };
    found.set(type, { ...before, count: before.count + 1, flops: before.flops + layers[i].flops });
  });
  return [...found.values()].toSorted((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}
