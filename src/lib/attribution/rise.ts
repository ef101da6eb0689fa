import type { Graph } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { random, type Random } from '../tensor/random.ts';
import { float32, full, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { join, split } from './inputs.ts';
import { placesIn } from './layout.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { integer, number, schema, toggle } from './options.ts';
import { batchFor, graphInput, inChunks, modelOn, oneLike, readAll, values } from './program.ts';
import { headOf, outputOf, seedOf, valuesOf } from './target.ts';
import type { ModelGraph, Question, Target } from './types.ts';
import { upsample } from './upsample.ts';

/**
 * RISE (Petsiuk, Das & Saenko 2018, arXiv:1806.07421). N soft random masks M, each a grid of `cells` × `cells` coins that
 * show 1 with probability p, drawn larger by one cell (bilinear) and cut out at a random shift:
 *
 *     score at a place = 1 / (p N) Σ F(M ⊙ x + (1 − M) ⊙ x′) M(place)
 *
 * `centred`: F less its mean over the masks. As E[M] = p everywhere, that takes the same number from every place in
 * expectation, which is what an image with random holes scores anyway; of N masks it takes the noise of their mean besides. A
 * place's score is shared among its channels.
 */
export const rise = defineMethod({
  id: 'rise',
  title: 'RISE',
  family: 'perturbation',
  description: 'Which places are in sight when the score is high, over images with random soft holes.',
  citation: {
    authors: 'Petsiuk, Das, Saenko',
    year: 2018,
    title: 'RISE: Randomized Input Sampling for Explanation of Black-box Models',
    url: 'https://arxiv.org/abs/1806.07421',
  },
  options: schema({
    samples: integer(
      { title: 'Masks', description: 'More is slower and less noisy; the paper takes 4000.' },
      { minimum: 1, maximum: 100_000, default: 500 },
    ),
    cells: integer(
      { title: 'Cells a side', description: 'Coarseness of the masks.' },
      { minimum: 1, maximum: 64, default: 7 },
    ),
    probability: number(
      { title: 'Share in sight', description: 'Probability that a cell shows the image.' },
      { minimum: 0.01, maximum: 0.99, default: 0.5 },
    ),
    centred: toggle({ title: 'Relative to the mean', description: 'Off: the paper’s numbers, all of one sign.' }, true),
  }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  async explain(question, { samples, cells, probability, centred }) {
    const { model, engine, target, x } = question;
    const batch = await batchFor(question, samples);
    const program = await engine.program(`rise/${headOf(target)}`, () => maskedGraph(model, target), { batch });
    const draw = maskDrawer(question, cells, probability);
    const seed = seedOf(question);
    const size = x.data.length;
    const [seen, weighted] = [new Float64Array(size), new Float64Array(size)];
    let total = 0;
    await inChunks(question, samples, batch, async (first) => {
      const masks = new Float32Array(batch * size);
      const count = Math.min(batch, samples - first);
      for (let i = 0; i < count; i++) masks.set(draw(), i * size);
      const [y] = await readAll(
        await program.run([x, question.baseline!, float32([batch, ...x.shape.slice(1)], masks)]),
      );
      for (const [i, value] of valuesOf(y, seed).slice(0, count).entries()) {
        total += value;
        for (let at = 0; at < size; at++) {
          const m = masks[i * size + at];
          seen[at] += m;
          weighted[at] += value * m;
        }
      }
    });
    const middle = centred ? total / samples : 0;
    const shares = sharesOf(question);
    const scores = zeros('float32', x.shape);
    weighted.forEach(
      (sum, at) => (scores.data[at] = ((sum - middle * seen[at]) / (probability * samples)) * shares.data[at]),
    );
    const [value] = await values(question, [x]);
    return { scores, value, passes: samples + 1 };
  },
});

/** One over the channels of the image that an element belongs to. */
const sharesOf = ({ model, x }: Pick<Question, 'model' | 'x'>): FloatTensor =>
  join(split(model, x).map((image) => full(image.shape, 1 / (placesIn(image)?.channels ?? 1))));

/** Draws one mask after the other, in the layout of x; images of a model have masks of their own. */
export function maskDrawer(
  { model, x, seed }: Pick<Question, 'model' | 'x' | 'seed'>,
  cells: number,
  probability: number,
): () => Float32Array {
  const rng = random(seed);
  const images = split(model, x);
  return () => join(images.map((image) => maskOf(image, cells, probability, rng))).data;
}

/** Of an input that is no image each element has a coin of its own. */
function maskOf(image: FloatTensor, cells: number, probability: number, rng: Random): FloatTensor {
  const coins = (n: number) => Float32Array.from({ length: n }, () => (rng.uniform() < probability ? 1 : 0));
  const places = placesIn(image);
  if (!places) return float32(image.shape, coins(image.data.length));
  const { height, width } = places;
  const [rows, columns] = [Math.min(cells, height), Math.min(cells, width)];
  const [tall, wide] = [Math.ceil(height / rows), Math.ceil(width / columns)];
  const grid = float32([1, 1, rows, columns], coins(rows * columns));
  const large = upsample(grid, (rows + 1) * tall, (columns + 1) * wide, 'bilinear');
  const [top, left] = [rng.below(tall), rng.below(wide)];
  const mask = zeros('float32', image.shape);
  for (let i = 0; i < mask.data.length; i++) {
    const place = places.of(i);
    mask.data[i] = large.data[(top + Math.floor(place / width)) * (columns + 1) * wide + left + (place % width)];
  }
  return mask;
}

/** The model on x where the mask is 1 and on x′ where it is 0, and between them in between. */
function maskedGraph(model: ModelGraph, target: Target): Graph {
  const g = new Builder();
  const { input } = model;
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(input, name));
  const mask = graphInput('mask', input.shape);
  const point = g.add(baseline, g.mul(mask, g.sub(x, baseline)));
  const on = modelOn(model, point);
  return { name: 'rise', inputs: [x, baseline, mask], outputs: [on(outputOf(model, target))] };
}
