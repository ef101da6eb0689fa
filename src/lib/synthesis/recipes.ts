/** @file The settings to begin with. */
import type { ParametrisationKind, Recipe, Regularisers, Transform } from './types.ts';

export const NO_REGULARISERS: Regularisers = { totalVariation: 0, l1: 0, l2: 0, blur: 0 };

const between = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

/** Lucid's standard moves: 0.9 … 1.1 in steps of 0.02; −10° … 10°, and none five times as often again. */
export const STANDARD_TRANSFORM: Transform = {
  jitter: 8,
  scales: between(0.9, 1.1, 11),
  degrees: [...between(-10, 10, 21), 0, 0, 0, 0, 0],
  lastJitter: 4,
};

export const NO_TRANSFORM: Transform = { jitter: 0, scales: [1], degrees: [0], lastJitter: 0 };

/** Below this side, in pixels, Lucid's shifts would move what is shown out of sight of the units that see it. */
const FULL_SHIFT_SIDE = 96;

/**
 * Lucid's moves for a picture of `side` pixels; its shifts are meant for 128 and shrink with smaller pictures.
 * `strength`: 0 for none, 1 for the standard, 2 for twice as far.
 */
export function transformFor(side: number, strength = 1): Transform {
  if (strength === 0) return NO_TRANSFORM;
  const { jitter, scales, degrees, lastJitter } = STANDARD_TRANSFORM;
  const shift = (most: number) => Math.round(most * strength * Math.min(1, side / FULL_SHIFT_SIDE));
  return {
    jitter: shift(jitter),
    scales: scales.map((scale) => 1 + (scale - 1) * strength),
    degrees: degrees.map((angle) => angle * strength),
    lastJitter: shift(lastJitter),
  };
}

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
