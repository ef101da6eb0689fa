/** @file Seeded pseudo-random numbers, so that a failing case fails again. */

/** Uniform numbers in [0, 1) (Mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed from a title. */
export const seedOf = (title: string): number =>
  [...title].reduce((hash, char) => Math.imul(hash ^ char.codePointAt(0)!, 16777619), 2166136261) >>> 0;
