import { describe, expect, it } from 'vitest';
import { quadratures, type QuadratureName } from '../../src/lib/attribution/quadrature.ts';

const integrate = (name: QuadratureName, n: number, f: (x: number) => number) => {
  const { points, weights } = quadratures[name](n);
  return points.reduce((total, x, k) => total + weights[k] * f(x), 0);
};

describe('quadrature', () => {
  it.each([1, 2, 3, 5, 8, 16, 32, 50])(
    'Gauss–Legendre with %i points is exact for polynomials of degree 2n − 1',
    (n) => {
      for (let degree = 0; degree < 2 * n; degree++) {
        expect(integrate('gauss-legendre', n, (x) => x ** degree)).toBeCloseTo(1 / (degree + 1), 13);
      }
    },
  );

  it('Gauss–Legendre with n points is not exact for degree 2n', () => {
    for (const n of [1, 2, 3])
      expect(Math.abs(integrate('gauss-legendre', n, (x) => x ** (2 * n)) - 1 / (2 * n + 1))).toBeGreaterThan(1e-6);
  });

  it('Gauss–Legendre has increasing points inside [0, 1] and weights that sum to 1, up to 1,000 points', () => {
    for (const n of [7, 200, 1000]) {
      const { points, weights } = quadratures['gauss-legendre'](n);
      expect(points[0]).toBeGreaterThan(0);
      expect(points[n - 1]).toBeLessThan(1);
      expect(points.every((p, k) => k === 0 || p > points[k - 1])).toBe(true);
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    }
  });

  it('three points are those of the textbook: 1/2 and 1/2 ± √(3/5)/2, weights 4/9 and 5/18', () => {
    const { points, weights } = quadratures['gauss-legendre'](3);
    const offset = Math.sqrt(0.6) / 2;
    [0.5 - offset, 0.5, 0.5 + offset].forEach((p, k) => expect(points[k]).toBeCloseTo(p, 15));
    [5 / 18, 4 / 9, 5 / 18].forEach((w, k) => expect(weights[k]).toBeCloseTo(w, 15));
  });

  it('Riemann sums of x with 4 points are 3/8 (left), 5/8 (right), 1/2 (middle)', () => {
    expect(integrate('riemann-left', 4, (x) => x)).toBe(3 / 8);
    expect(integrate('riemann-right', 4, (x) => x)).toBe(5 / 8);
    expect(integrate('riemann-middle', 4, (x) => x)).toBe(1 / 2);
  });

  it("the trapezoid's weights sum to (n − 1)/n, as Captum's do", () => {
    for (const n of [2, 5, 20]) expect(integrate('riemann-trapezoid', n, () => 1)).toBeCloseTo((n - 1) / n, 15);
    expect(quadratures['riemann-trapezoid'](3)).toEqual({ points: [0, 0.5, 1], weights: [1 / 6, 1 / 3, 1 / 6] });
  });
});
