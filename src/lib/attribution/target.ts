/** @file F: the number that is explained, as a weighted sum of one of the model's outputs. */
import { concreteShape, isBatch } from '../graph/dim.ts';
import type { Value } from '../graph/graph.ts';
import { sizeOf, zeros, type FloatTensor, type Tensor } from '../tensor/tensor.ts';
import type { ModelGraph, Question, Target } from './types.ts';

/** Which output F is taken from. */
export type Head = 'logits' | 'probabilities';

export const headOf = (target: Target): Head => (target.kind === 'probability' ? 'probabilities' : 'logits');

export const outputOf = (model: ModelGraph, target: Target): Value => model[headOf(target)];

/** A value's shape for one example: the batch axis is 1. */
export const exampleShape = (value: Value): number[] =>
  concreteShape(
    value.shape.map((d) => (isBatch(d) ? d.times : d)),
    value.name,
  );

/**
 * The weights w in F = Σᵢ wᵢ yᵢ, in the output's shape [1, …]. They are fed, not built in, so that one compiled program
 * serves every class. Throws a RangeError where the target names an element that the output does not have.
 */
export function seedOf({ model, target }: Pick<Question, 'model' | 'target'>): FloatTensor {
  const shape = exampleShape(outputOf(model, target));
  const size = sizeOf(shape);
  const seed = zeros('float32', shape);
  const add = (index: number, weight: number) => {
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(
        `Target: the output has ${size} elements, element ${index} is asked for. Choose one from 0 to ${size - 1}.`,
      );
    }
    seed.data[index] += weight;
  };
  add(target.index, 1);
  if (target.kind === 'logit-minus-mean') seed.data.forEach((w, i) => (seed.data[i] = w - 1 / size));
  if (target.kind === 'difference') add(target.other, -1);
  return seed;
}

/** F of each example, from the output that a forward program gave, in double precision. */
export function valuesOf(y: Tensor, seed: FloatTensor): number[] {
  const size = seed.data.length;
  return Array.from({ length: y.data.length / size }, (_, n) => {
    let total = 0;
    for (let i = 0; i < size; i++) if (seed.data[i] !== 0) total += seed.data[i] * Number(y.data[n * size + i]);
    return total;
  });
}
