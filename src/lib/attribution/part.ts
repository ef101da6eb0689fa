/**
 * @file Parts of a model as models: from a layer on, so that every method explains the layer's activation as it explains
 * an image, and up to a layer, so that it explains a neuron as it explains a class.
 */
import { isBatch } from '../graph/dim.ts';
import { dependents, Value } from '../graph/graph.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { keyOf, modelOn, oneLike, runOnce } from './program.ts';
import type { WholeSite } from './site.ts';
import type { Engine, ModelGraph, Question } from './types.ts';

/** The activation of `layer` on `x`, [1, …]. Throws what running throws. */
export async function activationOf(
  question: Question,
  layer: Value,
  x: FloatTensor = question.x,
): Promise<FloatTensor> {
  const build = () => ({ name: 'activation', inputs: [question.model.input], outputs: [layer] });
  const program = await question.engine.program(`activation/${keyOf(layer)}`, build, { batch: 1 });
  return (await runOnce(question, program, [x]))[0];
}

/**
 * The same question about the model from `layer` on: its input is the layer's activation, its x and x′ are those that the
 * image and the baseline give. What bypasses the layer, such as a shortcut around it, stays as the image makes it. Throws a
 * RangeError where examples do not lie along the layer's first axis or the score does not depend on it.
 */
export async function fromLayer(question: Question, layer: Value): Promise<Question> {
  const { model, engine, baseline } = question;
  refuseLayer(model, layer);
  const { tail, beside } = tailOf(model, layer);
  return {
    ...question,
    model: tail,
    engine: beside
      ? feeding(engine, `from ${keyOf(layer)}`, beside, question.x)
      : renaming(engine, `from ${keyOf(layer)}`),
    x: await activationOf(question, layer),
    baseline: baseline && (await activationOf(question, layer, baseline)),
    layer: undefined,
  };
}

/** As `fromLayer`, of a graph: x and x′ become the layer's activations, and what bypasses the layer is computed from x. */
export function siteFromLayer(site: WholeSite, layer: Value): WholeSite {
  const { model, x, baseline } = site;
  refuseLayer(model, layer);
  const input = new Value(layer.dtype, layer.shape, { name: layer.name });
  const given = new Map([
    [model.input, x],
    [layer, input],
  ]);
  const on = cloneBetween(given, [model.logits, model.probabilities]);
  return {
    ...site,
    model: partOf(model, input, on(model.logits), on(model.probabilities)),
    x: modelOn(model, x)(layer),
    baseline: modelOn(model, baseline)(layer),
    layer: undefined,
  };
}

/**
 * The same question about one neuron of `layer`: `index` runs over its elements after the batch axis. Throws a RangeError where
 * examples do not lie along the layer's first axis, or the layer that the question is about does not lead to the neuron's.
 */
export function upTo(question: Question, layer: Value, index: number): Question {
  const { model, engine, layer: looked } = question;
  if (looked) refuseNotBefore(looked, layer);
  return {
    ...question,
    model: modelUpTo(model, layer),
    engine: renaming(engine, `to ${keyOf(layer)}`),
    target: { kind: 'logit', index },
    ofNeuron: true,
  };
}

/** The model whose logits are the layer's activation. Throws a RangeError where examples do not lie along its first axis. */
export function modelUpTo(model: ModelGraph, layer: Value): ModelGraph {
  refuseBatch(model, layer);
  return headOf(model, layer);
}

/** Throws a RangeError where a neuron of `layer` does not depend on the layer that a method looks at. */
export function refuseNotBefore(looked: Value, layer: Value): void {
  if (looked === layer)
    throw new RangeError(
      `Layer "${looked.name}": the neuron lies in it, so that it depends on itself alone there. Choose a layer before it.`,
    );
  if (!dependents([looked], [layer]).has(layer))
    throw new RangeError(
      `Layer "${looked.name}": the neuron of layer "${layer.name}" does not depend on it. Choose a layer before the neuron’s.`,
    );
}

interface Tail {
  readonly tail: ModelGraph;
  /** What bypasses the layer is computed from this second input, [1, …]; null where nothing does. */
  readonly beside: Value | null;
}

const tails = new WeakMap<ModelGraph, Map<Value, Tail>>();

/** Made once for each layer: programs are remembered by the values in their keys. */
function tailOf(model: ModelGraph, layer: Value): Tail {
  return remembered(tails, model, layer, () => {
    const g = new Builder();
    const input = new Value(layer.dtype, layer.shape, { name: layer.name });
    const image = oneLike(model.input, `${model.input.name} beside ${layer.name}`);
    const on = cloneBetween(
      new Map([
        [model.input, g.expand(image, model.input.shape)],
        [layer, input],
      ]),
      [model.logits, model.probabilities],
    );
    const [logits, probabilities] = [on(model.logits), on(model.probabilities)];
    const bypassed = dependents([image], [logits]).has(logits);
    return {
      tail: partOf(model, input, logits, probabilities),
      beside: bypassed ? image : null,
    };
  });
}

const heads = new WeakMap<ModelGraph, Map<Value, ModelGraph>>();

const headOf = (model: ModelGraph, layer: Value): ModelGraph =>
  remembered(heads, model, layer, () => ({ ...partOf(model, model.input, layer, layer), images: model.images }));

const partOf = (model: ModelGraph, input: Value, logits: Value, probabilities: Value): ModelGraph => ({
  graph: { name: model.graph.name, inputs: [input], outputs: [logits] },
  input,
  images: [input],
  logits,
  probabilities,
  batched: model.batched,
});

function remembered<T>(all: WeakMap<ModelGraph, Map<Value, T>>, model: ModelGraph, layer: Value, make: () => T): T {
  const own = all.get(model) ?? new Map<Value, T>();
  all.set(model, own);
  const found = own.get(layer) ?? make();
  own.set(layer, found);
  return found;
}

/** Throws a RangeError where examples do not lie along the first axis of `layer`, or the score does not depend on it. */
export function refuseLayer(model: ModelGraph, layer: Value): void {
  refuseBatch(model, layer);
  if (!dependents([layer], [model.logits]).has(model.logits)) {
    throw new RangeError(
      `Layer "${layer.name}": the output does not depend on it. Choose a layer on the way to the output.`,
    );
  }
}

function refuseBatch({ input }: ModelGraph, layer: Value): void {
  const [own, examples] = [layer.shape[0], input.shape[0]];
  if (own === examples || (!isBatch(own) && !isBatch(examples))) return;
  throw new RangeError(
    `Layer "${layer.name}": shape [${layer.shape}], its first axis must be that of the examples, ${examples}. Choose another layer.`,
  );
}

/** Programs of a part must not meet those of the whole model under one key. */
const renaming = (engine: Engine, prefix: string): Engine => ({
  preferredBatch: (total) => engine.preferredBatch(total),
  program: (key, build, options) => engine.program(`${prefix}/${key}`, build, options),
});

/** As `renaming`; each program that depends on `value` has it as one more input, which is fed `fixed`. */
function feeding(engine: Engine, prefix: string, value: Value, fixed: FloatTensor): Engine {
  return {
    preferredBatch: (total) => engine.preferredBatch(total),
    async program(key, build, options) {
      const extended = () => {
        const graph = build();
        return { ...graph, inputs: [...graph.inputs, value] };
      };
      const program = await engine.program(`${prefix}/${key}`, extended, options);
      return { batch: program.batch, run: (feeds) => program.run([...feeds, fixed]) };
    },
  };
}
