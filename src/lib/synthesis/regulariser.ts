/** @file What is subtracted from the objective, of the picture itself. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { float32 } from '../tensor/tensor.ts';
import { GREY } from './transform.ts';
import type { Regularisers } from './types.ts';

const TINY = 1e-6;

/** Σ weight · term of pictures [N, channels, height, width], each term summed over an example: [N, 1]; null without terms. */
export function penalty(g: Builder, picture: Value, weights: Regularisers): Value | null {
  const terms = Object.entries(TERMS)
    .map(([name, term]) => ({ term, weight: weights[name as keyof Regularisers] }))
    .filter(({ weight }) => weight !== 0)
    .map(({ term, weight }) => g.mul(term(g, picture), weight));
  return terms.length === 0 ? null : terms.reduce(g.add);
}

const TERMS: Readonly<Record<keyof Regularisers, (g: Builder, x: Value) => Value>> = {
  totalVariation: (g, x) => [2, 3].map((axis) => total(g, g.abs(differences(g, x, axis)))).reduce(g.add),
  l1: (g, x) => total(g, g.abs(g.sub(x, GREY))),
  l2: (g, x) => g.sqrt(g.add(total(g, g.square(g.sub(x, GREY))), TINY)),
  blur: (g, x) => g.mul(total(g, g.square(g.sub(x, blurred(g, x)))), 0.5),
};

const total = (g: Builder, x: Value): Value => g.reshape(g.reduceSum(x, [1, 2, 3]), [x.shape[0], 1]);

function differences(g: Builder, x: Value, axis: number): Value {
  const length = x.shape[axis] as number;
  return g.sub(g.slice(x, [1], [length], [axis]), g.slice(x, [0], [length - 1], [axis]));
}

/** By the binomial kernel [1, 2, 1]/4 along both axes; beyond the edge lies grey. */
function blurred(g: Builder, x: Value): Value {
  const channels = x.shape[1] as number;
  const row = [1, 2, 1];
  const kernel = Array.from({ length: channels }, () => row.flatMap((a) => row.map((b) => (a * b) / 16))).flat();
  const attrs = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: channels };
  const smooth = g.apply('Conv', [g.sub(x, GREY), g.constant(float32([channels, 1, 3, 3], kernel))], attrs);
  return g.add(smooth, GREY);
}
