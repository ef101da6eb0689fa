import { choice, schema } from '../attribution/options.ts';
import { mapOnPlaces } from './maps.ts';
import { defineMetric, undefinedBecause, ZERO } from './metric.ts';

/**
 * Relevance mass accuracy (Arras, Osman & Samek 2022, arXiv:2003.07258): Σ of the scores on the object over Σ of all. Of
 * signed maps the scores above zero count, or the magnitudes.
 */
export const relevanceMass = defineMetric({
  id: 'relevance-mass',
  title: 'Relevance mass',
  group: 'localisation',
  description: 'What share of the map lies on the object.',
  citation: {
    authors: 'Arras, Osman, Samek',
    year: 2022,
    title: 'CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural network explanations',
    url: 'https://arxiv.org/abs/2003.07258',
  },
  better: 'higher',
  cost: 'map',
  needsMask: true,
  options: schema({
    counted: choice(
      { title: 'Counted', description: 'Which scores of a signed map make its mass.' },
      { positive: 'Scores above zero', absolute: 'All, without their sign' },
      'positive',
    ),
  }),
  measure(subject, { counted }) {
    const map = mapOnPlaces(subject);
    const mask = subject.mask!;
    let [inside, total, covered] = [0, 0, 0];
    map.forEach((v, place) => {
      const mass = counted === 'absolute' ? Math.abs(v) : Math.max(0, v);
      total += mass;
      if (mask[place] === 0) return;
      inside += mass;
      covered++;
    });
    if (total === 0) return undefinedBecause(counted === 'positive' ? 'No score is above zero.' : ZERO);
    return {
      value: inside / total,
      why: '',
      details: [{ title: 'What an even map would have', value: covered / map.length }],
    };
  },
});
