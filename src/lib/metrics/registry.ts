/** @file The registry: every metric, those of a group one after the other and the cheap groups first. A new metric adds one line here. */
import { cascade } from './cascade.ts';
import { completeness } from './completeness.ts';
import { deletion } from './deletion.ts';
import { infidelity } from './infidelity.ts';
import { insertion } from './insertion.ts';
import { maxSensitivity } from './max-sensitivity.ts';
import { pointingGame } from './pointing-game.ts';
import { randomLogit } from './random-logit.ts';
import { relevanceMass } from './relevance-mass.ts';
import { relevanceRank } from './relevance-rank.ts';
import { road } from './road.ts';
import { sparseness } from './sparseness.ts';
import type { Metric } from './types.ts';

export const metrics: readonly Metric[] = [
  completeness,
  sparseness,
  pointingGame,
  relevanceMass,
  relevanceRank,
  deletion,
  insertion,
  road,
  infidelity,
  randomLogit,
  cascade,
  maxSensitivity,
];

/** The metric called `id`. Throws a RangeError naming those that exist. */
export function findMetric(id: string): Metric {
  const metric = metrics.find((m) => m.id === id);
  if (!metric) throw new RangeError(`Unknown metric "${id}". Known: ${metrics.map((m) => m.id).join(', ')}.`);
  return metric;
}
