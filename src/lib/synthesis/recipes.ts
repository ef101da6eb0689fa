/** @file The settings to begin with. */
import { NO_REGULARISERS } from './regulariser.ts';
import type { ParametrisationKind, Recipe, Transform } from './types.ts';

const between = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

/** Lucid's standard moves: 0.9 … 1.1 in steps of 0.02; −10° … 10°, and none five times as often again. */
export const STANDARD_TRANSFORM: Transform = {
  pad: 12,
  jitter: 8,
  scales: between(0.9, 1.1, 11),
  degrees: [...between(-10, 10, 21), 0, 0, 0, 0, 0],
  lastJitter: 4,
};

export const NO_TRANSFORM: Transform = { pad: 0, jitter: 0, scales: [1], degrees: [0], lastJitter: 0 };

/** Lucid's Adam at 0.05 with 512 steps; MACO's NAdam at 1 with 256. */
export const recipeFor = (parametrisation: ParametrisationKind, seed = 0): Recipe => ({
  parametrisation,
  transform: STANDARD_TRANSFORM,
  ...(parametrisation === 'maco'
    ? { optimiser: 'nadam', learningRate: 1, steps: 256 }
    : { optimiser: 'adam', learningRate: 0.05, steps: 512 }),
  regularisers: NO_REGULARISERS,
  seed,
});
