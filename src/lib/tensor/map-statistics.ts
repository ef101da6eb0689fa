/** @file What is to be known of maps before they are drawn. Sorting grows with the map: it is done where it was computed. */
import type { FloatTensor } from './tensor.ts';

export interface MapStatistics {
  /** |v| of every finite value, ascending. */
  readonly magnitudes: Float32Array;
  readonly min: number;
  readonly max: number;
  /** Values that are NaN or infinite; they are drawn as zero. */
  readonly notFinite: number;
}

/** Of the values of all `maps` together: what is drawn on one scale. Both ends are 0 where no value is finite. */
export function mapStatistics(maps: readonly FloatTensor[]): MapStatistics {
  const total = maps.reduce((length, { data }) => length + data.length, 0);
  let [min, max, count] = [Infinity, -Infinity, 0];
  const magnitudes = new Float32Array(total);
  for (const { data } of maps)
    for (const value of data) {
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
      magnitudes[count++] = Math.abs(value);
    }
  const sorted = magnitudes.subarray(0, count).sort();
  return { magnitudes: sorted, min: count ? min : 0, max: count ? max : 0, notFinite: total - count };
}
