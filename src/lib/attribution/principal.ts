/** @file The first principal direction of a few vectors. */

/** Directions that are looked through; with the first few the largest has long settled. */
const MOST_STEPS = 64;

/**
 * The first right singular vector of a matrix, [rows × columns], row-major, of length 1; zeros for a matrix of zeros. By
 * Lanczos' iteration on MᵀM with full orthogonalisation (Golub & Van Loan, "Matrix Computations", 10.1), in double
 * precision. Its sign is arbitrary.
 */
export function firstSingularVector(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const basis: Float64Array[] = [];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  let next = longestRow(matrix, rows, columns);
  for (let step = 0; step < Math.min(MOST_STEPS, columns); step++) {
    const size = norm(next);
    if (size <= Number.EPSILON * (diagonal[0] ?? 0) || size === 0) break;
    if (step > 0) beside.push(size);
    basis.push(next.map((v) => v / size));
    next = timesGram(matrix, rows, columns, basis[step]);
    diagonal.push(dot(next, basis[step]));
    // Twice, because once leaves what rounding brings back.
    for (let again = 0; again < 2; again++) for (const b of basis) subtract(next, b, dot(next, b));
  }
  const mix = largestEigenvector(diagonal, beside);
  const found = new Float64Array(columns);
  basis.forEach((b, k) => subtract(found, b, -mix[k]));
  return found;
}

/** Not at right angles to the first direction unless every row is. */
function longestRow(matrix: Float64Array, rows: number, columns: number): Float64Array {
  let [best, length] = [matrix.subarray(0, columns), -1];
  for (let r = 0; r < rows; r++) {
    const row = matrix.subarray(r * columns, (r + 1) * columns);
    const own = dot(row, row);
    if (own > length) [best, length] = [row, own];
  }
  return best.slice();
}

/** MᵀM v */
function timesGram(matrix: Float64Array, rows: number, columns: number, v: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    const row = matrix.subarray(r * columns, (r + 1) * columns);
    subtract(out, row, -dot(row, v));
  }
  return out;
}

/**
 * Of a symmetric tridiagonal matrix that is positive semidefinite, by inverse iteration at its largest eigenvalue, which
 * bisection on the signs of the leading minors finds (Sturm's sequence).
 */
function largestEigenvector(diagonal: readonly number[], beside: readonly number[]): number[] {
  const n = diagonal.length;
  if (n === 0) return [];
  let [low, high] = [0, Math.max(...diagonal.map((d, i) => d + (beside[i - 1] ?? 0) + (beside[i] ?? 0)))];
  for (let i = 0; i < 200 && high - low > Number.EPSILON * high; i++) {
    const middle = (low + high) / 2;
    if (allBelow(diagonal, beside, middle)) high = middle;
    else low = middle;
  }
  // Above the eigenvalue by a few roundings, so that the matrix that is solved with is definite.
  const shift = high * (1 + 4 * Number.EPSILON);
  let v = diagonal.map((_, i) => 1 / (1 + i));
  for (let i = 0; i < 4; i++) {
    v = solve(
      diagonal.map((d) => shift - d),
      beside.map((b) => -b),
      v,
    );
    const size = Math.hypot(...v);
    v = v.map((entry) => entry / size);
  }
  return v;
}

function allBelow(diagonal: readonly number[], beside: readonly number[], value: number): boolean {
  let pivot = 1;
  return diagonal.every((d, i) => {
    pivot = value - d - (i === 0 ? 0 : beside[i - 1] ** 2 / pivot);
    return pivot > 0;
  });
}

/** Solves a definite tridiagonal system by elimination. */
function solve(diagonal: readonly number[], beside: readonly number[], right: readonly number[]): number[] {
  const n = diagonal.length;
  const [pivots, out] = [[...diagonal], [...right]];
  for (let i = 1; i < n; i++) {
    const factor = beside[i - 1] / pivots[i - 1];
    pivots[i] -= factor * beside[i - 1];
    out[i] -= factor * out[i - 1];
  }
  for (let i = n - 1; i >= 0; i--) out[i] = (out[i] - (i < n - 1 ? beside[i] * out[i + 1] : 0)) / pivots[i];
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

const norm = (v: Float64Array): number => Math.sqrt(dot(v, v));

/** a −= factor · b */
function subtract(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] -= factor * b[i];
}
