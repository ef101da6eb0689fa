/** @file Why a map is blank or misleading, in words, where the numbers tell. */
import { imagesBehind } from '../attribution/inputs.ts';
import type { Explanation, ModelGraph, SelfCheck, Target } from '../attribution/types.ts';
import type { Value } from '../graph/graph.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import type { WayOut } from './types.ts';

/** Softmax closer to 0 or 1 than this has a derivative that float32 rounds away. */
const SATURATED = 1e-5;

/** A completeness gap that a person should not overlook. */
const LARGE_GAP = 0.05;

/** What a map came from. */
export interface Origin {
  /** Its id. */
  readonly method: string;
  readonly target: Target;
  /** null where a neuron is explained. */
  readonly probabilities: Float32Array | null;
  /** Whether the method replaces parts of the image, and so moves further than a small change. */
  readonly replaces: boolean;
  /** Of a method that drops negative scores: its scores before that, looked up where the map is blank. */
  readonly undropped: FloatTensor | null;
}

export interface Diagnosis {
  /** One sentence for each thing that the person should know. */
  readonly notes: readonly string[];
  readonly wayOut?: WayOut;
}

/** What is to be said about this map, or these, of several images. */
export function diagnose(
  maps: readonly FloatTensor[],
  { check, passes, value }: Explanation,
  origin: Origin,
): Diagnosis {
  const notes: string[] = [];
  let wayOut: WayOut | undefined;
  const sizes = maps.map(({ data }) => data.length);
  const nonFinite = maps.reduce((n, { data }) => n + data.filter((v) => !Number.isFinite(v)).length, 0);
  if (nonFinite > 0)
    notes.push(
      `${nonFinite} of ${sizes.reduce((a, b) => a + b, 0)} scores are not finite: the model overflows on this input.`,
    );
  if (maps.every(isBlank)) {
    const why = whyBlank(origin, value);
    notes.push(...why.notes);
    wayOut = why.wayOut;
  } else if (maps.every(({ data }) => data.every((v) => v === data[0])))
    notes.push('Every position has the same score: this target does not depend on where things are.');
  else if (maps.every(({ data }) => data.every((v) => v <= 0)))
    notes.push('No score is positive: whatever the method sees in this picture speaks against the target.');
  if (check?.estimate && check.estimate.error > check.estimate.target)
    notes.push(
      `The error is estimated at ${share(check.estimate.error)} after ${passes} passes, ${share(check.estimate.target)} was asked for. Allow more passes or a larger error.`,
    );
  if (check && check.relative > LARGE_GAP) notes.push(...gapNotes[check.kind](share(check.relative)));
  return { notes, ...(wayOut && { wayOut }) };
}

/** Whether there is nothing on a map. */
export const isBlank = ({ data }: FloatTensor): boolean => data.every((v) => v === 0);

const share = (v: number): string => `${Number((100 * v).toPrecision(2))} %`;

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
  estimate: (share) => [
    `The scores miss their sum by ${share}: they nearly cancel in it. A smaller error makes the gap smaller.`,
  ],
  // The method makes no promise that could be missed.
  'first-order': () => [],
  conservation: (share) => [
    `The scores miss F(x) by ${share}: so much end in biases and where a rule finds nobody to give to. With “Biases take a share” off, less is lost.`,
  ],
  sampling: (share) => [`The standard error is ${share} of the scores: more samples make the map steadier.`],
};

const GUIDED =
  'Nothing is left of the signal: the method drops it at each ReLU where it is negative. Saliency shows all of the gradient.';

const SILENT =
  'The neuron’s activation is 0 on this picture, and no small change of it wakes the neuron. Pick one that answers here; Occlusion and Integrated Gradients make larger changes.';

/** Where neither the gradient alone nor a replaced part decides. */
const blankBecause: Readonly<Record<string, string>> = {
  'guided-backpropagation': GUIDED,
  deconvolution: GUIDED,
  'guided-grad-cam':
    'Nothing is left: where Grad-CAM sees evidence, Guided Backpropagation is zero. Look at each alone.',
  'neuron-conductance':
    'Nothing of the target passes through this neuron between baseline and image: it does not answer there, or the target does not depend on it. Take the strongest of its layer.',
  'input-x-gradient':
    'The product is zero everywhere: the gradient is zero, or the picture is zero in the model’s units. Saliency tells which.',
};

function whyBlank({ method, target, probabilities, replaces, undropped }: Origin, value: number): Diagnosis {
  const p = probabilities?.[target.index];
  if (p === undefined && value === 0 && !replaces) return { notes: [SILENT] };
  if (p !== undefined && target.kind === 'probability' && (p < SATURATED || p > 1 - SATURATED))
    return {
      notes: ['The gradient is zero: the class probability is saturated; explain the logit instead.'],
      wayOut: 'logit',
    };
  if (undropped?.data.some((v) => v < 0))
    return {
      notes: ['Every score is negative and the method drops those: all of this layer speaks against the target.'],
      wayOut: 'negative',
    };
  const otherwise = replaces
    ? 'The map is zero everywhere: whatever the method replaces in this picture, the target stays the same.'
    : 'The gradient is zero everywhere: no small change of this picture changes the target. Occlusion and Integrated Gradients make larger ones.';
  return { notes: [blankBecause[method] ?? otherwise] };
}
