import { batchFor, inChunks, values } from '../attribution/program.ts';
import { integer, number, schema } from '../attribution/options.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { impute } from './imputation.ts';
import { descending, isConstant, mapOnPlaces, meanOf, placesOf } from './maps.ts';
import { CONSTANT, defineMetric, readingOff, scoreOption, titleOfScore, undefinedBecause } from './metric.ts';

/**
 * ROAD, remove and debias (Rong, Leemann, Borisov, Kasneci & Kasneci 2022, arXiv:2202.00449). For each share p of the places
 * the score is read off twice: with those of the highest scores imputed (most relevant first, MoRF) and with those of the
 * lowest (least relevant first, LeRF). The value is the mean over p of (LeRF − MoRF) / 2, as in pytorch-grad-cam.
 */
export const road = defineMetric({
  id: 'road',
  title: 'ROAD',
  group: 'faithfulness',
  description:
    'How much less the score suffers when the lowest places are smoothed away than when the highest are: half the difference, averaged over shares.',
  citation: {
    authors: 'Rong, Leemann, Borisov, Kasneci, Kasneci',
    year: 2022,
    title: 'A Consistent and Efficient Evaluation Strategy for Attribution Methods',
    url: 'https://arxiv.org/abs/2202.00449',
  },
  better: 'higher',
  cost: 'passes',
  needsMask: false,
  options: schema({
    every: integer(
      { title: 'Every', description: 'Percent of the places between two points of the curve, from the first on.' },
      { minimum: 1, maximum: 50, default: 10 },
    ),
    noise: number(
      { title: 'Noise', description: 'Standard deviation upon what is filled in, in the model’s own units.' },
      { minimum: 0, maximum: 10, default: 0.01 },
    ),
    score: scoreOption,
  }),
  async measure(subject, { every, noise, score }) {
    const map = mapOnPlaces(subject);
    if (isConstant(map)) return undefinedBecause(CONSTANT);
    const { x, seed } = subject.question;
    const places = placesOf(x);
    const order = descending(map);
    const shares = Array.from({ length: Math.ceil(100 / every) - 1 }, (_, k) => ((k + 1) * every) / 100);
    const first = (share: number) => order.slice(0, Math.round(share * places.count));
    const last = (share: number) => order.slice(places.count - Math.round(share * places.count));
    const removed = [...shares.map(first), ...shares.map(last)];
    const question = readingOff(subject.question, score);
    const y: number[] = [];
    const batch = await batchFor(question, removed.length);
    await inChunks(question, removed.length, batch, async (start) => {
      const xs: FloatTensor[] = [];
      for (const set of removed.slice(start, start + batch)) {
        const away = new Uint8Array(places.count);
        set.forEach((place) => (away[place] = 1));
        xs.push(impute(x, places, away, noise, seed));
      }
      y.push(...(await values(question, xs)));
    });
    const [most, least] = [y.slice(0, shares.length), y.slice(shares.length)];
    return {
      value: meanOf(shares.map((_, k) => (least[k] - most[k]) / 2)),
      why: '',
      details: [
        { title: 'Mean, most relevant first', value: meanOf(most) },
        { title: 'Mean, least relevant first', value: meanOf(least) },
      ],
      curves: [
        { title: 'Most relevant first', x: shares, y: most },
        { title: 'Least relevant first', x: shares, y: least },
      ],
      axes: {
        x: 'Share of the places smoothed away',
        y: titleOfScore(subject.question, score),
      },
    };
  },
});
