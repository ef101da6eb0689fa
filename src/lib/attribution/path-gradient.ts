/** @file The gradient along the straight path from the baseline to the image: of F, or of F through one neuron. */
import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { repeat } from '../graph/repeat.ts';
import { Builder } from '../ops/builder.ts';
import { zeros, type FloatTensor } from '../tensor/tensor.ts';
import { accumulate, batchFor, chunkOf, keyOf, modelOn, numberPerExample, oneLike, sumOverBatch } from './program.ts';
import { column, type Site, type WholeSite } from './site.ts';
import { exampleShape, headOf, outputOf, seedOf } from './target.ts';
import type { FoundNeuron, Question } from './types.ts';

/** Places on the path, 0 … 1, and what each counts. */
export interface Weighted {
  readonly points: readonly number[];
  readonly weights: readonly number[];
}

/** Where the way back is narrowed to one neuron. */
interface Gate {
  readonly layer: Value;
  /** 1 at the neuron, else 0, which the layer's shape broadcasts with. */
  readonly neuron: Value;
}

/**
 * Σₖ wₖ ∂F/∂x (pₖ), in the shape of x. Where the question names a neuron a to go through, Σₖ wₖ ∂F/∂a (pₖ) ∂a/∂x (pₖ): what is
 * summed over all neurons of a layer that everything passes is the former.
 */
export async function meanGradient(question: Question, { points, weights }: Weighted): Promise<FloatTensor> {
  const { engine, target, x, baseline, through } = question;
  const batch = await batchFor(question, points.length);
  const key = `path-gradient/${headOf(target)}${through ? `/through ${keyOf(through.layer)}` : ''}`;
  const program = await engine.program(key, () => pathGraph(question), { batch, keep: [0] });
  const seed = seedOf(question);
  const feeds = (start: number) => [
    x,
    baseline!,
    seed,
    chunkOf(points, start, batch, x.shape.length),
    chunkOf(weights, start, batch, seed.shape.length, 0),
    ...(through ? [onlyAt(through)] : []),
  ];
  const [sum] = await accumulate(question, program, [x.shape], points.length, feeds);
  return sum;
}

/** As `meanGradient`, as a graph. */
export function meanGradientGraph(g: Builder, site: WholeSite, { points, weights }: Weighted): Value {
  const { x, baseline, seed, through } = site;
  const gate = through && { layer: through.layer, neuron: g.constant(onlyAt(through)) };
  const [sum] = repeat({
    states: [g.zerosLike(x)],
    rows: [column(g, points, x.shape.length), column(g, weights, seed.shape.length)],
    step: ([sum], [alpha, weight]) => [g.add(sum, slopeAt(g, site, baseline, { alpha, weight, gate }))],
  });
  return sum;
}

function onlyAt({ layer, index }: FoundNeuron): FloatTensor {
  const only = zeros('float32', exampleShape(layer));
  only.data[index] = 1;
  return only;
}

interface Place {
  readonly alpha: Value;
  readonly weight: Value;
  readonly gate?: Gate | undefined;
}

/**
 * w · ∂F/∂x (x′ + α (x − x′)). The weights ride on the seed: the walk back is linear in it, and the output is smaller than
 * the gradient.
 */
function slopeAt(g: Builder, { model, target, x, seed }: Site, baseline: Value, { alpha, weight, gate }: Place): Value {
  const point = g.add(baseline, g.mul(alpha, g.sub(x, baseline)));
  const on = modelOn(model, point);
  const [y, weighted] = [on(outputOf(model, target)), g.mul(weight, seed)];
  if (!gate) return backward(g, gradientRules, { y, seed: weighted, xs: [point] })[0];
  const a = on(gate.layer);
  const [above] = backward(g, gradientRules, { y, seed: weighted, xs: [a] });
  return backward(g, gradientRules, { y: a, seed: g.mul(above, gate.neuron), xs: [point] })[0];
}

/** sum + Σₖ wₖ · ∂F/∂x (x′ + αₖ (x − x′)) */
function pathGraph({ model, target, through }: Question): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const [sum, x, baseline] = ['sum', 'x', 'baseline'].map((name) => oneLike(model.input, name));
  const seed = oneLike(y, 'seed');
  const alpha = numberPerExample(model.input, 'alpha');
  const weight = numberPerExample(y, 'weight');
  const gate = through && { layer: through.layer, neuron: oneLike(through.layer, 'neuron') };
  const slope = slopeAt(g, { model, target, x, seed }, baseline, { alpha, weight, gate });
  return {
    name: gate ? 'gradient-through-neuron' : 'path-gradient',
    inputs: [sum, x, baseline, seed, alpha, weight, ...(gate ? [gate.neuron] : [])],
    outputs: [g.add(sum, sumOverBatch(g, slope))],
  };
}
