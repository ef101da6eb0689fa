/** @file What is to be known of maps before they are drawn or shared. It grows with the map: it is worked out where that was computed. */
import type { FloatTensor } from './tensor.ts';

export interface MapStatistics {
  /** |v| of every finite value, ascending. */
  readonly magnitudes: Float32Array;
  readonly min: number;
  readonly max: number;
  /** Of all values; NaN or infinite where one of them is. */
  readonly sum: number;
  /** Values that are NaN or infinite; they are drawn as zero. */
  readonly notFinite: number;
}

/** Of the values of all `maps` together: what is drawn on one scale. Both ends are 0 where no value is finite. */
export function mapStatistics(maps: readonly FloatTensor[]): MapStatistics {
  const total = maps.reduce((length, { data }) => length + data.length, 0);
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  const magnitudes = new Float32Array(total);
  for (const { data } of maps)
    for (const value of data) {
      sum += value;
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
      magnitudes[count++] = Math.abs(value);
    }
  const sorted = magnitudes.subarray(0, count).sort();
  return { magnitudes: sorted, min: count ? min : 0, max: count ? max : 0, sum, notFinite: total - count };
}
