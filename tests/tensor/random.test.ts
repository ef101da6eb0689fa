import { describe, expect, it } from 'vitest';
import { random } from '../../src/lib/tensor/random.ts';

describe('random', () => {
  const draws = 200_000;
  it('is uniform: mean 1/2, variance 1/12, all inside [0, 1)', () => {
    const rng = random(3);
    const u = Array.from({ length: draws }, rng.uniform);
    const mean = u.reduce((a, b) => a + b, 0) / draws;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(u.reduce((a, b) => a + (b - mean) ** 2, 0) / draws).toBeCloseTo(1 / 12, 3);
    expect(u.every((v) => v >= 0 && v < 1)).toBe(true);
  });
  it('is normal: mean 0, variance 1, kurtosis 3', () => {
    const rng = random(4);
    const z = Array.from({ length: draws }, rng.normal);
    const moment = (k: number) => z.reduce((a, b) => a + b ** k, 0) / draws;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
  });
  it('repeats for one seed and differs between seeds', () => {
    const ten = (seed: number) => Array.from({ length: 10 }, random(seed).uniform);
    expect(ten(1)).toEqual(ten(1));
    expect(ten(1)).not.toEqual(ten(2));
  });
});
