/** @file Places replaced in the order of their scores: the curves of deletion and insertion. */
import { valuesWith } from '../attribution/features.ts';
import { areaUnder, asFeatures, descending, isConstant, mapOnPlaces, placesOf } from './maps.ts';
import { CONSTANT, readingOff, titleOfScore, undefinedBecause, type Score } from './metric.ts';
import type { Measured, Replacement, Subject } from './types.ts';

export interface Removal {
  readonly steps: number;
  readonly replacement: Replacement;
  readonly score: Score;
}

/**
 * The score after k/steps of the places, those with the highest scores first, were replaced (`delete`) or, from an image
 * where all are replaced, brought back (`insert`); k runs from 0 to `steps`. The value is the mean height of the curve.
 */
export async function alongRanks(
  subject: Subject,
  { steps, replacement, score }: Removal,
  way: 'delete' | 'insert',
): Promise<Measured> {
  const map = mapOnPlaces(subject);
  if (isConstant(map)) return undefinedBecause(CONSTANT);
  const places = placesOf(subject.question.x);
  const order = descending(map);
  const counts = removedCounts(places.count, steps);
  const question = { ...readingOff(subject.question, score), baseline: subject.without(replacement) };
  const y = await valuesWith(question, asFeatures(places), counts.length, (k) => {
    const keep = new Uint8Array(places.count).fill(way === 'delete' ? 1 : 0);
    for (let i = 0; i < counts[k]; i++) keep[order[i]] = way === 'delete' ? 0 : 1;
    return keep;
  });
  const x = counts.map((count) => count / places.count);
  return {
    value: areaUnder(x, y),
    why: '',
    curves: [{ title: way === 'delete' ? 'Deletion' : 'Insertion', x, y }],
    axes: {
      x: way === 'delete' ? 'Share of the places taken away' : 'Share of the places brought back',
      y: titleOfScore(subject.question, score),
    },
  };
}

/** How many places have been changed after each step: none at first, all in the end. No number comes twice. */
const removedCounts = (places: number, steps: number): number[] => [
  ...new Set(Array.from({ length: steps + 1 }, (_, k) => Math.round((k * places) / steps))),
];
