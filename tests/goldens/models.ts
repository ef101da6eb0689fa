/** @file A golden model as a ModelGraph. */
import { exampleShape } from '../../src/lib/attribution/target.ts';
import type { ModelGraph, Target } from '../../src/lib/attribution/types.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { topologicalOrder, Value, type Graph } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { isFloat } from '../../src/lib/tensor/dtype.ts';
import { stridesOf } from '../../src/lib/tensor/tensor.ts';
import type { GoldenCase, GoldenFile, GoldenFolder } from './folder.ts';

/** F is taken from the output as it is; `probabilities` is not used. */
const modelOf = (name: string, input: Value, output: Value, batched: boolean): ModelGraph => ({
  graph: { name, inputs: [input], outputs: [output] },
  input,
  images: [input],
  logits: output,
  probabilities: output,
  batched,
});

export function openModel(folder: GoldenFolder, { file }: GoldenFile): ModelGraph {
  const { graph, batched } = readOnnx(folder.bytes(file), `${folder.name}/${file}`);
  return asModel(file, graph, batched);
}

/** A graph of one input and one output. Word numbers are fed as floats, so that whatever replaces some of them works on both. */
export function asModel(name: string, graph: Graph, batched: boolean): ModelGraph {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  if (isFloat(input.dtype)) return { ...modelOf(name, input, output, batched), graph };
  const g = new Builder();
  const fed = new Value('float32', input.shape, { name: input.name });
  const at = cloneBetween(new Map([[input, g.cast(fed, input.dtype)]]), [output]);
  return modelOf(name, fed, at(output), batched);
}

/** The activation that a case calls its layer, or null where the file has none such. Throws where it was lost. */
export function layerOf(model: ModelGraph, { layers }: GoldenFile, alias: string): Value | null {
  const known = layers[alias];
  if (!known?.onnx_tensor) return null;
  const wanted = [known.onnx_tensor, ...(known.same_value_tensors ?? [])];
  const values = topologicalOrder([model.logits]).flatMap((node) => node.outputs);
  const found = wanted.map((name) => values.find((v) => v.name === name)).find((v) => v !== undefined);
  if (!found) throw new Error(`layer ${alias}: no activation is named ${wanted.join(' or ')}`);
  return found;
}

/** Output [N, C, …] summed over everything behind C. */
export function summedOf(model: ModelGraph): ModelGraph {
  const g = new Builder();
  const axes = model.logits.shape.map((_, axis) => axis).slice(2);
  return modelOf('summed', model.input, g.reduceSum(model.logits, axes, false), model.batched);
}

const SUM = /^sum over all pixels of class (\d+)$/;

/** The model and the target that a case asks about, for one of its examples. */
export function targetOf(model: ModelGraph, { target }: GoldenCase, example: number): { model: ModelGraph; target: Target } {
  const logit = (index: number): Target => ({ kind: 'logit', index });
  if (target === null) return { model, target: logit(0) };
  if (typeof target === 'number') return { model, target: logit(target) };
  if (typeof target === 'string') {
    const sum = target.match(SUM);
    if (!sum) throw new Error(`target "${target}" is not understood`);
    return { model: summedOf(model), target: logit(Number(sum[1])) };
  }
  const perExample = model.logits.shape.length === 2 || Array.isArray(target[0]);
  return { model, target: logit(flatIndex(model.logits, perExample ? target[example] : (target as readonly number[]))) };
}

/** The place of an element, given by its index vector, after the batch axis. */
export function flatIndex(value: Value, index: number | readonly number[]): number {
  const strides = stridesOf(exampleShape(value).slice(1));
  return [index].flat().reduce<number>((at, i, axis) => at + i * strides[axis], 0);
}
