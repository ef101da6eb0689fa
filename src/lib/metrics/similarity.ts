/** @file How alike two maps of one size are, their signs and units left out. */
import { choice } from '../attribution/options.ts';
import { spearman } from '../tensor/rank-correlation.ts';

export type Similarity = 'spearman' | 'ssim';

export const similarityOption = (fallback: Similarity) =>
  choice(
    { title: 'Likeness', description: 'How two maps are compared; both without their signs.' },
    { spearman: 'Spearman’s rank correlation', ssim: 'Structural similarity' },
    fallback,
  );

/**
 * Of the magnitudes of two maps. Where one is the same everywhere, no order can be shared: their rank correlation is taken
 * as 0, which the structural similarity then says by itself.
 */
export function similarityOf(kind: Similarity, a: Float32Array, b: Float32Array, width: number): number {
  const [one, other] = [a, b].map(magnitudes);
  return kind === 'spearman' ? (spearman(one, other) ?? 0) : structuralSimilarity(one, other, width);
}

/** |v| / max|v|; zeros stay zeros. */
function magnitudes(map: Float32Array): Float32Array {
  const most = map.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return map.map((v) => Math.abs(v) / (most || 1));
}

const SIDE = 7;
const [C1, C2] = [0.01 ** 2, 0.03 ** 2];

/**
 * SSIM (Wang, Bovik, Sheikh & Simoncelli 2004) of two maps of 0…1: the mean over all even windows of 7 × 7 places that lie
 * within them, or of the shorter side where that is less. Variances are those of the window, over their number.
 */
export function structuralSimilarity(a: Float32Array, b: Float32Array, width: number): number {
  const height = a.length / width;
  const side = Math.min(SIDE, height, width);
  const sums = [a, b, a.map((v) => v * v), b.map((v) => v * v), a.map((v, i) => v * b[i])].map((map) =>
    windowMeans(map, height, width, side),
  );
  const [meanA, meanB, squareA, squareB, product] = sums;
  let total = 0;
  for (let i = 0; i < meanA.length; i++) {
    const [p, q] = [meanA[i], meanB[i]];
    const variances = squareA[i] - p * p + squareB[i] - q * q;
    const covariance = product[i] - p * q;
    total += ((2 * p * q + C1) * (2 * covariance + C2)) / ((p * p + q * q + C1) * (variances + C2));
  }
  return total / meanA.length;
}

/** By sums over the rectangle from the first corner: each window takes four of them. */
function windowMeans(map: Float32Array, height: number, width: number, side: number): Float64Array {
  const sums = new Float64Array((height + 1) * (width + 1));
  const at = (y: number, x: number) => y * (width + 1) + x;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      sums[at(y + 1, x + 1)] = map[y * width + x] + sums[at(y, x + 1)] + sums[at(y + 1, x)] - sums[at(y, x)];
  const columns = width - side + 1;
  return Float64Array.from({ length: columns * (height - side + 1) }, (_, i) => {
    const [y, x] = [Math.floor(i / columns), i % columns];
    const total = sums[at(y + side, x + side)] - sums[at(y, x + side)] - sums[at(y + side, x)] + sums[at(y, x)];
    return total / (side * side);
  });
}
