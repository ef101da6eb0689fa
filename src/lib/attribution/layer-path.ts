/** @file A layer along the straight path from the baseline to the image: conductance and internal influence. */
import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { repeat } from '../graph/repeat.ts';
import { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { accumulate, batchFor, chunkOf, keyOf, modelOn, numberPerExample, oneLike, sumOverBatch } from './program.ts';
import { column, type Site, type WholeSite } from './site.ts';
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
  const batch = await batchFor(question, terms);
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

interface Place {
  readonly alpha: Value;
  readonly weight: Value;
  /** The place behind it, of `conductance`. */
  readonly next: Value | null;
}

/** What is summed at one place of the path. */
function termAt(g: Builder, site: Site, baseline: Value, { alpha, weight, next }: Place): Value {
  const { model, target, x, seed } = site;
  const layer = site.layer!;
  const on = (place: Value) => modelOn(model, g.add(baseline, g.mul(place, g.sub(x, baseline))));
  const here = on(alpha);
  const y = here(outputOf(model, target));
  const [slope] = backward(g, gradientRules, { y, seed: g.mul(weight, seed), xs: [here(layer)] });
  return next ? g.mul(slope, g.sub(on(next)(layer), here(layer))) : slope;
}

/** As `sumAlong`, as a graph. */
export function sumAlongGraph(g: Builder, site: WholeSite, along: Along, { points, weights }: Path): Value {
  const rank = site.x.shape.length;
  const numbers = (list: readonly number[]) => column(g, list, rank);
  const ofSeed = (list: readonly number[]) => column(g, list, site.seed.shape.length);
  const [total] = repeat({
    states: [g.zerosLike(site.layer!)],
    rows:
      along === 'slope'
        ? [numbers(points), ofSeed(weights)]
        : [numbers(points.slice(0, -1)), ofSeed(points.slice(1).map(() => 1)), numbers(points.slice(1))],
    step: ([sum], [alpha, weight, next = null]) => [
      g.add(sum, termAt(g, site, site.baseline, { alpha, weight, next })),
    ],
  });
  return total;
}

function pathGraph(model: ModelGraph, target: Target, layer: Value, along: Along): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const sum = oneLike(layer, 'sum');
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(model.input, name));
  const seed = oneLike(y, 'seed');
  const [alpha, next] = ['alpha', 'next alpha'].map((name) => numberPerExample(model.input, name));
  const weight = numberPerExample(y, 'weight');

  const term = termAt(g, { model, target, x, seed, layer }, baseline, {
    alpha,
    weight,
    next: along === 'slope' ? null : next,
  });
  return {
    name: `layer-path-${along}`,
    inputs: [sum, x, baseline, seed, alpha, ...(along === 'conductance' ? [next] : []), weight],
    outputs: [g.add(sum, sumOverBatch(g, term))],
  };
}
