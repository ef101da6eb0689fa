import { schema } from '../attribution/options.ts';
import { descending, isConstant, mapOnPlaces } from './maps.ts';
import { CONSTANT, defineMetric, undefinedBecause } from './metric.ts';

/**
 * Relevance rank accuracy (Arras, Osman & Samek 2022, arXiv:2003.07258): with S the places of the object, the share of the
 * |S| highest scores that lie in S. Where several scores tie for the last of them, each counts by the chance to be drawn.
 */
export const relevanceRank = defineMetric({
  id: 'relevance-rank',
  title: 'Relevance rank',
  group: 'localisation',
  description: 'Of as many highest scores as the object has places, the share that lies on it.',
  citation: {
    authors: 'Arras, Osman, Samek',
    year: 2022,
    title: 'CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural network explanations',
    url: 'https://arxiv.org/abs/2003.07258',
  },
  better: 'higher',
  cost: 'map',
  needsMask: true,
  options: schema({}),
  measure(subject) {
    const map = mapOnPlaces(subject);
    if (isConstant(map)) return undefinedBecause(CONSTANT);
    const mask = subject.mask!;
    const size = mask.reduce((n, v) => n + Number(v !== 0), 0);
    const least = map[descending(map)[size - 1]];
    let [surely, hits, tied, tiedHits] = [0, 0, 0, 0];
    map.forEach((v, place) => {
      const on = Number(mask[place] !== 0);
      if (v > least) {
        surely++;
        hits += on;
      } else if (v === least) {
        tied++;
        tiedHits += on;
      }
    });
    return {
      value: (hits + ((size - surely) * tiedHits) / tied) / size,
      why: '',
      details: [{ title: 'What chance would have', value: size / map.length }],
    };
  },
});
