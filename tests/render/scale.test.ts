import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapSize, scaleAt, scaleTo } from '../../src/lib/render/scale.ts';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

const of = (values: number[]) => mapStatistics([float32([1, values.length], values)]);

describe('the scale of a map', () => {
  it('counts exactly the values beyond the limit (against counting them one by one)', () => {
    const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 100 }), (list, percentile) => {
        const { limit, clipped } = scaleAt(of(list), percentile);
        expect(clipped).toBe(list.filter((v) => Math.abs(Math.fround(v)) > limit).length);
      }),
    );
  });

  it('keeps at least the asked share of values within the limit', () => {
    const list = Array.from({ length: 1000 }, (_, i) => (i % 2 ? -i : i));
    for (const percentile of [50, 90, 99, 100]) {
      const { limit, clipped } = scaleAt(of(list), percentile);
      expect(1000 - clipped).toBeGreaterThanOrEqual(percentile * 10);
      expect(limit).toBe(Math.ceil(percentile * 10) - 1);
    }
  });

  it('is the maximum at 100 %, with nothing clipped', () => {
    expect(scaleAt(of([1, -7, 3]), 100)).toEqual({ limit: 7, clipped: 0 });
  });

  it('falls back to the maximum where the percentile is zero, so that a sparse map is not blank', () => {
    expect(scaleAt(of([...Array<number>(99).fill(0), 4]), 90)).toEqual({ limit: 4, clipped: 0 });
  });

  it('can be that of another map, with its own values clipped', () => {
    expect(scaleTo(3, of([1, -7, 3, 4]))).toEqual({ limit: 3, clipped: 2 });
    expect(scaleTo(9, of([1, -7]))).toEqual({ limit: 9, clipped: 0 });
  });

  it('is zero for a map of zeros', () => {
    expect(scaleAt(of([0, 0]), 99)).toEqual({ limit: 0, clipped: 0 });
  });
});

describe('the size of a map', () => {
  it('is read from the last two axes', () => {
    expect(mapSize(float32([1, 2, 3], new Float32Array(6)))).toEqual({ width: 3, height: 2 });
  });
});
