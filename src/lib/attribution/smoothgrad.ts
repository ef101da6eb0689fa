import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { repeat } from '../graph/repeat.ts';
import { Builder } from '../ops/builder.ts';
import { map } from '../tensor/arithmetic.ts';
import { random } from '../tensor/random.ts';
import { concat0, type FloatTensor } from '../tensor/tensor.ts';
import { defineMethod, missingRules } from './method.ts';
import {
  copiesOption,
  noiseOf,
  noiseOption,
  noiseTable,
  normalsOf,
  statisticOption,
  type NoiseTable,
} from './noise.ts';
import { schema, toggle } from './options.ts';
import {
  accumulate,
  batchFor,
  chunkOf,
  modelOn,
  numberPerExample,
  oneLike,
  graphInput,
  sumOverBatch,
  values,
} from './program.ts';
import { refuseDraws, type Site, type WholeSite } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { Explanation, ModelGraph, Question, SelfCheck, Target } from './types.ts';

export type SmoothGradType = 'smoothgrad' | 'smoothgrad-squared' | 'vargrad';

export interface SmoothGradOptions {
  readonly type: SmoothGradType;
  /** |∂F/∂x| in place of ∂F/∂x. */
  readonly absolute: boolean;
}

/**
 * SmoothGrad (Smilkov, Thorat, Kim, Viégas & Wattenberg 2017, arXiv:1706.03825), its square (Hooker et al. 2019,
 * arXiv:1806.10758) and VarGrad (Adebayo et al. 2018, arXiv:1810.03307). With g = ∂F/∂x at x + ε, ε ~ N(0, σ²):
 *
 *     scoreᵢ = E[gᵢ]        E[gᵢ²]        E[gᵢ²] − E[gᵢ]²
 */
export const smoothGrad = defineMethod({
  id: 'smoothgrad',
  title: 'SmoothGrad',
  family: 'gradient',
  description: 'The gradient averaged over noisy copies of the image, which takes the grain out of the map.',
  citation: {
    authors: 'Smilkov, Thorat, Kim, Viégas, Wattenberg',
    year: 2017,
    title: 'SmoothGrad: removing noise by adding noise',
    url: 'https://arxiv.org/abs/1706.03825',
  },
  options: schema({
    type: statisticOption('gradients'),
    samples: copiesOption(25),
    noise: noiseOption(0.15),
    absolute: toggle(
      { title: 'Absolute value', description: 'Drop the sign of each gradient before it is averaged.' },
      false,
    ),
  }),
  needs: { baseline: false, layer: false, seed: true },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  graph(g, site, { type, samples, noise, absolute }) {
    const draws = noisyDraws(site, samples);
    return statisticOver(g, noiseTable(g, site, noise, draws), { type, samples, like: site.x }, (noise) =>
      gradientAt(g, site, noise, site.seed, absolute),
    );
  },
  async explain(question, { type, samples, noise, absolute }) {
    const draw = noiseOf(question, noise, random(question.seed));
    return smoothGradOver(question, samples, draw, { type, absolute });
  },
});

/** SmoothGrad over given noise: `noise(k)` is called once for each sample, in order. */
export async function smoothGradOver(
  question: Question,
  samples: number,
  noise: (sample: number) => FloatTensor,
  { type, absolute }: SmoothGradOptions,
): Promise<Explanation> {
  const { model, engine, target, x } = question;
  const batch = await batchFor(question, samples);
  const key = `smoothgrad/${headOf(target)}/${absolute ? 'absolute' : 'signed'}`;
  const program = await engine.program(key, () => momentsGraph(model, target, absolute), { batch, keep: [0, 1] });
  const seed = seedOf(question);
  const ones = Array<number>(samples).fill(1);
  const silence = map(x, () => 0);
  const feeds = (start: number) => [
    x,
    seed,
    concat0(Array.from({ length: batch }, (_, i) => (start + i < samples ? noise(start + i) : silence))),
    chunkOf(ones, start, batch, seed.shape.length, 0),
  ];
  const [sum, sumOfSquares] = await accumulate(question, program, [x.shape, x.shape], samples, feeds);

  const { mean, meanSquare, variance } = statistics(sum, sumOfSquares, samples);
  const [value] = await values(question, [x]);
  const scores = { smoothgrad: mean, 'smoothgrad-squared': meanSquare, vargrad: variance }[type];
  const check = type === 'smoothgrad' && samples > 1 ? standardError(mean, variance, samples) : undefined;
  return { scores, value, check, passes: samples + 1 };
}

/** ∂F/∂x at x + ε. */
function gradientAt(g: Builder, { model, target, x }: Site, noise: Value, seed: Value, absolute: boolean): Value {
  const point = g.add(x, noise);
  const y = modelOn(model, point)(outputOf(model, target));
  const [signed] = backward(g, gradientRules, { y, seed, xs: [point] });
  return absolute ? g.abs(signed) : signed;
}

/** What is averaged over, drawn as `explain` draws it. */
export function noisyDraws({ model, randomSeed }: WholeSite, samples: number): FloatTensor[] {
  refuseDraws(model, samples);
  const draw = normalsOf(model, random(randomSeed));
  return Array.from({ length: samples }, () => draw());
}

/** Mean, mean square or variance of what `scoresAt` gives for each noise, as a graph, in the shape of `like`. */
export function statisticOver(
  g: Builder,
  { table, scaled }: NoiseTable,
  { type, samples, like }: { readonly type: SmoothGradType; readonly samples: number; readonly like: Value },
  scoresAt: (noise: Value) => Value,
): Value {
  const [sum, sumOfSquares] = repeat({
    states: [g.zerosLike(like), g.zerosLike(like)],
    rows: [table],
    step: ([sum, sumOfSquares], [row]) => {
      const scores = scoresAt(scaled(row));
      return [g.add(sum, scores), g.add(sumOfSquares, g.square(scores))];
    },
  });
  const [mean, meanSquare] = [sum, sumOfSquares].map((v) => g.mul(v, 1 / samples));
  if (type === 'smoothgrad') return mean;
  return type === 'vargrad' ? g.sub(meanSquare, g.square(mean)) : meanSquare;
}

/** sum + Σₖ gₖ and sumOfSquares + Σₖ gₖ², where gₖ = ∂F/∂x (x + εₖ). A sample of weight 0 has no gradient and so no share. */
function momentsGraph(model: ModelGraph, target: Target, absolute: boolean): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const [sum, sumOfSquares, x] = ['sum', 'sum of squares', 'x'].map((name) => oneLike(model.input, name));
  const seed = oneLike(y, 'seed');
  const noise = graphInput('noise', model.input.shape);
  const weight = numberPerExample(y, 'weight');

  const gradient = gradientAt(g, { model, target, x, seed }, noise, g.mul(weight, seed), absolute);
  return {
    name: 'smoothgrad',
    inputs: [sum, sumOfSquares, x, seed, noise, weight],
    outputs: [g.add(sum, sumOverBatch(g, gradient)), g.add(sumOfSquares, sumOverBatch(g, g.square(gradient)))],
  };
}

export function statistics(sum: FloatTensor, sumOfSquares: FloatTensor, samples: number) {
  const mean = map(sum, (s) => s / samples);
  const meanSquare = map(sumOfSquares, (s) => s / samples);
  return { mean, meanSquare, variance: map(meanSquare, (m, i) => m - mean.data[i] ** 2) };
}

/** The standard error of the mean, as a root mean square over the elements, beside the root mean square of the scores. */
export function standardError(mean: FloatTensor, variance: FloatTensor, samples: number): SelfCheck {
  let [error, size] = [0, 0];
  for (let i = 0; i < mean.data.length; i++) {
    error += Math.max(variance.data[i], 0) / (samples - 1);
    size += mean.data[i] ** 2;
  }
  const delta = Math.sqrt(error / mean.data.length);
  return {
    kind: 'sampling',
    claim: 'standard error of the mean over the noise',
    delta,
    relative: error === 0 ? 0 : Math.sqrt(error / size),
  };
}
