/** @file What metrics share: how they are defined, the options that several have, and what is said where there is no number. */
import type { TObject } from 'typebox';
import { choice, integer, readOptions } from '../attribution/options.ts';
import type { Explanation, Question } from '../attribution/types.ts';
import type { Definition, Measured, Metric, Replacement, Subject } from './types.ts';

/** A metric whose options are read by its schema before it runs, and whose number is finite or explained. */
export function defineMetric<const S extends TObject>(definition: Definition<S>): Metric {
  const { title, options, needsMask, needsClass } = definition;
  return {
    ...definition,
    async measure(subject, given = {}) {
      const read = readOptions(options, given, `Options of ${title}`);
      subject.question.signal?.throwIfAborted();
      if (needsClass && subject.question.ofNeuron) return undefinedBecause(NO_CLASS);
      if (needsMask) {
        const missing = missingMask(subject.mask);
        if (missing) return undefinedBecause(missing);
      }
      if (subject.explanation.scores.data.some((v) => !Number.isFinite(v)))
        return undefinedBecause('The map holds numbers that are not finite. Try another device or method.');
      const measured = await definition.measure(subject, read);
      if (measured.value === null || Number.isFinite(measured.value)) return measured;
      return undefinedBecause(`It came out as ${measured.value}: the model gave numbers that are not finite.`);
    },
  };
}

export const undefinedBecause = (why: string): Measured => ({ value: null, why });

export const CONSTANT = 'The map is the same everywhere, so it ranks no place before another.';
export const ZERO = 'The map is zero everywhere.';

const NO_CLASS = 'It compares with another class, and what is explained is a neuron. Explain a class.';

function missingMask(mask: Uint8Array | null): string {
  if (!mask) return 'There is no mask. Paint over the object, or give its rectangle.';
  const on = mask.reduce((n, v) => n + Number(v !== 0), 0);
  if (on === 0) return 'The mask is empty. Paint over the object, or give its rectangle.';
  return on === mask.length ? 'The mask covers the whole image, so every map lies within it.' : '';
}

const replacements: Record<Replacement, string> = {
  black: 'Black',
  white: 'White',
  mean: 'The image’s mean colour',
  blur: 'The image, blurred',
  noise: 'Noise',
};

/** What a place becomes when it is taken away. */
export const replacementOption = (fallback: Replacement) =>
  choice({ title: 'Replaced by', description: 'What stands where the image is taken away.' }, replacements, fallback);

export const scoreOption = choice(
  { title: 'Score', description: 'What is read off the model after each change; of a neuron always its activation.' },
  { probability: 'Probability of the class', target: 'What is explained' },
  'probability',
);

export type Score = 'probability' | 'target';

export const stepsOption = (fallback: number) =>
  integer(
    { title: 'Steps', description: 'Points of the curve after the first: more is slower and finer.' },
    { minimum: 1, maximum: 200, default: fallback },
  );

/** The question with what the curve shows in place of what was explained. A neuron has no probability: it is read off itself. */
export const readingOff = (question: Question, score: Score): Question =>
  score === 'target' || question.ofNeuron
    ? question
    : { ...question, target: { kind: 'probability', index: question.target.index } };

/** What an axis of such numbers is called. */
export const titleOfScore = (question: Question, score: Score): string =>
  score === 'target' || question.ofNeuron ? 'What is explained' : 'Probability';

/** The k-th of `total` explanations that a metric asks for; progress goes on where the one before it ended. */
export function explainedAgain(subject: Subject, question: Question, k: number, total: number): Promise<Explanation> {
  const { signal, onProgress } = subject.question;
  signal?.throwIfAborted();
  onProgress?.({ done: k, total });
  const within: Question['onProgress'] = (p) => onProgress?.({ done: k + p.done / Math.max(1, p.total), total });
  return subject.explain({ ...question, signal, onProgress: within });
}
