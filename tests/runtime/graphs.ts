/** @file Small graphs and exact numbers for the tests of the runtime; also used inside workers. */
import type { Shape } from '../../src/lib/graph/dim.ts';
import { Value, type Graph } from '../../src/lib/graph/graph.ts';
import { float32, sizeOf, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { uniform } from '../reference/random.ts';

export const input = (shape: Shape, name = 'x'): Value => new Value('float32', shape, { name });

export const graphOf = (inputs: readonly Value[], outputs: readonly Value[]): Graph => ({
  name: 'test',
  inputs,
  outputs,
});

/** Multiples of 1/4 in [−2, 2]: exact in float32 and rich in ties. */
export function coarse(shape: readonly number[], seed: number): FloatTensor {
  const random = uniform(seed);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => Math.round(random() * 16 - 8) / 4),
  );
}
