import { schema } from '../attribution/options.ts';
import { exampleShape, outputOf } from '../attribution/target.ts';
import type { Target } from '../attribution/types.ts';
import { random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { isZero, mapOnPlaces, placesOf } from './maps.ts';
import { defineMetric, explainedAgain, undefinedBecause, ZERO } from './metric.ts';
import { similarityOf, similarityOption } from './similarity.ts';

/**
 * Random logit (Sixt, Granz & Landgraf 2020, arXiv:1912.09818): how alike the map is to that of another class, drawn at
 * random. A map that does not change with the class does not explain the class.
 */
export const randomLogit = defineMetric({
  id: 'random-logit',
  title: 'Random logit',
  group: 'randomisation',
  description: 'How alike the map is to that of another class, drawn at random.',
  citation: {
    authors: 'Sixt, Granz, Landgraf',
    year: 2020,
    title: 'When Explanations Lie: Why Many Modified BP Attributions Fail',
    url: 'https://arxiv.org/abs/1912.09818',
  },
  better: 'lower',
  cost: 'explanations',
  needsMask: false,
  needsClass: true,
  options: schema({ likeness: similarityOption('ssim') }),
  async measure(subject, { likeness }) {
    const { question } = subject;
    const own = mapOnPlaces(subject);
    if (isZero(own)) return undefinedBecause(ZERO);
    const taken = [question.target.index, ...('other' in question.target ? [question.target.other] : [])];
    const classes = sizeOf(exampleShape(outputOf(question.model, question.target)));
    const free = Array.from({ length: classes }, (_, i) => i).filter((i) => !taken.includes(i));
    if (free.length === 0) return undefinedBecause('The model knows no other class.');
    const index = free[random(question.seed).below(free.length)];
    const target: Target = { ...question.target, index };
    const { scores } = await explainedAgain(subject, { ...question, target }, 0, 1);
    const other = mapOnPlaces(subject, scores);
    const { width } = placesOf(question.x);
    return {
      value: similarityOf(likeness, own, other, width),
      why: '',
      details: [{ title: 'Number of the other class', value: index }],
    };
  },
});
