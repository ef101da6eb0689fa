/** @file In which order a layer's channels are shown, and from which value to which their colours run. */
import type { Statistics } from '../worker/api.ts';

export const MAP_ORDERS = ['index', 'mean', 'max', 'contribution'] as const;
export type MapOrder = (typeof MAP_ORDERS)[number];

/** Channels, largest first but for the index; those whose number is not finite come last. Equal ones stay in their order. */
export function rankingOf(
  channels: readonly Statistics[],
  order: MapOrder,
  contributions: ArrayLike<number> | null,
): Uint32Array {
  const ranking = Uint32Array.from(channels, (_, channel) => channel);
  if (order === 'index' || (order === 'contribution' && !contributions)) return ranking;
  const key = Float64Array.from(channels, (statistics, channel) =>
    order === 'contribution' ? contributions![channel] : statistics[order],
  ).map((value) => (Number.isNaN(value) ? -Infinity : value));
  return ranking.sort((a, b) => (key[a] === key[b] ? a - b : key[a] < key[b] ? 1 : -1));
}

/** Where each channel stands in a ranking. */
export function ranksOf(ranking: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(ranking.length);
  ranking.forEach((channel, rank) => (ranks[channel] = rank));
  return ranks;
}

/** Whether colours run to both sides of zero. */
export const isSigned = ({ min }: Statistics): boolean => min < 0;

/** The values of the first and the last colour; both 0 where there is nothing to show. */
export function rangeOf({ min, max }: Statistics, signed: boolean): readonly [low: number, high: number] {
  if (Number.isNaN(min)) return [0, 0];
  const most = Math.max(Math.abs(min), Math.abs(max));
  return signed ? [-most, most] : [min, max];
}

/** Two values for each channel: of its own, or those of the whole layer for all. */
export function limitsOf(channels: readonly Statistics[], whole: Statistics, shared: boolean): Float32Array {
  const signed = isSigned(whole);
  const limits = new Float32Array(2 * channels.length);
  channels.forEach((channel, c) => limits.set(rangeOf(shared ? whole : channel, signed), 2 * c));
  return limits;
}
