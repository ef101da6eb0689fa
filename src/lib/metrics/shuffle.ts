/** @file A model with the weights of some layers shuffled: each tensor keeps its numbers, and nothing of what was learned. */
import type { Engine, ModelGraph, Question } from '../attribution/types.ts';
import { constantValue, topologicalOrder, type Node, type Value } from '../graph/graph.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import { random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Operators whose constants were learned. */
const LEARNED = new Set([
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'Einsum',
  'BatchNormalization',
  'LayerNormalization',
  'GroupNormalization',
  'InstanceNormalization',
]);

/** The weights of each layer that has some, from the input to the output. A tensor that two layers share is the first one's. */
export function learnedLayers({ logits }: ModelGraph): Value[][] {
  const seen = new Set<Value>();
  const layers = topologicalOrder([logits]).map((node) => {
    const own = learnedBy(node).filter((weight) => !seen.has(weight));
    own.forEach((weight) => seen.add(weight));
    return own;
  });
  return layers.filter((own) => own.length > 0);
}

const learnedBy = ({ op, inputs }: Node): Value[] =>
  LEARNED.has(op)
    ? inputs.filter((v): v is Value => v !== null && v.constant !== null && v.constant.data.length > 1)
    : [];

/** The question about the model with `weights` shuffled. `name` tells its programs from those of the model itself. */
export function withShuffled(question: Question, weights: readonly Value[], name: string): Question {
  const { model, layer, seed } = question;
  const shuffled = weights.map((weight, k): [Value, Value] => [
    weight,
    constantValue(shuffle(weight.constant!, seed + k), weight.name),
  ]);
  const on = cloneBetween(new Map(shuffled), [model.logits, model.probabilities]);
  const [logits, probabilities] = [on(model.logits), on(model.probabilities)];
  return {
    ...question,
    model: { ...model, graph: { ...model.graph, outputs: [logits] }, logits, probabilities },
    engine: renaming(question.engine, name),
    layer: layer && on(layer),
  };
}

/** The same numbers in another order, by Fisher and Yates. */
function shuffle<T extends Tensor>(tensor: T, seed: number): T {
  const { below } = random(seed);
  const data = tensor.data.slice();
  for (let i = data.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [data[i], data[j]] = [data[j], data[i]];
  }
  return { ...tensor, data };
}

const renaming = (engine: Engine, prefix: string): Engine => ({
  preferredBatch: (total) => engine.preferredBatch(total),
  program: (key, build, options) => engine.program(`${prefix}/${key}`, build, options),
});
