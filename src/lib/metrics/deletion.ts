import { schema } from '../attribution/options.ts';
import { defineMetric, replacementOption, scoreOption, stepsOption } from './metric.ts';
import { alongRanks } from './removal.ts';

/**
 * Deletion (Petsiuk, Das & Saenko 2018, arXiv:1806.07421): places are replaced, those with the highest scores first, all
 * channels together; the area under the probability, from the whole image to none of it. A map that knows what matters
 * makes it fall at once.
 */
export const deletion = defineMetric({
  id: 'deletion',
  title: 'Deletion',
  group: 'faithfulness',
  description: 'Mean probability while the places with the highest scores are taken away first.',
  citation: {
    authors: 'Petsiuk, Das, Saenko',
    year: 2018,
    title: 'RISE: Randomized Input Sampling for Explanation of Black-box Models',
    url: 'https://arxiv.org/abs/1806.07421',
  },
  better: 'lower',
  cost: 'passes',
  needsMask: false,
  options: schema({ steps: stepsOption(20), replacement: replacementOption('mean'), score: scoreOption }),
  measure: (subject, options) => alongRanks(subject, options, 'delete'),
});
