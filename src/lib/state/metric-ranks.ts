/** @file Which of several explanations is better by a metric. */
import type { Judgement, MetricInfo } from '../worker/api.ts';

/** 1 for the best; equal values share the better place. null where there is no value. */
export function ranksOf(
  { better }: Pick<MetricInfo, 'better'>,
  judgements: readonly (Pick<Judgement, 'value'> | null)[],
): (number | null)[] {
  const values = judgements.map((judgement) => judgement?.value ?? null);
  const beats = (a: number, b: number) => (better === 'higher' ? a > b : a < b);
  return values.map((own) =>
    own === null ? null : 1 + values.filter((other) => other !== null && beats(other, own)).length,
  );
}

/** The mean of the places that an explanation has, over the metrics that gave it one; null without any. */
export function meanRank(ranks: readonly (number | null)[]): number | null {
  const known = ranks.filter((rank) => rank !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
}
