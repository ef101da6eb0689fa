import { asFeatures, isZero, mapOnPlaces, meanOf, placesOf, type Places } from './maps.ts';
import { valuesWith } from '../attribution/features.ts';
import { choice, integer, number, schema, toggle } from '../attribution/options.ts';
import { values } from '../attribution/program.ts';
import type { Question } from '../attribution/types.ts';
import { sub } from '../tensor/arithmetic.ts';
import { random } from '../tensor/random.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { defineMetric, replacementOption, undefinedBecause, ZERO } from './metric.ts';

/**
 * Infidelity (Yeh, Hsieh, Suggala, Inouye & Ravikumar 2019, arXiv:1901.09392), on squares that are replaced:
 *
 *     mean over perturbations I of (β · IᵀΦ − (F(x) − F(x − I)))²
 *
 * A score is read as what its place contributes, so that IᵀΦ is the sum of the scores in the square, or as a slope, so that
 * each is multiplied by x − x′. With `normalize` β = Σ IᵀΦ·ΔF / Σ (IᵀΦ)² makes the best of the map's unit, without it β = 1.
 */
export const infidelity = defineMetric({
  id: 'infidelity',
  title: 'Infidelity',
  group: 'faithfulness',
  description: 'How far the scores in a square are from what the model loses with it: the mean square of the error.',
  citation: {
    authors: 'Yeh, Hsieh, Suggala, Inouye, Ravikumar',
    year: 2019,
    title: 'On the (In)fidelity and Sensitivity of Explanations',
    url: 'https://arxiv.org/abs/1901.09392',
  },
  better: 'lower',
  cost: 'passes',
  needsMask: false,
  options: schema({
    samples: integer(
      { title: 'Squares', description: 'How many are replaced, one after the other.' },
      { minimum: 2, maximum: 2000, default: 50 },
    ),
    side: number(
      { title: 'Side', description: 'Of a square, as a share of the shorter side of the image.' },
      { minimum: 0.01, maximum: 1, default: 0.25 },
    ),
    replacement: replacementOption('black'),
    read: choice(
      { title: 'A score is', description: 'Saliency and its kin give slopes, most other methods contributions.' },
      { contribution: 'What its place contributes', slope: 'The slope at its place' },
      'contribution',
    ),
    normalize: toggle(
      {
        title: 'In the best unit',
        description:
          'Scale the map to fit as well as it can: else maps in other units than the model’s fail for that alone.',
      },
      true,
    ),
  }),
  async measure(subject, { samples, side, replacement, read, normalize }) {
    const { question } = subject;
    const { scores } = subject.explanation;
    const places = placesOf(question.x);
    const without = subject.without(replacement);
    let map = mapOnPlaces(subject);
    if (isZero(map)) return undefinedBecause(ZERO);
    if (read === 'slope') {
      if (scores.data.length !== question.x.data.length)
        return undefinedBecause(
          'This map has one score for all channels of a place, which is no slope. Read it as a contribution.',
        );
      map = contributionsOf(scores, sub(question.x, without), places);
    }
    const squares = squaresOf(places, side, samples, question.seed);
    const asked = { ...question, baseline: without };
    // The whole image comes first, and its score is F(x) of the same program.
    const found = await valuesWith(asked, asFeatures(places), samples + 1, (k) => {
      const keep = new Uint8Array(places.count).fill(1);
      if (k > 0) squares[k - 1].forEach((place) => (keep[place] = 0));
      return keep;
    });
    const predicted = squares.map((square) => square.reduce((sum, place) => sum + map[place], 0));
    const actual = found.slice(1).map((v) => found[0] - v);
    const error = meanSquaredError(predicted, actual, normalize);
    const size = meanOf(actual.map((v) => v * v));
    if (size === 0) return undefinedBecause('No square changes the score at all, so there is nothing to predict.');
    return {
      value: error,
      why: '',
      details: [{ title: 'As a share of what an empty map misses', value: error / size }],
    };
  },
});

/**
 * Infidelity under given perturbations Iₖ, each in the shape of x, as captum.metrics.infidelity computes it of one example:
 * F is read at x − Iₖ, and the scores are multiplied by Iₖ, element by element.
 */
export async function infidelityUnder(
  question: Question,
  scores: FloatTensor,
  perturbations: readonly FloatTensor[],
  { normalize = false } = {},
): Promise<number> {
  const [whole] = await values(question, [question.x]);
  const changed = await values(
    question,
    perturbations.map((noise) => sub(question.x, noise)),
  );
  const predicted = perturbations.map((noise) => noise.data.reduce((sum, v, i) => sum + v * scores.data[i], 0));
  return meanSquaredError(
    predicted,
    changed.map((v) => whole - v),
    normalize,
  );
}

/** Mean of (β·predicted − actual)²; β is the best factor or 1. A map that predicts nothing at all has no best factor: 0. */
function meanSquaredError(predicted: readonly number[], actual: readonly number[], normalize: boolean): number {
  const squares = predicted.reduce((sum, p) => sum + p * p, 0);
  const product = predicted.reduce((sum, p, k) => sum + p * actual[k], 0);
  const beta = normalize ? (squares === 0 ? 0 : product / squares) : 1;
  return meanOf(predicted.map((p, k) => (beta * p - actual[k]) ** 2));
}

/** Σ over channels of slope · (x − x′) at each place. */
function contributionsOf(slopes: FloatTensor, difference: FloatTensor, { of, count }: Places): Float32Array {
  const map = new Float32Array(count);
  of.forEach((place, i) => (map[place] += slopes.data[i] * difference.data[i]));
  return map;
}

/** The places of each square; squares lie within the image, wherever chance puts them. */
function squaresOf({ height, width }: Places, share: number, count: number, seed: number): number[][] {
  const { below } = random(seed);
  const side = Math.max(1, Math.round(share * Math.min(height, width)));
  return Array.from({ length: count }, () => {
    const [top, left] = [below(height - side + 1), below(width - side + 1)];
    return Array.from({ length: side * side }, (_, i) => (top + Math.floor(i / side)) * width + left + (i % side));
  });
}
