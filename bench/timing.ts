/** @file Timing on a machine that others use too: what is compared takes turns, and the fastest turn counts. */

export interface Spread {
  readonly min: number;
  readonly median: number;
}

/** Milliseconds of each task over `rounds` rounds, after `warmUp` that are thrown away. In a round each task runs once. */
export async function interleave<K extends string>(
  tasks: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
  warmUp = 2,
): Promise<Record<K, number[]>> {
  const entries = Object.entries(tasks) as [K, () => Promise<unknown>][];
  const times = Object.fromEntries(entries.map(([name]) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, task] of entries) {
      const start = performance.now();
      await task();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return times;
}

export function spread(values: readonly number[]): Spread {
  const ordered = values.toSorted((a, b) => a - b);
  return { min: ordered[0], median: ordered[Math.floor(ordered.length / 2)] };
}

/** Median of b/a over rounds: both halves of a quotient were measured next to each other. */
export const medianRatio = (b: readonly number[], a: readonly number[]): number =>
  spread(b.map((v, i) => v / a[i])).median;
