/** @file Why a map is blank or misleading, in words, where the numbers tell. */
import type { Explanation, SelfCheck, Target } from '../attribution/types.ts';
import type { FloatTensor } from '../tensor/tensor.ts';

/** Softmax closer to 0 or 1 than this has a derivative that float32 rounds away. */
const SATURATED = 1e-5;

/** A completeness gap that a person should not overlook. */
const LARGE_GAP = 0.05;

/** One sentence for each thing that the person should know about this map. */
export function diagnose(
  map: FloatTensor,
  explanation: Explanation,
  target: Target,
  probabilities: Float32Array,
): string[] {
  const notes: string[] = [];
  const nonFinite = map.data.filter((v) => !Number.isFinite(v)).length;
  if (nonFinite > 0)
    notes.push(`${nonFinite} of ${map.data.length} scores are not finite: the model overflows on this input.`);
  if (map.data.every((v) => v === 0)) notes.push(whyBlank(target, probabilities));
  else if (map.data.every((v) => v === map.data[0]))
    notes.push('Every position has the same score: this target does not depend on where things are.');
  const { check } = explanation;
  if (check && check.relative > LARGE_GAP)
    notes.push(...gapNotes[check.kind](`${(100 * check.relative).toPrecision(2)} %`));
  return notes;
}

const gapNotes: Record<SelfCheck['kind'], (share: string) => string[]> = {
  exact: (share) => [
    `The scores miss their sum by ${share}: these rules do not keep it here, or F(x) is too close to F(x′).`,
  ],
  quadrature: (share) => [`The scores miss their sum by ${share}: more steps make the map more faithful.`],
  // The method makes no promise that could be missed.
  'first-order': () => [],
  sampling: (share) => [`The standard error is ${share} of the scores: more samples make the map steadier.`],
};

function whyBlank(target: Target, probabilities: Float32Array): string {
  const p = probabilities[target.index];
  if (target.kind === 'probability' && (p < SATURATED || p > 1 - SATURATED)) {
    return 'The gradient is zero: the class probability is saturated; explain the logit instead.';
  }
  return 'The map is zero everywhere: the target does not react to this input, or the method removed every negative score.';
}
