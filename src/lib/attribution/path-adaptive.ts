/** @file Adds points to a path until the error of the integral is estimated to be small enough. */
import { deepliftComplete } from '../autodiff/rule-sets.ts';
import { missingRules } from './method.ts';
import { PathSum, worstOf, type Cell } from './path-error.ts';
import { gradientRule, SEGMENTS_FIRST, segmentRule, type PathRule, type PathRuleName } from './path-rules.ts';
import { segmentsOfPath } from './path-terms.ts';
import type { Question } from './types.ts';

export interface Wanted {
  /** Σ|error| over Σ|score|. */
  readonly target: number;
  /** At most; the first cells of a rule are computed whatever it says. */
  readonly passes: number;
  readonly rule: 'measured' | PathRuleName;
}

export interface Reached {
  readonly scores: Float32Array<ArrayBuffer>;
  /** As estimated: above the target where the passes did not suffice, NaN where scores are not finite. */
  readonly error: number;
  readonly rule: PathRuleName;
  readonly passes: number;
}

/** What the points of a path may take in memory: half a gigabyte. */
const MOST_BYTES = 2 ** 29;

/** Segments are tried when gradients have come this close to what is asked for, as a multiple of it. */
const NEAR = 10;

/**
 * Integrated Gradients to an error. `measured` means gradients, unless DeepLIFT over the whole path agrees with what they
 * have found when they are near: then segments are tried, and the rule goes on whose error times passes is smaller.
 */
export async function reach(question: Question, { target, passes, rule }: Wanted): Promise<Reached> {
  const most = Math.min(passes, Math.floor(MOST_BYTES / (4 * question.x.data.length)));
  const effort: Effort = { target, most, passes: 0, error: Infinity };
  const bySegments = () => started(segmentRule(reporting(question, effort, 2)), question, effort);
  if (rule === 'segments') return resultOf(await refined(await bySegments(), effort, target), effort);
  let gradients = await started(gradientRule(reporting(question, effort, 1)), question, effort);
  if (rule === 'measured') {
    gradients = await refined(gradients, effort, NEAR * target);
    if (isFar(gradients, target) && (await wholeAgrees(question, gradients, effort))) {
      const segments = await bySegments();
      if (costOf(segments) < costOf(gradients)) return resultOf(await refined(segments, effort, target), effort);
    }
  }
  return resultOf(await refined(gradients, effort, target), effort);
}

/** Passes of DeepLIFT over the whole path. */
const WHOLE = 2;

interface Effort {
  readonly target: number;
  readonly most: number;
  /** Of all rules so far. */
  passes: number;
  /** Of the rule that goes on. */
  error: number;
}

/** Reports all passes so far, of as many as it will take if the error shrinks as the number of points grows. */
function reporting(question: Question, effort: Effort, passesEach: number): Question {
  return {
    ...question,
    onProgress: ({ done, total }) => {
      const sure = effort.passes + passesEach * total;
      const expected = Math.min(effort.most, Math.ceil(effort.passes * (effort.error / effort.target)) || 0);
      question.onProgress?.({ done: effort.passes + passesEach * done, total: Math.max(sure, expected) });
    },
  };
}

interface Running<C extends Cell> {
  readonly rule: PathRule<C>;
  readonly cells: ReadonlySet<C>;
  readonly sum: PathSum;
  readonly error: number;
  readonly passes: number;
}

async function started<C extends Cell>(rule: PathRule<C>, { x }: Question, effort: Effort): Promise<Running<C>> {
  const cells = await rule.start();
  effort.passes += rule.first;
  const sum = new PathSum(x.data.length);
  cells.forEach((cell) => sum.add(cell));
  return { rule, cells: new Set(cells), sum, error: sum.error, passes: rule.first };
}

/** An error that shrinks as the number of points grows has a constant product with it. */
const costOf = <C extends Cell>({ error, passes }: Running<C>): number => error * passes;

/** Whether more passes are expected to be missing than twice those that trying segments takes. */
const isFar = <C extends Cell>({ error, passes }: Running<C>, target: number): boolean =>
  error <= NEAR * target && passes * (error / target - 1) > 2 * (WHOLE + SEGMENTS_FIRST);

/** Whether DeepLIFT from the baseline to the image lies within the error of what gradients have found. */
async function wholeAgrees<C extends Cell>(
  question: Question,
  { sum, error }: Running<C>,
  effort: Effort,
): Promise<boolean> {
  if (missingRules(question.model, deepliftComplete) !== null) return false;
  const [whole] = await segmentsOfPath(reporting(question, effort, 2), [{ from: 0, to: 1 }]);
  effort.passes += WHOLE;
  let [distance, size] = [0, 0];
  sum.scores.forEach((score, i) => {
    distance += Math.abs(whole[i] - score);
    size += Math.abs(score);
  });
  return distance <= error * size;
}

/** Halves the worst cells until the error is estimated to be `target`, or the passes are used up. */
async function refined<C extends Cell>(running: Running<C>, effort: Effort, target: number): Promise<Running<C>> {
  const { rule, sum } = running;
  const cells = new Set(running.cells);
  let { error, passes } = running;
  effort.error = error;
  while (error > target) {
    const most = Math.floor((effort.most - effort.passes) / rule.halving);
    const worst = worstOf([...cells], error, target, most);
    if (worst.length === 0) break;
    const halves = await rule.halve(worst);
    for (const cell of worst) {
      cells.delete(cell);
      sum.add(cell, -1);
    }
    for (const half of halves) {
      cells.add(half);
      sum.add(half);
    }
    passes += worst.length * rule.halving;
    effort.passes += worst.length * rule.halving;
    effort.error = error = sum.error;
  }
  return { rule, cells, sum, error, passes };
}

const resultOf = <C extends Cell>({ sum, error, rule }: Running<C>, { passes }: Effort): Reached => ({
  scores: sum.scores,
  error,
  rule: rule.name,
  passes,
});
