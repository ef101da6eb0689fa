import { describe, expect, it } from 'vitest';
import { combined, folding, PathSum, unresolved, worstOf, type Cell } from '../../src/lib/attribution/path-error.ts';
import { random } from '../../src/lib/tensor/random.ts';

const cell = (
  deviation: readonly number[],
  {
    from = 0,
    integral = deviation,
    parts = [],
    gap = 0,
  }: Partial<{
    from: number;
    integral: readonly number[];
    parts: readonly Float64Array[];
    gap: number;
  }> = {},
): Cell => ({
  from,
  to: from + 1,
  measure: () => ({ integral: Float32Array.from(integral), deviation: Float32Array.from(deviation) }),
  parts,
  steps: [0, 0],
  deviation: deviation.reduce((a, b) => a + b, 0),
  gap,
});

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((total, v) => total + v * v, 0) / values.length);

describe('the deviation of the trapezoid rule', () => {
  /** A telegraph signal, ±1 with jumps at random places, `rate` a unit of length: its correlation is e^(−2 rate |t|). */
  function telegraph(rate: number, length: number, seed: number): { at: (t: number) => number; integral: number } {
    const { uniform } = random(seed);
    const jumps: number[] = [];
    for (let t = -Math.log(1 - uniform()) / rate; t < length; t -= Math.log(1 - uniform()) / rate) jumps.push(t);
    const first = uniform() < 0.5 ? 1 : -1;
    const at = (t: number) => first * (-1) ** jumps.filter((jump) => jump < t).length;
    const ends = [0, ...jumps, length];
    const integral = ends.slice(1).reduce((total, end, k) => total + first * (-1) ** k * (end - ends[k]), 0);
    return { at, integral };
  }

  it.each([0.05, 0.2, 0.5, 1, 3])(
    'is that of signals that jump %d times from point to point, where jumps are seen and where they are not',
    (rate) => {
      const points = 64;
      const errors: number[] = [];
      let [near, far, jumps] = [0, 0, 0];
      for (let seed = 0; seed < 600; seed++) {
        const { at, integral } = telegraph(rate, points, seed);
        const g = Array.from({ length: points + 1 }, (_, k) => at(k));
        errors.push(g.reduce((total, v, k) => total + (k % points === 0 ? v / 2 : v), 0) - integral);
        for (let k = 0; k < points; k++) jumps += (g[k + 1] - g[k]) ** 2 / 12;
        near += jumps === 0 ? 0 : g.slice(1).reduce((total, v, k) => total + (v - g[k]) ** 2, 0) / points;
        far += g.slice(2).reduce((total, v, k) => total + (v - g[k]) ** 2, 0) / (points - 1);
      }
      const deviation = Math.sqrt(jumps / 600);
      expect(Math.abs((unresolved(near, far) * deviation) / rootMeanSquare(errors) - 1)).toBeLessThan(0.1);
      if (rate > 1) expect(rootMeanSquare(errors) / deviation).toBeGreaterThan(2);
    },
  );

  it('is left as it is where steps say that all jumps are seen, and where there are none', () => {
    expect(unresolved(1, 2)).toBe(1);
    expect(unresolved(1, 4)).toBe(1);
    expect(unresolved(0, 0)).toBe(1);
    expect(unresolved(1, 1)).toBeCloseTo(Math.sqrt(6), 12);
    expect(unresolved(1, 0.5)).toBeCloseTo(Math.sqrt(6), 12);
    expect(unresolved(1, 1.9899)).toBeCloseTo(1, 2);
  });
});

describe('folding', () => {
  it('keeps inner products in the mean, and of one vector with itself nearly', () => {
    const { normal } = random(3);
    const size = 5000;
    const fold = folding(size);
    const [u, v] = [0, 1].map(() => Float32Array.from({ length: size }, normal));
    const [a, b] = [u, v].map(fold);
    const dot = (p: Float64Array, q: Float64Array) => p.reduce((total, w, i) => total + w * q[i], 0);
    expect(dot(a, a) / size).toBeGreaterThan(0.6);
    expect(dot(a, a) / size).toBeLessThan(1.4);
    expect(Math.abs(dot(a, b)) / size).toBeLessThan(0.5);
    expect(fold(u.map((w, i) => 2 * w + v[i]))[7]).toBeCloseTo(2 * a[7] + b[7], 4);
    expect(combined([2, a], [1, b])[7]).toBe(2 * a[7] + b[7]);
  });
});

describe('the error of a sum', () => {
  const fold = folding(2);
  const parallel = () => fold(Float32Array.of(3, 4));

  it('is 1.96 deviations where all errors go one way, as of a normal number', () => {
    const sum = new PathSum(2);
    for (let k = 0; k < 4; k++) sum.add(cell([3, 4], { integral: [10, 10], parts: [parallel()] }));
    expect(sum.error).toBeCloseTo((1.96 * 2 * 7) / (Math.sqrt(40 ** 2 - 6 ** 2) + Math.sqrt(40 ** 2 - 8 ** 2)), 6);
  });

  it('comes down to the mean where errors go many ways', () => {
    const { normal } = random(5);
    const size = 4096;
    const foldMany = folding(size);
    const sum = new PathSum(size);
    const ones = Array<number>(size).fill(1);
    for (let k = 0; k < 200; k++) sum.add(cell(ones, { parts: [foldMany(Float32Array.from(ones, normal))] }));
    expect(sum.error).toBeGreaterThan(0.8 * (Math.sqrt(200) / 200));
    expect(sum.error).toBeLessThan(1.05 * (Math.sqrt(200) / 200));
  });

  it('is never less than what the sum misses', () => {
    const sum = new PathSum(1);
    sum.add(cell([0], { integral: [4], gap: 1 }));
    expect(sum.error).toBeCloseTo(0.25);
    sum.add(cell([0], { integral: [0], gap: -1 }));
    expect(sum.error).toBeCloseTo(Math.SQRT2 / 4);
  });

  it('is 0 where nothing was found and nothing is missing, NaN where a score is, infinite where all is missing', () => {
    const [nothing, bad, missing] = [0, NaN, 0].map((v, i) => {
      const sum = new PathSum(1);
      sum.add(cell([v], { integral: [v], gap: i === 2 ? 1 : v }));
      return sum.error;
    });
    expect([nothing, bad, missing]).toEqual([0, NaN, Infinity]);
  });

  it('forgets a cell that is taken out', () => {
    const [a, b] = [
      cell([1, 2], { parts: [parallel()] }),
      cell([5, 1], { parts: [fold(Float32Array.of(0, 1))], gap: 3 }),
    ];
    const [kept, cut] = [new PathSum(2), new PathSum(2)];
    [a, b].forEach((c) => cut.add(c));
    cut.add(b, -1);
    kept.add(a);
    expect(cut.scores).toEqual(kept.scores);
    expect(cut.error).toBeCloseTo(kept.error, 12);
  });
});

describe('the cells to be halved', () => {
  const cells = [1, 5, 2, 4].map((deviation, from) => cell([deviation], { from }));
  const chosen = (error: number, target: number, most: number) =>
    worstOf(cells, error, target, most).map(({ from }) => from);

  it('are those with the largest errors that carry half of all, squared', () => {
    expect(chosen(1, 0.01, 10)).toEqual([1]);
    expect(worstOf([...cells, cell([5], { from: 9 })], 1, 0.01, 10).map(({ from }) => from)).toEqual([1, 9]);
  });

  it('are no more than what is missing takes, and than passes allow', () => {
    expect(chosen(1, 0.99, 10)).toEqual([1]);
    expect(chosen(1, 0.01, 0)).toEqual([]);
  });

  it('count what the sum misses, where all points agree', () => {
    const blind = [cell([0.1]), cell([0], { from: 7, gap: -2 })];
    expect(worstOf(blind, 1, 0.01, 10).map(({ from }) => from)).toEqual([7]);
  });
});
