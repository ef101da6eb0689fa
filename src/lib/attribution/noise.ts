/** @file Noisy copies of the input: what SmoothGrad and its kin average over, and the options that say how. */
import { map, summary } from '../tensor/arithmetic.ts';
import type { Random } from '../tensor/random.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { join, split } from './inputs.ts';
import { choice, integer, number } from './options.ts';
import type { Question } from './types.ts';

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

/** Draws ε ~ N(0, σ²) in the shape of x; σ is `share` of the range of values, which several images each have of their own. */
export function noiseOf(
  { model, x }: Pick<Question, 'model' | 'x'>,
  share: number,
  { normal }: Random,
): () => FloatTensor {
  const images = split(model, x).map((image) => {
    const { min, max } = summary(image);
    return { image, sigma: share * (max - min) };
  });
  return () => join(images.map(({ image, sigma }) => map(image, () => sigma * normal())));
}
