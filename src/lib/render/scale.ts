/** @file Which value gets the strongest colour. Values are sorted once; every later change is a look-up. */
import type { FloatTensor } from '../tensor/tensor.ts';

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/** Width and height of a map: the last two axes. */
export function mapSize(map: FloatTensor): MapSize {
  return { width: map.shape[map.shape.length - 1], height: map.shape[map.shape.length - 2] };
}

export interface MapStatistics {
  /** |v| of every finite value, ascending. */
  readonly magnitudes: Float32Array;
  readonly min: number;
  readonly max: number;
  /** Values that are NaN or infinite; they are drawn as zero. */
  readonly notFinite: number;
}

export function statisticsOf(map: FloatTensor): MapStatistics {
  let [min, max, count] = [Infinity, -Infinity, 0];
  const magnitudes = new Float32Array(map.data.length);
  for (const value of map.data) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    magnitudes[count++] = Math.abs(value);
  }
  const sorted = magnitudes.subarray(0, count).sort();
  return { magnitudes: sorted, min: count ? min : 0, max: count ? max : 0, notFinite: map.data.length - count };
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
  const limit = magnitudes[rank] > 0 ? magnitudes[rank] : magnitudes[last];
  return { limit, clipped: magnitudes.length - countUpTo(magnitudes, limit) };
}

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
