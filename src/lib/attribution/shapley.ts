import { random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { cellsOf, cellsOption, spread, valuesWith, type Features } from './features.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { integer, schema } from './options.ts';
import { imageAxes } from './layout.ts';
import { completeness } from './program.ts';
import { exampleShape } from './target.ts';
import type { Explanation, Question } from './types.ts';

const citation = {
  authors: 'Castro, Gómez, Tejada',
  year: 2009,
  title: 'Polynomial calculation of the Shapley value based on sampling',
  url: 'https://doi.org/10.1016/j.cor.2008.04.004',
};

/**
 * Shapley value sampling (Castro, Gómez & Tejada 2009, doi:10.1016/j.cor.2008.04.004): features join the baseline in a random
 * order, each is credited with what F changes by, and credits are averaged over orders. Efficiency: each order's credits
 * sum to F(x) − F(x′), so the scores do.
 */
export const shapleyValueSampling = defineMethod({
  id: 'shapley-value-sampling',
  title: 'Shapley value sampling',
  family: 'perturbation',
  description: 'What each square adds to the score when squares join the baseline in random order.',
  citation,
  options: schema({
    cells: cellsOption({ maximum: 32, default: 6 }),
    samples: integer(
      { title: 'Orders', description: 'Random orders: more is slower and closer to the Shapley values.' },
      { minimum: 1, maximum: 1000, default: 10 },
    ),
  }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  explain(question, { cells, samples }) {
    const features = cellsOf(question, cells);
    const rng = random(question.seed);
    const orders = Array.from({ length: samples }, () => shuffled(features.count, rng.below));
    return alongOrders(question, features, orders);
  },
});

/** Fisher and Yates. */
function shuffled(n: number, below: (n: number) => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** The mean of what each feature adds, over given orders of joining. */
export async function alongOrders(
  question: Question,
  features: Features,
  orders: readonly (readonly number[])[],
): Promise<Explanation> {
  const { count } = features;
  const steps = count - 1;
  // The first and the last coalition are those of every order: none, and all.
  const coalition = (k: number) => {
    if (k < 2) return new Uint8Array(count).fill(k);
    const joined = new Uint8Array(count);
    const order = orders[Math.floor((k - 2) / steps)];
    order.slice(0, 1 + ((k - 2) % steps)).forEach((feature) => (joined[feature] = 1));
    return joined;
  };
  const [none, all, ...between] = await valuesWith(question, features, 2 + orders.length * steps, coalition);
  const credits = new Float64Array(count);
  orders.forEach((order, k) => {
    const values = [none, ...between.slice(k * steps, (k + 1) * steps), all];
    order.forEach((feature, i) => (credits[feature] += (values[i + 1] - values[i]) / orders.length));
  });
  const scores = spread(features, credits, question.x);
  return {
    scores,
    value: all,
    baselineValue: none,
    check: completeness('exact', scores, all, none),
    passes: 2 + between.length,
  };
}

/** Coalitions beyond which they are sampled, not counted: 2¹². */
const MOST_FEATURES = 12;

/**
 * Shapley values (Shapley 1953), exactly: for each feature the mean over all coalitions S of the others of
 * F(S with it) − F(S), weighted by |S|! (n − |S| − 1)! / n!.
 */
export const shapleyValues = defineMethod({
  id: 'shapley-values',
  title: 'Shapley values',
  family: 'perturbation',
  description:
    'What each square adds to the score, averaged over all ways of having the other squares; exact, of few squares, and of fewer where there are several images.',
  citation: {
    authors: 'Shapley',
    year: 1953,
    title: 'A Value for n-Person Games',
    url: 'https://doi.org/10.1515/9781400881970-018',
  },
  options: schema({ cells: cellsOption({ maximum: 3, default: 3 }) }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => {
    const least = model.images.reduce((n, image) => n + (imageAxes(image) ? 1 : sizeOf(exampleShape(image))), 0);
    return least > MOST_FEATURES
      ? `Exact Shapley values are for ${MOST_FEATURES} features at most, this model takes ${least}.`
      : null;
  },
  graph: ASKS_AGAIN,
  explain(question, { cells }) {
    let features = cellsOf(question, cells);
    // Several images have as many squares each.
    for (let fewer = cells - 1; fewer > 0 && features.count > MOST_FEATURES; fewer--)
      features = cellsOf(question, fewer);
    return exactly(question, features);
  },
});

/** Shapley values of at most twelve features. Throws a RangeError where there are more. */
export async function exactly(question: Question, features: Features): Promise<Explanation> {
  const { count } = features;
  if (count > MOST_FEATURES)
    throw new RangeError(
      `Shapley values: ${count} features have 2^${count} coalitions; at most ${MOST_FEATURES} are counted. Choose fewer cells, or Shapley value sampling.`,
    );
  const total = 2 ** count;
  const coalition = (bits: number) => Uint8Array.from({ length: count }, (_, i) => (bits >> i) & 1);
  const values = await valuesWith(question, features, total, coalition);
  const weights = coalitionWeights(count);
  const credits = new Float64Array(count);
  for (let bits = 0; bits < total; bits++) {
    const size = coalition(bits).reduce((n, bit) => n + bit, 0);
    for (let i = 0; i < count; i++)
      if (!((bits >> i) & 1)) credits[i] += weights[size] * (values[bits | (1 << i)] - values[bits]);
  }
  const scores = spread(features, credits, question.x);
  const [none, all] = [values[0], values[total - 1]];
  const check = completeness('exact', scores, all, none);
  return { scores, value: all, baselineValue: none, check, passes: total };
}

/** |S|! (n − |S| − 1)! / n! for |S| = 0 … n − 1. */
function coalitionWeights(n: number): number[] {
  const weights = [1 / n];
  for (let size = 1; size < n; size++) weights.push((weights[size - 1] * size) / (n - size));
  return weights;
}
