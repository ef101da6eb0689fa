/** @file Which value gets the strongest colour. Values are sorted once; every later change is a look-up. */
import type { MapStatistics } from '../tensor/map-statistics.ts';
import type { FloatTensor } from '../tensor/tensor.ts';

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/** Width and height of a map: the last two axes. */
export function mapSize(map: FloatTensor): MapSize {
  return { width: map.shape[map.shape.length - 1], height: map.shape[map.shape.length - 2] };
}

export interface Scale {
  /** The magnitude that gets the strongest colour; 0 for an all-zero map. */
  readonly limit: number;
  /** Values beyond the limit, drawn as strong as the limit. */
  readonly clipped: number;
}

/** The scale at which `percentile` (0…100) of the magnitudes are within the limit. Falls back to the maximum where that limit is zero. */
export function scaleAt({ magnitudes }: MapStatistics, percentile: number): Scale {
  if (magnitudes.length === 0) return { limit: 0, clipped: 0 };
  const last = magnitudes.length - 1;
  const rank = Math.min(last, Math.max(0, Math.ceil((percentile / 100) * magnitudes.length) - 1));
  return scaleTo(magnitudes[rank] > 0 ? magnitudes[rank] : magnitudes[last], { magnitudes });
}

/** The scale that ends at `limit`. */
export const scaleTo = (limit: number, { magnitudes }: Pick<MapStatistics, 'magnitudes'>): Scale => ({
  limit,
  clipped: magnitudes.length - countUpTo(magnitudes, limit),
});

/** How many of the ascending values are ≤ limit: binary search. */
function countUpTo(ascending: Float32Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
