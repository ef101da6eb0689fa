import { schema } from '../attribution/options.ts';
import { defineMetric, replacementOption, scoreOption, stepsOption } from './metric.ts';
import { alongRanks } from './removal.ts';

/**
 * Insertion (Petsiuk, Das & Saenko 2018, arXiv:1806.07421): places are brought back into a blurred image, those with the
 * highest scores first, all channels together; the area under the probability, from none of the image to all of it.
 */
export const insertion = defineMetric({
  id: 'insertion',
  title: 'Insertion',
  group: 'faithfulness',
  description: 'Mean probability while the places with the highest scores are brought back first.',
  citation: {
    authors: 'Petsiuk, Das, Saenko',
    year: 2018,
    title: 'RISE: Randomized Input Sampling for Explanation of Black-box Models',
    url: 'https://arxiv.org/abs/1806.07421',
  },
  better: 'higher',
  cost: 'passes',
  needsMask: false,
  options: schema({ steps: stepsOption(20), replacement: replacementOption('blur'), score: scoreOption }),
  measure: (subject, options) => alongRanks(subject, options, 'insert'),
});
