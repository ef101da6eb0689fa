import { describe, expect, it } from 'vitest';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

const row = (...values: number[]) => float32([1, values.length], values);
const plain = (...maps: Parameters<typeof mapStatistics>[0]) => {
  const { magnitudes, ...rest } = mapStatistics(maps);
  return { magnitudes: [...magnitudes], ...rest };
};

describe('the statistics of maps', () => {
  it('leave out what is not finite, and say how many', () => {
    expect(plain(row(NaN, 2, -3, Infinity))).toEqual({ magnitudes: [2, 3], min: -3, max: 2, notFinite: 2 });
  });

  it('are of all maps together, of whatever sizes', () => {
    expect(plain(row(1, -4), float32([2, 2], [0, 9, NaN, -2]))).toEqual({
      magnitudes: [0, 1, 2, 4, 9],
      min: -4,
      max: 9,
      notFinite: 1,
    });
  });

  it('end at zero where no value is finite', () => {
    expect(plain(row(NaN))).toEqual({ magnitudes: [], min: 0, max: 0, notFinite: 1 });
  });
});
