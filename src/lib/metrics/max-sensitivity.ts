import { integer, number, schema } from '../attribution/options.ts';
import type { Explanation, Question } from '../attribution/types.ts';
import { add } from '../tensor/arithmetic.ts';
import { random } from '../tensor/random.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { isZero } from './maps.ts';
import { defineMetric, explainedAgain, undefinedBecause, ZERO } from './metric.ts';

/**
 * Max-sensitivity (Yeh, Hsieh, Suggala, Inouye & Ravikumar 2019, arXiv:1901.09392):
 *
 *     max over δ, |δᵢ| ≤ r, of ‖Φ(x + δ) − Φ(x)‖ / ‖Φ(x)‖
 *
 * estimated by draws of δ that are uniform on [−r, r] for each element. Norms are over all scores.
 */
export const maxSensitivity = defineMetric({
  id: 'max-sensitivity',
  title: 'Max-sensitivity',
  group: 'robustness',
  description: 'The largest change of the map, relative to its size, under changes of the image too small to be seen.',
  citation: {
    authors: 'Yeh, Hsieh, Suggala, Inouye, Ravikumar',
    year: 2019,
    title: 'On the (In)fidelity and Sensitivity of Explanations',
    url: 'https://arxiv.org/abs/1901.09392',
  },
  better: 'lower',
  cost: 'explanations',
  needsMask: false,
  options: schema({
    samples: integer(
      { title: 'Samples', description: 'Changed images that are explained.' },
      { minimum: 1, maximum: 1000, default: 10 },
    ),
    radius: number(
      { title: 'Radius', description: 'The most that an element of the input changes, in the model’s own units.' },
      { minimum: 1e-6, maximum: 100, default: 0.02 },
    ),
  }),
  async measure(subject, { samples, radius }) {
    const { question, explanation } = subject;
    if (isZero(explanation.scores.data)) return undefinedBecause(ZERO);
    const { uniform } = random(question.seed);
    const draws = Array.from({ length: samples }, () =>
      float32(
        question.x.shape,
        Float32Array.from(question.x.data, () => radius * (2 * uniform() - 1)),
      ),
    );
    const explain = (again: Question, k: number) => explainedAgain(subject, again, k, samples);
    return { value: await sensitivityUnder(question, explanation.scores, draws, explain), why: '' };
  },
});

/**
 * max over k of ‖Φ(x + δₖ) − Φ(x)‖ / ‖Φ(x)‖ for given changes, as captum.metrics.sensitivity_max computes it of one example.
 * Infinite or NaN where Φ(x) is zero.
 */
export async function sensitivityUnder(
  question: Question,
  scores: FloatTensor,
  changes: readonly FloatTensor[],
  explain: (question: Question, k: number) => Promise<Pick<Explanation, 'scores'>>,
): Promise<number> {
  let most = 0;
  for (const [k, change] of changes.entries()) {
    const { scores: moved } = await explain({ ...question, x: add(question.x, change) }, k);
    most = Math.max(most, norm(moved.data.map((v, i) => v - scores.data[i])));
  }
  return most / norm(scores.data);
}

function norm(values: Float32Array): number {
  let squares = 0;
  for (const v of values) squares += v * v;
  return Math.sqrt(squares);
}
