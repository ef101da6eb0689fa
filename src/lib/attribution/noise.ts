/** @file Noisy copies of the input: what SmoothGrad and its kin average over, and the options that say how. */
import { map, summary } from '../tensor/arithmetic.ts';
import type { Random } from '../tensor/random.ts';
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { zeros, type FloatTensor } from '../tensor/tensor.ts';
import { join, joinGraph, partOf, split } from './inputs.ts';
import { choice, integer, number } from './options.ts';
import { rowsOf, type WholeSite } from './site.ts';
import { exampleShape } from './target.ts';
import type { ModelGraph, Question } from './types.ts';

export const noiseOption = (fallback: number) =>
  number(
    { title: 'Noise', description: 'Standard deviation of the noise, as a share of the range of values of the input.' },
    { minimum: 0, maximum: 1, default: fallback, multipleOf: 0.01 },
  );

export const copiesOption = (fallback: number) =>
  integer(
    { title: 'Samples', description: 'Noisy copies: more is slower and smoother.' },
    { minimum: 1, maximum: 1000, default: fallback },
  );

export const statisticOption = (of: string) =>
  choice(
    { title: 'Statistic', description: `What is taken of the ${of} at the noisy copies.` },
    { smoothgrad: 'Mean (SmoothGrad)', 'smoothgrad-squared': 'Mean square', vargrad: 'Variance (VarGrad)' },
    'smoothgrad',
  );

/** Draws from N(0, 1) in the shape of an example, in the order of `noiseOf`. */
export const normalsOf = ({ input }: Pick<ModelGraph, 'input'>, { normal }: Random): (() => FloatTensor) => {
  const like = zeros('float32', exampleShape(input));
  return () => map(like, normal);
};

export interface NoiseTable {
  /** Draws from N(0, 1) as rows of a repetition: [samples, 1, …]. */
  readonly table: Value;
  /** σ times a row; σ is `share` of the range of values of each example, of several images of each its own. */
  readonly scaled: (row: Value) => Value;
}

/** Noise of a file: the draws lie in it, how large they are is computed from what it is fed. */
export function noiseTable(g: Builder, site: WholeSite, share: number, draws: readonly FloatTensor[]): NoiseTable {
  const { model, x } = site;
  const parts = model.images.map((_, i) => partOf(g, model.images, x, i));
  const ranges = parts.map((part) => {
    const all = part.shape.map((_, axis) => axis).slice(1);
    return g.add(g.reduceMax(part, all), g.reduceMax(g.neg(part), all));
  });
  const sigma = g.mul(
    parts.length === 1
      ? ranges[0]
      : joinGraph(
          g,
          parts.map((part, i) => g.expand(ranges[i], part.shape)),
        ),
    share,
  );
  return {
    table: site.table('noise', 'draws from N(0, 1), one for each sample', rowsOf(draws)),
    scaled: (row) => g.mul(sigma, row),
  };
}

/** Draws ε ~ N(0, σ²) in the shape of x; σ is `share` of the range of values, which several images each have of their own. */
export function noiseOf(
  { model, x }: Pick<Question, 'model' | 'x'>,
  share: number,
  { normal }: Random,
): () => FloatTensor {
  // In single precision step by step, as a file computes it: a kink of the model may lie between two roundings.
  const images = split(model, x).map((image) => {
    const { min, max } = summary(image);
    return { image, sigma: Math.fround(Math.fround(share) * Math.fround(max - min)) };
  });
  return () => join(images.map(({ image, sigma }) => map(image, () => sigma * Math.fround(normal()))));
}
