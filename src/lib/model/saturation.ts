/** @file Where an activation function is flat, so that nothing is learned through it: what counts as saturated. */
import type { Tensor } from '../tensor/tensor.ts';
import type { Node, Value } from '../graph/graph.ts';

export interface Saturation {
  /** What is counted, in words. */
  readonly rule: string;
  /** Whether an element counts. */
  readonly holds: (v: number) => boolean;
  /** So many elements can hold one that counts: the length of a softmax's axis, else 1. */
  readonly group: number;
}

/** Closer to a bound than this share of the range. */
const NEAR = 0.01;
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  Sigmoid: [0, 1],
  HardSigmoid: [0, 1],
  Tanh: [-1, 1],
  Softsign: [-1, 1],
  Erf: [-1, 1],
};

/**
 * Null for a value whose operator has no flat end. Sigmoid and its kin: within 1 % of their range of a bound (Glorot &
 * Bengio 2010, AISTATS: units at the asymptotes). Clip, such as ReLU6: at a bound; at a bound of zero it is counted among
 * the zeros instead. Softmax: distributions of which one element has more than 0.99, since then the gradient through all
 * of them is close to zero.
 */
export function saturationOf({ producer, shape }: Value): Saturation | null {
  if (!producer) return null;
  if (producer.op === 'Clip') return clipped(producer);
  if (producer.op === 'Softmax') {
    const group = shape.at(producer.attrs.axis as number) as number;
    return { rule: 'distributions with one probability above 0.99', holds: (v) => v > 1 - NEAR, group };
  }
  const bounds = BOUNDS[producer.op];
  if (!bounds) return null;
  const [low, high] = bounds;
  const near = NEAR * (high - low);
  const rule = `within ${near} of ${low} or ${high}`.replaceAll('-', '−');
  return { rule, holds: (v) => v - low < near || high - v < near, group: 1 };
}

function clipped({ inputs: [, low, high] }: Node): Saturation | null {
  const ends = [low, high].flatMap((bound) => (bound?.constant ? [first(bound.constant)] : [])).filter((v) => v !== 0);
  if (ends.length === 0) return null;
  return { rule: `at ${ends.join(' or ')}`.replaceAll('-', '−'), holds: (v) => ends.includes(v), group: 1 };
}

/** As the activation has it. */
const first = ({ data }: Tensor): number => Math.fround(Number(data[0]));
