import { schema } from '../attribution/options.ts';
import { isZero, mapOnPlaces } from './maps.ts';
import { defineMetric, undefinedBecause, ZERO } from './metric.ts';

/**
 * Sparseness (Chalasani et al. 2020, arXiv:1810.06583): the Gini index of the n magnitudes a₁ ≤ … ≤ aₙ,
 *
 *     Σᵢ (2i − n − 1) aᵢ / (n Σᵢ aᵢ)
 *
 * 0 where all are equal, (n − 1)/n where one place has everything. Beside it the entropy of the shares aᵢ / Σ a in nats
 * (Bhatt, Weller & Moura 2020, arXiv:2005.00631).
 */
export const sparseness = defineMetric({
  id: 'sparseness',
  title: 'Sparseness',
  group: 'complexity',
  description: 'How few places carry the map: 0 where all weigh the same, close to 1 where a few carry everything.',
  citation: {
    authors: 'Chalasani, Chen, Chowdhury, Jha, Wu',
    year: 2020,
    title: 'Concise Explanations of Neural Networks using Adversarial Training',
    url: 'https://arxiv.org/abs/1810.06583',
  },
  better: 'higher',
  cost: 'map',
  needsMask: false,
  options: schema({}),
  measure(subject) {
    const map = mapOnPlaces(subject);
    if (isZero(map)) return undefinedBecause(ZERO);
    return { value: gini(map), why: '', details: [{ title: 'Entropy in nats', value: entropy(map) }] };
  },
});

/** Of the magnitudes; not defined where all are zero. */
export function gini(values: ArrayLike<number>): number {
  const a = Float64Array.from(values, Math.abs).sort();
  let [total, weighted] = [0, 0];
  a.forEach((v, i) => {
    total += v;
    weighted += (2 * (i + 1) - a.length - 1) * v;
  });
  return weighted / (a.length * total);
}

/** −Σ p ln p of the magnitudes' shares. */
export function entropy(values: ArrayLike<number>): number {
  const a = Float64Array.from(values, Math.abs);
  const total = a.reduce((sum, v) => sum + v, 0);
  return a.reduce((sum, v) => (v > 0 ? sum - (v / total) * Math.log(v / total) : sum), 0);
}
