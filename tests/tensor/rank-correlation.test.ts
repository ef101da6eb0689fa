import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaMean, rankCorrelations, ranks, spearman } from '../../src/lib/tensor/rank-correlation.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

/** By the definition: a value's rank is one more than the smaller ones, plus half of the others that equal it. */
const literalRank = (values: readonly number[], v: number): number =>
  1 + values.filter((u) => u < v).length + (values.filter((u) => u === v).length - 1) / 2;

/** Pearson's correlation, in its textbook form n Σxy − Σx Σy. */
function pearson(x: readonly number[], y: readonly number[]): number {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const n = x.length;
  const cross = (p: readonly number[], q: readonly number[]) => n * sum(p.map((v, i) => v * q[i])) - sum(p) * sum(q);
  return cross(x, y) / Math.sqrt(cross(x, x) * cross(y, y));
}

const varied = (values: readonly number[]) => new Set(values).size > 1;
const pairs = fc
  .array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })), { minLength: 2, maxLength: 40 })
  .map((both) => [both.map(([a]) => a), both.map(([, b]) => b)] as const)
  .filter(([a, b]) => varied(a) && varied(b));

describe('rank correlation', () => {
  it('shares the mean rank among equal values', () => {
    expect([...ranks(Float32Array.of(3, -1, 3, 0, 3))]).toEqual([4, 1, 4, 2, 4]);
  });

  it('is the correlation of the ranks, ties and all', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const wanted = pearson(
          a.map((v) => literalRank(a, v)),
          b.map((v) => literalRank(b, v)),
        );
        expect(spearman(Float32Array.from(a), Float32Array.from(b))).toBeCloseTo(wanted, 12);
      }),
    );
  });

  it('is that of 1 − 6 Σd² / n(n² − 1) without ties', () => {
    const [a, b] = [Float32Array.of(5, 1, 4, 2, 3), Float32Array.of(1, 2, 3, 4, 5)];
    const d2 = a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0);
    expect(spearman(a, b)).toBeCloseTo(1 - (6 * d2) / (5 * 24), 12);
  });

  it('does not change under a rising function, and turns its sign under a falling one', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const rho = spearman(Float32Array.from(a), Float32Array.from(b))!;
        expect(
          spearman(
            Float32Array.from(a, (v) => v ** 3 + 2),
            Float32Array.from(b),
          ),
        ).toBeCloseTo(rho, 12);
        expect(
          spearman(
            Float32Array.from(a, (v) => -v),
            Float32Array.from(b),
          ),
        ).toBeCloseTo(-rho, 12);
      }),
    );
  });

  it('is not defined for a constant map or one that is not finite', () => {
    const varying = Float32Array.of(1, 2, 3);
    expect(spearman(Float32Array.of(2, 2, 2), varying)).toBeNull();
    expect(spearman(varying, Float32Array.of(1, NaN, 2))).toBeNull();
    expect(() => spearman(varying, Float32Array.of(1))).toThrow(RangeError);
  });
});

describe('the area mean', () => {
  it('is the mean of the cells that a finer common grid puts into each', () => {
    const sides = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        sides,
        sides,
        sides,
        sides,
        fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
        (h, w, H, W, draws) => {
          const data = [...draws.take(h * w)];
          const out = areaMean(float32([1, h, w], data), H, W);
          // On a grid of h·H × w·W every cell belongs to one cell of either side.
          for (let y = 0; y < H; y++) {
            for (let x = 0; x < W; x++) {
              let sum = 0;
              for (let i = y * h; i < (y + 1) * h; i++) {
                for (let j = x * w; j < (x + 1) * w; j++) sum += data[Math.floor(i / H) * w + Math.floor(j / W)];
              }
              expect(out.data[y * W + x]).toBeCloseTo(sum / (h * w), 5);
            }
          }
        },
      ),
    );
  });
});

describe('the matrix', () => {
  it('compares on the coarsest grid: a map and its area mean agree fully', () => {
    const fine = float32([4, 4], [0, 1, 5, 9, 2, 3, 7, 8, -4, -4, 1, 6, 0, -1, 2, 2]);
    const { grid, rho } = rankCorrelations([fine, areaMean(fine, 2, 2), float32([1, 2, 2], [0, 0, 0, 0])]);
    expect(grid).toEqual([2, 2]);
    expect(rho[0][1]).toBe(1);
    expect(rho[1][0]).toBe(1);
    expect(rho[2]).toEqual([null, null, null]);
  });
});
