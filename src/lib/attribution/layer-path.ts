/** @file A layer along the straight path from the baseline to the image: conductance and internal influence. */
import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { accumulate, batchFor, chunkOf, keyOf, modelOn, numberPerExample, oneLike, sumOverBatch } from './program.ts';
import { exampleShape, headOf, outputOf, seedOf } from './target.ts';
import type { ModelGraph, Question, Target } from './types.ts';

/** What is summed at each point of the path. `slope`: wₖ ∂F/∂A(pₖ). `conductance`: ∂F/∂A(pₖ) ⊙ (A(pₖ₊₁) − A(pₖ)). */
export type Along = 'slope' | 'conductance';

export interface Path {
  /** Places on the path, 0 … 1; of `conductance` one more than there are terms. */
  readonly points: readonly number[];
  /** Of `slope`. */
  readonly weights: readonly number[];
}

/** Σₖ over the path, in the layer's shape. */
export async function sumAlong(question: Question, layer: Value, along: Along, path: Path): Promise<FloatTensor> {
  const { model, engine, target, x } = question;
  const terms = along === 'slope' ? path.points.length : path.points.length - 1;
  const batch = batchFor(question, terms);
  const key = `layer-path/${along}/${headOf(target)}/${keyOf(layer)}`;
  const program = await engine.program(key, () => pathGraph(model, target, layer, along), { batch, keep: [0] });
  const seed = seedOf(question);
  const weights = along === 'slope' ? path.weights : Array<number>(terms).fill(1);
  const feeds = (start: number) => [
    x,
    question.baseline!,
    seed,
    chunkOf(path.points.slice(0, terms), start, batch, x.shape.length),
    ...(along === 'conductance' ? [chunkOf(path.points.slice(1), start, batch, x.shape.length)] : []),
    chunkOf(weights, start, batch, seed.shape.length, 0),
  ];
  const [sum] = await accumulate(question, program, [exampleShape(layer)], terms, feeds);
  return sum;
}

function pathGraph(model: ModelGraph, target: Target, layer: Value, along: Along): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const sum = oneLike(layer, 'sum');
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(model.input, name));
  const seed = oneLike(y, 'seed');
  const [alpha, next] = ['alpha', 'next alpha'].map((name) => numberPerExample(model.input, name));
  const weight = numberPerExample(y, 'weight');

  const on = (place: Value) => modelOn(model, g.add(baseline, g.mul(place, g.sub(x, baseline))));
  const here = on(alpha);
  const [slope] = backward(g, gradientRules, { y: here(y), seed: g.mul(weight, seed), xs: [here(layer)] });
  const term = along === 'slope' ? slope : g.mul(slope, g.sub(on(next)(layer), here(layer)));
  return {
    name: `layer-path-${along}`,
    inputs: [sum, x, baseline, seed, alpha, ...(along === 'conductance' ? [next] : []), weight],
    outputs: [g.add(sum, sumOverBatch(g, term))],
  };
}
