/** @file Points and weights on [0, 1] for the integral of Integrated Gradients. */

export interface Quadrature {
  readonly points: readonly number[];
  readonly weights: readonly number[];
}

/** The rules by name; `n` is the number of points. */
export const quadratures = {
  'gauss-legendre': gaussLegendre,
  'riemann-left': (n) => uniform(n, (k) => k / n),
  'riemann-right': (n) => uniform(n, (k) => (k + 1) / n),
  'riemann-middle': (n) => uniform(n, (k) => (k + 0.5) / n),
  'riemann-trapezoid': trapezoid,
} satisfies Record<string, (n: number) => Quadrature>;

export type QuadratureName = keyof typeof quadratures;

const uniform = (n: number, point: (k: number) => number): Quadrature => ({
  points: Array.from({ length: n }, (_, k) => point(k)),
  weights: Array<number>(n).fill(1 / n),
});

/**
 * Captum's trapezoid: n points from 0 to 1, weights 1/n and half of that at the ends. They sum to (n − 1)/n, not to 1,
 * so that scores come out that much too small; it is kept as it is because results elsewhere were computed with it.
 */
function trapezoid(n: number): Quadrature {
  const points = Array.from({ length: n }, (_, k) => (n === 1 ? 0 : k / (n - 1)));
  return { points, weights: points.map((_, k) => (k === 0 || k === n - 1 ? 0.5 : 1) / n) };
}

/**
 * Gauss–Legendre: exact for polynomials of degree 2n − 1. The points are the roots of the Legendre polynomial Pₙ moved to
 * [0, 1], found by Newton's method from Tricomi's estimate.
 */
function gaussLegendre(n: number): Quadrature {
  const points = new Array<number>(n);
  const weights = new Array<number>(n);
  for (let k = 0; k < Math.ceil(n / 2); k++) {
    const { root, slope } = legendreRoot(n, Math.cos((Math.PI * (k + 0.75)) / (n + 0.5)));
    const weight = 1 / ((1 - root * root) * slope * slope);
    [points[k], points[n - 1 - k]] = [(1 - root) / 2, (1 + root) / 2];
    weights[k] = weights[n - 1 - k] = weight;
  }
  return { points, weights };
}

function legendreRoot(n: number, guess: number): { root: number; slope: number } {
  let root = guess;
  for (let i = 0; i < 100; i++) {
    const { value, slope } = legendre(n, root);
    const step = value / slope;
    root -= step;
    if (Math.abs(step) < 1e-15) break;
  }
  return { root, slope: legendre(n, root).slope };
}

/** Pₙ(x) and P′ₙ(x), by Bonnet's recursion. */
function legendre(n: number, x: number): { value: number; slope: number } {
  let [previous, value] = [1, x];
  for (let k = 2; k <= n; k++) [previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k];
  return { value, slope: (n * (x * value - previous)) / (x * x - 1) };
}
