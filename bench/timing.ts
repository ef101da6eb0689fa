/** @file Timing on a machine that others use too: what is compared takes turns, and the fastest turn counts. */

export interface Spread {
  readonly min: number;
  readonly median: number;
}

/** Milliseconds that passed, and that the process's threads computed: the latter hardly depend on what else runs. */
export interface Turn {
  readonly wall: number;
  readonly cpu: number;
}

export async function time(task: () => Promise<unknown>): Promise<Turn> {
  const before = process.cpuUsage();
  const start = performance.now();
  await task();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
}

/** V8 first runs WebAssembly as it was translated in haste, and meanwhile a better translation takes a core. */
const WARM_UP_MS = 2000;

/**
 * Each task over `rounds` rounds, after those of the first two seconds, at least `warmUp`, that are thrown away. In a round
 * each task runs once.
 */
export async function interleave<K extends string>(
  tasks: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
  warmUp = 2,
): Promise<Record<K, Turn[]>> {
  const entries = Object.entries(tasks) as [K, () => Promise<unknown>][];
  const turns = Object.fromEntries(entries.map(([name]) => [name, [] as Turn[]])) as Record<K, Turn[]>;
  const warm = performance.now() + WARM_UP_MS;
  for (let round = 0; round < warmUp || performance.now() < warm; round++) for (const [, task] of entries) await task();
  for (let round = 0; round < rounds; round++) for (const [name, task] of entries) turns[name].push(await time(task));
  return turns;
}

export function spread(values: readonly number[]): Spread {
  const ordered = values.toSorted((a, b) => a - b);
  return { min: ordered[0], median: ordered[Math.floor(ordered.length / 2)] };
}

/** b/a: of the fastest turns, and the median over rounds, whose halves were measured next to each other. */
export function ratio(b: readonly Turn[], a: readonly Turn[], of: keyof Turn): Spread {
  const [p, q] = [b, a].map((turns) => turns.map((turn) => turn[of]));
  return { min: Math.min(...p) / Math.min(...q), median: spread(p.map((v, i) => v / q[i])).median };
}
