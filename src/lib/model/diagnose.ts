/** @file Why a map is blank or misleading, in words, where the numbers tell. */
import { imagesBehind } from '../attribution/inputs.ts';
import type { Explanation, ModelGraph, SelfCheck, Target } from '../attribution/types.ts';
import type { Value } from '../graph/graph.ts';
import type { FloatTensor } from '../tensor/tensor.ts';

/** Softmax closer to 0 or 1 than this has a derivative that float32 rounds away. */
const SATURATED = 1e-5;

/** A completeness gap that a person should not overlook. */
const LARGE_GAP = 0.05;

/** One sentence for each thing that the person should know about this map, or these, of several images. */
export function diagnose(
  maps: readonly FloatTensor[],
  explanation: Explanation,
  target: Target,
  probabilities: Float32Array,
): string[] {
  const notes: string[] = [];
  const sizes = maps.map(({ data }) => data.length);
  const nonFinite = maps.reduce((n, { data }) => n + data.filter((v) => !Number.isFinite(v)).length, 0);
  if (nonFinite > 0)
    notes.push(
      `${nonFinite} of ${sizes.reduce((a, b) => a + b, 0)} scores are not finite: the model overflows on this input.`,
    );
  if (maps.every(isBlank)) notes.push(whyBlank(target, probabilities));
  else if (maps.every(({ data }) => data.every((v) => v === data[0])))
    notes.push('Every position has the same score: this target does not depend on where things are.');
  const { check } = explanation;
  if (check && check.relative > LARGE_GAP)
    notes.push(...gapNotes[check.kind](`${(100 * check.relative).toPrecision(2)} %`));
  return notes;
}

const isBlank = ({ data }: FloatTensor): boolean => data.every((v) => v === 0);

const quoted = (names: readonly string[]): string => names.map((name) => `“${name}”`).join(', ');

/** As `diagnose`, about how the maps of several images differ. `names`: of the inputs, in the order of `maps`. */
export function diagnoseInputs(
  { images }: ModelGraph,
  names: readonly string[],
  maps: readonly FloatTensor[],
  layer: Value | undefined,
): string[] {
  if (maps.length === 1) return [];
  const behind = layer ? imagesBehind(images, layer)(layer) : images;
  const [seen, unseen] = [true, false].map((wanted) => names.filter((_, i) => behind.includes(images[i]) === wanted));
  if (layer && unseen.length > 0)
    return [`The layer “${layer.name}” depends on ${quoted(seen)} alone: nothing is drawn over ${quoted(unseen)}.`];
  const notes = layer
    ? [`The layer “${layer.name}” depends on ${quoted(seen)} at once: look at each with that in mind.`]
    : [];
  const blank = names.filter((_, i) => isBlank(maps[i]));
  if (blank.length > 0 && blank.length < names.length)
    notes.push(`The map of ${quoted(blank)} is zero everywhere: the target does not react to that image here.`);
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
