/** @file Weighted linear regression on zeros and ones, in double precision: what LIME and KernelSHAP fit. */

export interface Samples {
  /** Each as long as there are features. */
  readonly rows: readonly ArrayLike<number>[];
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

/** Coefficients of the least squares with an intercept, by Cholesky's decomposition of the normal equations. */
export function leastSquares({ rows, values, weights }: Samples): number[] {
  const { matrix, right } = centred({ rows, values, weights });
  return solveDefinite(matrix, right);
}

/**
 * Coefficients of the lasso with an intercept: least Σ w (y − ŷ)² / (2 Σ w) + α Σ |coefficient|, by coordinate descent
 * (Friedman, Hastie & Tibshirani 2010, doi:10.18637/jss.v033.i01).
 */
export function lasso(samples: Samples, alpha: number): number[] {
  const { matrix, right } = centred(samples);
  const found = right.map(() => 0);
  for (let round = 0; round < 10_000; round++) {
    let moved = 0;
    for (let j = 0; j < found.length; j++) {
      if (matrix[j][j] <= 0) continue;
      const rest = right[j] - matrix[j].reduce((total, v, k) => (k === j ? total : total + v * found[k]), 0);
      const next = (Math.sign(rest) * Math.max(Math.abs(rest) - alpha, 0)) / matrix[j][j];
      moved = Math.max(moved, Math.abs(next - found[j]));
      found[j] = next;
    }
    if (moved <= 1e-12 * Math.max(...found.map(Math.abs))) break;
  }
  return found;
}

/** Weighted covariances of the features with each other and with the values: the intercept is taken out. */
function centred({ rows, values, weights }: Samples): { matrix: number[][]; right: number[] } {
  const total = weights.reduce((a, b) => a + b, 0);
  const features = rows[0].length;
  const mean = (of: (k: number) => number) => rows.reduce((sum, _, k) => sum + weights[k] * of(k), 0) / total;
  const means = Array.from({ length: features }, (_, j) => mean((k) => rows[k][j]));
  const middle = mean((k) => values[k]);
  const matrix = means.map(() => Array<number>(features).fill(0));
  const right = Array<number>(features).fill(0);
  rows.forEach((row, k) => {
    const off = means.map((m, j) => row[j] - m);
    for (let i = 0; i < features; i++) {
      const share = (weights[k] / total) * off[i];
      right[i] += share * (values[k] - middle);
      for (let j = 0; j <= i; j++) matrix[i][j] += share * off[j];
    }
  });
  for (let i = 0; i < features; i++) for (let j = 0; j < i; j++) matrix[j][i] = matrix[i][j];
  return { matrix, right };
}

/** Features that never vary, or that others determine, get the coefficient 0. */
function solveDefinite(matrix: readonly number[][], right: readonly number[]): number[] {
  const n = right.length;
  const tiny = 1e-12 * Math.max(...matrix.map((row, i) => row[i]));
  const lower = matrix.map((row) => [...row]);
  const free = right.map(() => true);
  for (let j = 0; j < n; j++) {
    let pivot = lower[j][j];
    for (let k = 0; k < j; k++) pivot -= lower[j][k] ** 2;
    free[j] = pivot > tiny;
    lower[j][j] = free[j] ? Math.sqrt(pivot) : 1;
    for (let i = j + 1; i < n; i++) {
      let v = lower[i][j];
      for (let k = 0; k < j; k++) v -= lower[i][k] * lower[j][k];
      lower[i][j] = free[j] ? v / lower[j][j] : 0;
    }
  }
  const half: number[] = [];
  for (let i = 0; i < n; i++) {
    const v = half.reduce((rest, h, k) => rest - lower[i][k] * h, right[i]);
    half.push(free[i] ? v / lower[i][i] : 0);
  }
  const out = [...half];
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) out[i] -= lower[k][i] * out[k];
    out[i] = free[i] ? out[i] / lower[i][i] : 0;
  }
  return out;
}
