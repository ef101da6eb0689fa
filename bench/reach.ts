/** @file The models that scripts/reach/export.py writes, one of each family, as the benchmarks run them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backward } from '../src/lib/autodiff/backward.ts';
import { gradient } from '../src/lib/autodiff/rule-sets.ts';
import { readOnnx } from '../src/lib/formats/onnx/read.ts';
import { bindShape } from '../src/lib/graph/dim.ts';
import { topologicalOrder, Value, type Graph } from '../src/lib/graph/graph.ts';
import { integratedGradients } from '../src/lib/attribution/integrated-gradients.ts';
import type { ModelGraph, Question } from '../src/lib/attribution/types.ts';
import { createEngine } from '../src/lib/model/engine.ts';
import type { Runtime } from '../src/lib/runtime/runtime.ts';
import { Builder } from '../src/lib/ops/builder.ts';
import { readNpy } from '../src/lib/tensor/npy.ts';
import { example, toFloat32, zeros, zerosLike, type FloatTensor } from '../src/lib/tensor/tensor.ts';
import { asModel, summedOf } from '../tests/goldens/models.ts';

export interface ReachModel {
  readonly name: string;
  /** One number a class: a segmentation is summed over its pixels. */
  readonly model: ModelGraph;
  readonly x: FloatTensor;
  readonly target: number;
  readonly weightBytes: number;
  readonly forward: Graph;
  /** Logits, and the gradient of Σ seed · logits to the image, or to the embedding of words: inputs x and seed. */
  readonly gradient: Graph;
  readonly seed: FloatTensor;
}

export const FILE = 'opset17.dynamic.onnx';

/** Names of the models in `folder`. Throws an Error where there are none. */
export function reachModels(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, FILE))) : [];
  if (names.length === 0)
    throw new Error(`bench: no models in ${folder}. Run python3 scripts/reach/export.py ${folder} first.`);
  return names.sort();
}

/** Integrated Gradients of a model's class from zeros, over `steps` points and `batch` examples a pass. */
export function pathOf(runtime: Runtime, { model, x, target }: ReachModel, batch: number) {
  const question: Question = {
    model,
    engine: createEngine(runtime, { batch }),
    x,
    baseline: zerosLike(x),
    target: { kind: 'logit', index: target },
    seed: 1,
  };
  return (steps: number) =>
    integratedGradients.explain(question, { steps, quadrature: 'gauss-legendre', multiplyByInputs: true });
}

export function loadReach(folder: string, name: string): ReachModel {
  const bytes = (file: string) => new Uint8Array(readFileSync(join(folder, name, file)));
  const { target, sum, embedding } = JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8')) as {
    target: number;
    sum: boolean;
    embedding: boolean;
  };
  const external = [{ path: 'weights.bin', data: bytes('weights.bin') }];
  const { graph, batched } = readOnnx(bytes(FILE), FILE, { external });
  const whole = asModel(name, graph, batched);
  const model = sum ? summedOf(whole) : whole;
  const { input, logits } = model;
  const seed = zeros('float32', bindShape(logits.shape, 1));
  seed.data[target] = 1;
  const from = embedding ? embeddingOf(logits) : input;
  return {
    name,
    model,
    x: example(toFloat32(readNpy(bytes('input.npy'), 'input.npy')), 0),
    target,
    weightBytes: external[0].data.byteLength,
    forward: { name, inputs: [input], outputs: [logits] },
    gradient: gradientOf(name, input, logits, from),
    seed,
  };
}

function gradientOf(name: string, input: Value, logits: Value, from: Value): Graph {
  const seed = new Value('float32', logits.shape, { name: 'seed' });
  const outputs = [logits, ...backward(new Builder(), gradient, { y: logits, seed, xs: [from] })];
  return { name, inputs: [input, seed], outputs };
}

/** What reads rows of a weight. */
function embeddingOf(logits: Value): Value {
  const gather = topologicalOrder([logits]).find((node) => node.op === 'Gather' && node.inputs[0]?.constant);
  if (!gather) throw new Error('bench: no Gather reads rows of a weight.');
  return gather.outputs[0];
}
