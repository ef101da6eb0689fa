/** @file Maps that tests judge. */
import { findMethod } from '../../src/lib/attribution/index.ts';
import type { Explanation, Question } from '../../src/lib/attribution/types.ts';
import type { Subject } from '../../src/lib/metrics/types.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { float32, full, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { modelOf } from '../attribution/models.ts';

/** Scores [1, c, h, w] or [1, h, w, c] summed over channels: [h, w]. */
export function summed(scores: FloatTensor): FloatTensor {
  const [, a, b, c] = scores.shape;
  const last = c <= 4 && a > 4;
  const [channels, height, width] = last ? [c, a, b] : [a, b, c];
  const map = new Float32Array(height * width);
  scores.data.forEach((v, i) => (map[last ? Math.floor(i / channels) : i % map.length] += v));
  return float32([height, width], map);
}

type Parts = Partial<Omit<Subject, 'question' | 'explanation'>>;

/** A map that is what it is, whatever is asked. */
export function given(question: Question, scores: FloatTensor, parts: Parts = {}): Subject {
  const explanation: Explanation = { scores, value: 0, passes: 0 };
  return {
    question,
    explanation,
    explain: async () => explanation,
    mapOf: summed,
    without: () => full(question.x.shape, 0),
    mask: null,
    ...parts,
  };
}

/** What a method says, with itself to be asked again. */
export async function explained(question: Question, id: string, options = {}, parts: Parts = {}): Promise<Subject> {
  const method = findMethod(id);
  const explain = (again: Question) => method.explain(again, options);
  return { ...given(question, question.x, parts), explanation: await explain(question), explain };
}

/** Noise in the shape of x, drawn anew for each that is asked. */
export function randomly(question: Question, parts: Parts = {}): Subject {
  let draw = 0;
  const explain = async (): Promise<Explanation> => {
    const { normal } = random(1000 + draw++);
    const scores = float32(
      question.x.shape,
      Array.from(question.x.data, () => normal()),
    );
    return { scores, value: 0, passes: 0 };
  };
  const first = random(999);
  return {
    ...given(
      question,
      float32(
        question.x.shape,
        Array.from(question.x.data, () => first.normal()),
      ),
      parts,
    ),
    explain,
  };
}

/** F(x) = Σ wᵢ xᵢ over an image of one channel and `side` × `side` places; the second logit is 0. */
export function linearModel(weights: readonly number[], side: number) {
  return modelOf([1, side, side], (g, x) => {
    const flat = g.reshape(x, [x.shape[0], side * side]);
    const matrix = weights.flatMap((w) => [w, 0]);
    return g.matmul(flat, g.constant(float32([side * side, 2], matrix)));
  });
}
