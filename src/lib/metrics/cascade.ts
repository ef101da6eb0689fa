import { choice, integer, schema } from '../attribution/options.ts';
import { isZero, mapOnPlaces, meanOf, placesOf } from './maps.ts';
import { defineMetric, explainedAgain, undefinedBecause, ZERO } from './metric.ts';
import { learnedLayers, withShuffled } from './shuffle.ts';
import { similarityOf, similarityOption } from './similarity.ts';

/**
 * Parameter randomisation (Adebayo et al. 2018, arXiv:1810.03292): the weights are shuffled layer upon layer, and after
 * each step the map is compared with that of the model as it was learned. A map that stays shows the image, not the model.
 * The value is the mean likeness over the steps.
 */
export const cascade = defineMetric({
  id: 'parameter-randomisation',
  title: 'Parameter randomisation',
  group: 'randomisation',
  description: 'How much of the map is left when the model’s layers are shuffled one after the other.',
  citation: {
    authors: 'Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim',
    year: 2018,
    title: 'Sanity Checks for Saliency Maps',
    url: 'https://arxiv.org/abs/1810.03292',
  },
  better: 'lower',
  cost: 'explanations',
  needsMask: false,
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'At most so many models, evenly from the first shuffled layer to all.' },
      { minimum: 1, maximum: 100, default: 8 },
    ),
    order: choice(
      { title: 'Begins at', description: 'Which layers are shuffled first.' },
      { output: 'The output', input: 'The input' },
      'output',
    ),
    likeness: similarityOption('spearman'),
  }),
  async measure(subject, { steps, order, likeness }) {
    const { question } = subject;
    const own = mapOnPlaces(subject);
    if (isZero(own)) return undefinedBecause(ZERO);
    const layers = learnedLayers(question.model);
    if (layers.length === 0)
      return undefinedBecause(
        'No layer of this model has weights that could be shuffled: they are kept in another form.',
      );
    if (order === 'output') layers.reverse();
    const { width } = placesOf(question.x);
    const depths = stepsOf(layers.length, steps);
    const found: number[] = [];
    for (const [k, depth] of depths.entries()) {
      const shuffled = withShuffled(
        question,
        layers.slice(0, depth).flat(),
        `shuffled ${order} ${depth} ${question.seed}`,
      );
      const { scores } = await explainedAgain(subject, shuffled, k, depths.length);
      if (scores.data.some((v) => !Number.isFinite(v)))
        return undefinedBecause(`With ${depth} layers shuffled the map holds numbers that are not finite.`);
      found.push(similarityOf(likeness, own, mapOnPlaces(subject, scores), width));
    }
    const x = depths.map((depth) => depth / layers.length);
    return {
      value: meanOf(found),
      why: '',
      details: [
        { title: 'With all layers shuffled', value: found[found.length - 1] },
        { title: 'Layers with weights', value: layers.length },
      ],
      curves: [{ title: 'Likeness', x: [0, ...x], y: [1, ...found] }],
      axes: { x: `Share of the layers shuffled, from the ${order}`, y: 'Likeness to the map' },
    };
  },
});

/** How many layers are shuffled at each step: evenly from the first to all. */
function stepsOf(layers: number, steps: number): number[] {
  const count = Math.min(layers, steps);
  return Array.from({ length: count }, (_, k) =>
    count === 1 ? layers : Math.round(1 + (k * (layers - 1)) / (count - 1)),
  );
}
