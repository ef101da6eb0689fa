import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { scale, add } from '../tensor/arithmetic.ts';
import { full, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { resized, type FloatImage } from '../vision/resize.ts';
import { felzenszwalb } from '../vision/segmentation.ts';
import { join, split } from './inputs.ts';
import { integratedGradients } from './integrated-gradients.ts';
import { imageAxes, placesIn, type Places } from './layout.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, integer, number, schema } from './options.ts';
import { pause, sumCheck } from './program.ts';
import { greedyDensities, grownRegions, sortedDensities, type Region } from './regions.ts';
import type { Progress, Question } from './types.ts';

/** Pictures are segmented at this size, whatever the model's: scale, least size and growth are meant for it. */
const GRID = { width: 224, height: 224 };

const SMOOTHING = { sigma: 0.8, minSize: 150 };

/** Places that a region has to add, of a picture of that size. */
const LEAST_ADDED = 50;

const scaleLists = {
  all: [50, 100, 150, 250, 500, 1200],
  fine: [50, 100, 150],
  coarse: [250, 500, 1200],
} as const;

/** What a place's attribution is, from those of its channels. */
const aggregations = {
  sum: (values: readonly number[]) => values.reduce((a, b) => a + b),
  max: (values: readonly number[]) => Math.max(...values),
};

/**
 * XRAI (Kapishnikov, Bolukbasi, Viégas & Terry 2019, arXiv:1906.02825). The picture is cut into segments at several scales,
 * each grown a little so that it has its edges within. Integrated Gradients against black and against white are averaged.
 * Then regions are taken one after the other, always the one that adds the most attribution for its area:
 *
 *     next = argmax over regions S of mean{ IG(p) : p ∈ S \ M },    M ← M ∪ S
 *
 * A place's score is the density of the region that brought it in, shared among its channels. Densities sum to what the
 * attributions sum to: F(x) − the mean of F(black) and F(white), up to the error of the quadrature, which the check shows.
 */
export const xrai = defineMethod({
  id: 'xrai',
  title: 'XRAI',
  family: 'path',
  description: 'Which regions of the picture carry the most attribution for their size, against black and white.',
  citation: {
    authors: 'Kapishnikov, Bolukbasi, Viégas, Terry',
    year: 2019,
    title: 'XRAI: Better Attributions Through Regions',
    url: 'https://arxiv.org/abs/1906.02825',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Points of Integrated Gradients on each of the two paths.' },
      { minimum: 1, maximum: 1000, default: 32 },
    ),
    algorithm: choice(
      { title: 'Order', description: 'By what a region would still add, or, faster, by what it is in itself.' },
      { full: 'By what is added (full)', fast: 'By themselves (fast)' },
      'full',
    ),
    scales: choice(
      { title: 'Regions', description: 'How finely the picture is cut up.' },
      { all: 'Of six scales', fine: 'Fine: scales 50 to 150', coarse: 'Coarse: scales 250 to 1200' },
      'all',
    ),
    growth: integer(
      { title: 'Growth', description: 'How far regions reach beyond their edges, in 224ths of the picture.' },
      { minimum: 0, maximum: 20, default: 5 },
    ),
    area: number(
      { title: 'Area', description: 'Share of the picture that is ranked; the rest shares one score.' },
      { minimum: 0.01, maximum: 1, default: 1, multipleOf: 0.01 },
    ),
    channels: choice(
      { title: 'Channels', description: 'A place’s attribution: their sum, or their largest as the authors take it.' },
      { sum: 'Sum', max: 'Largest' },
      'sum',
    ),
  }),
  needs: { baseline: false, layer: false, seed: false },
  signed: true,
  unavailable: (model) =>
    model.images.some(imageAxes)
      ? missingRules(model, gradientRules)
      : 'Only images have regions: no input of the model has rows and columns.',
  graph: 'Its regions are found in the picture and ranked one after the other, outside the model.',
  async explain(question, options) {
    const { model, x } = question;
    const { growth, scales, channels } = options;
    const ends = (question.bounds ?? (() => extremesOf(x)))();
    const [pictures, lows, highs] = [x, ...ends].map((tensor) => split(model, tensor));
    const regions: (Region[] | null)[] = [];
    for (const [i, picture] of pictures.entries())
      regions.push(await regionsOf(question, seenAs(picture, lows[i], highs[i]), scaleLists[scales], growth));

    const { attributions, value, baselineValue, passes } = await meanAttributions(question, ends, options.steps);
    const scores = join(
      split(model, attributions).map((part, i) => {
        const found = regions[i];
        return found ? ranked(part, found, options) : part;
      }),
    );
    const claim = 'Σ scores = F(x) − ½ (F(black) + F(white))';
    const check = channels === 'sum' ? sumCheck('quadrature', claim, scores, value - baselineValue) : undefined;
    return { scores, value, baselineValue, ...(check && { check }), passes };
  },
});

/** The mean of Integrated Gradients against each of `baselines`, and of what F is there. */
async function meanAttributions(question: Question, baselines: readonly FloatTensor[], steps: number) {
  const { x, onProgress } = question;
  let attributions = full(x.shape, 0);
  let [value, baselineValue, passes] = [0, 0, 0];
  for (const [i, baseline] of baselines.entries()) {
    const report = ({ done, total }: Progress) =>
      onProgress?.({ done: i * total + done, total: baselines.length * total });
    const found = await integratedGradients.explain({ ...question, baseline, onProgress: report }, { steps });
    attributions = add(attributions, scale(found.scores, 1 / baselines.length));
    value = found.value;
    baselineValue += found.baselineValue! / baselines.length;
    passes += found.passes;
  }
  return { attributions, value, baselineValue, passes };
}

/** Of an input that is no picture: the smallest and the largest of its own numbers everywhere. */
function extremesOf(x: FloatTensor): readonly [FloatTensor, FloatTensor] {
  const [low, high] = rangeOf(x.data);
  return [full(x.shape, low), full(x.shape, high)];
}

/** The smallest and the largest number. */
const rangeOf = (data: Float32Array): readonly [number, number] =>
  data.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)] as const, [Infinity, -Infinity] as const);

interface Seen extends FloatImage {
  readonly places: Places;
}

/** The picture as a person sees it, 0 at the lowest and 1 at the highest that each number can be; null where it is no image. */
function seenAs(image: FloatTensor, low: FloatTensor, high: FloatTensor): Seen | null {
  const places = placesIn(image);
  if (!places) return null;
  const { width, height, channels } = places;
  const data = new Float32Array(image.data.length);
  const filled = new Uint32Array(width * height);
  image.data.forEach((v, i) => {
    const place = places.of(i);
    const span = high.data[i] - low.data[i];
    data[place * channels + filled[place]++] = span > 0 ? (v - low.data[i]) / span : 0;
  });
  return { width, height, channels, data, places };
}

/** Its segments of every scale, grown. Lets messages through between scales. */
async function regionsOf(
  question: Question,
  seen: Seen | null,
  scales: readonly number[],
  growth: number,
): Promise<Region[] | null> {
  if (!seen) return null;
  const segmentsOf = felzenszwalb(stretched(resized(seen, GRID.width, GRID.height)), SMOOTHING);
  const regions: Region[] = [];
  for (const each of scales) {
    await pause(question);
    regions.push(...grownRegions(segmentsOf(each), GRID, seen, growth));
  }
  return regions;
}

/** From −1 to 1: the range that the scales are meant for. */
function stretched(image: FloatImage): FloatImage {
  const [low, high] = rangeOf(image.data);
  return { ...image, data: image.data.map((v) => (high > low ? (2 * (v - low)) / (high - low) - 1 : 0)) };
}

interface Ranking {
  readonly algorithm: 'full' | 'fast';
  readonly area: number;
  readonly channels: keyof typeof aggregations;
}

/** The density of each place of an image, in equal shares on its channels. */
function ranked(part: FloatTensor, regions: readonly Region[], { algorithm, area, channels }: Ranking): FloatTensor {
  const places = placesIn(part)!;
  const count = places.width * places.height;
  const values = Array.from({ length: count }, (): number[] => []);
  part.data.forEach((v, i) => values[places.of(i)].push(v));
  const map = values.map(aggregations[channels]);
  const least = Math.max(1, Math.round((LEAST_ADDED * count) / (GRID.width * GRID.height)));
  const densities =
    algorithm === 'full' ? greedyDensities(map, regions, { least, area }) : sortedDensities(map, regions, least);
  const scores = zeros('float32', part.shape);
  scores.data.forEach((_, i) => (scores.data[i] = densities[places.of(i)] / places.channels));
  return scores;
}
