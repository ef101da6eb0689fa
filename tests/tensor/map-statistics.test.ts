import { describe, expect, it } from 'vitest';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

const row = (...values: number[]) => float32([1, values.length], values);
const plain = (...maps: Parameters<typeof mapStatistics>[0]) => {
  const { magnitudes, ...rest } = mapStatistics(maps);
  return { magnitudes: [...magnitudes], ...rest };
};

describe('the statistics of maps', () => {
  it('leave out what is not finite but for the sum, and say how many', () => {
    expect(plain(row(NaN, 2, -3, Infinity))).toEqual({ magnitudes: [2, 3], min: -3, max: 2, sum: NaN, notFinite: 2 });
    expect(plain(row(2, Infinity)).sum).toBe(Infinity);
  });

  it('are of all maps together, of whatever sizes', () => {
    expect(plain(row(1, -4), float32([2, 2], [0, 9, -2, 2 ** -20]))).toEqual({
      magnitudes: [0, 2 ** -20, 1, 2, 4, 9],
      min: -4,
      max: 9,
      sum: 4 + 2 ** -20,
      notFinite: 0,
    });
  });

  it('end at zero where no value is finite', () => {
    expect(plain(row(NaN))).toEqual({ magnitudes: [], min: 0, max: 0, sum: NaN, notFinite: 1 });
  });
});
