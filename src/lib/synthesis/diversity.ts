/** @file Several pictures of one unit that shall differ (Olah, Mordvintsev & Schubert 2017). */
import { sumOverBatch } from '../attribution/program.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { unfolded, type Site } from './objective.ts';

const TINY = 1e-6;

/** A value, and what flows into it on the way back. */
export interface Push {
  readonly y: Value;
  readonly seed: Value;
}

/**
 * The gradient of −weight · Σ_{a≠b} ⟨G_a, G_b⟩ / batch, with G the Gram matrix of each example's channels, normalised. It is
 * given as what flows into G, since examples meet here and nowhere else: −2 · weight · (Σ_b G_b − G_a) / batch.
 */
export function pushApart(g: Builder, site: Site, at: (value: Value) => Value, weight: number, batch: number): Push {
  const features = unfolded(g, site, at(site.value));
  const gram = g.matmul(features, g.transpose(features));
  const norm = g.sqrt(g.add(g.reduceSum(g.square(gram), [1, 2]), TINY));
  const y = g.div(gram, norm);
  const others = g.sub(sumOverBatch(g, y), y);
  return { y, seed: g.mul(others, (-2 * weight) / batch) };
}
