import { integer, schema } from '../attribution/options.ts';
import { isConstant, mapOnPlaces, placesOf } from './maps.ts';
import { CONSTANT, defineMetric, undefinedBecause } from './metric.ts';

/**
 * Pointing game (Zhang, Lin, Brandt, Shen & Sclaroff 2016, arXiv:1608.00507): 1 where the highest score lies on the object,
 * else 0; of several highest ones any will do. Beside it the hit weighted by how hard it was, 1 − |mask| / n.
 */
export const pointingGame = defineMetric({
  id: 'pointing-game',
  title: 'Pointing game',
  group: 'localisation',
  description: 'Whether the highest score lies on the object: 1 for a hit, 0 for a miss.',
  citation: {
    authors: 'Zhang, Lin, Brandt, Shen, Sclaroff',
    year: 2016,
    title: 'Top-down Neural Attention by Excitation Backprop',
    url: 'https://arxiv.org/abs/1608.00507',
  },
  better: 'higher',
  cost: 'map',
  needsMask: true,
  options: schema({
    tolerance: integer(
      { title: 'Tolerance', description: 'Pixels of the input by which the highest score may miss the object.' },
      { minimum: 0, maximum: 100, default: 0 },
    ),
  }),
  measure(subject, { tolerance }) {
    const map = mapOnPlaces(subject);
    if (isConstant(map)) return undefinedBecause(CONSTANT);
    const mask = subject.mask!;
    const { height, width, count } = placesOf(subject.question.x);
    const highest = map.reduce((most, v) => Math.max(most, v), -Infinity);
    const near = (place: number): boolean => {
      const [row, column] = [Math.floor(place / width), place % width];
      for (let y = Math.max(0, row - tolerance); y <= Math.min(height - 1, row + tolerance); y++)
        for (let x = Math.max(0, column - tolerance); x <= Math.min(width - 1, column + tolerance); x++)
          if ((y - row) ** 2 + (x - column) ** 2 <= tolerance ** 2 && mask[y * width + x] !== 0) return true;
      return false;
    };
    const hit = map.some((v, place) => v === highest && near(place)) ? 1 : 0;
    const covered = mask.reduce((n, v) => n + Number(v !== 0), 0);
    return {
      value: hit,
      why: '',
      details: [
        { title: 'Weighted by difficulty', value: hit * (1 - covered / count) },
        { title: 'Share of the image that the mask covers', value: covered / count },
      ],
    };
  },
});
