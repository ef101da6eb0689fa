import { defineMetric, undefinedBecause } from './metric.ts';
import { schema } from '../attribution/options.ts';

/**
 * Completeness (Sundararajan, Taly & Yan 2017, arXiv:1703.01365).
 *
 *     |Σ scores − (F(x) − F(x′))| / |F(x) − F(x′)|
 *
 * or the same of whatever sum the method promises. An exact comparison of floats, as some toolkits make it, never holds.
 */
export const completeness = defineMetric({
  id: 'completeness',
  title: 'Completeness gap',
  group: 'axiom',
  description: 'By how much the sum of the scores misses what the method promises, relative to that.',
  citation: {
    authors: 'Sundararajan, Taly, Yan',
    year: 2017,
    title: 'Axiomatic Attribution for Deep Networks',
    url: 'https://arxiv.org/abs/1703.01365',
  },
  better: 'lower',
  cost: 'map',
  needsMask: false,
  options: schema({}),
  measure({ explanation: { check } }) {
    if (!check || check.kind === 'sampling') return undefinedBecause('This method makes no promise about its sum.');
    if (!Number.isFinite(check.relative))
      return undefinedBecause('The scores should sum to 0, and a gap has no size relative to that.');
    return { value: check.relative, why: '', details: [{ title: 'Gap', value: check.delta }] };
  },
});
