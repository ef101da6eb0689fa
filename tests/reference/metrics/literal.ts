/** @file Metrics once more, straight from their definitions, in plain loops and float64. Images are [channels, height, width]. */
import type { ScalarFunction } from '../methods/black-box.ts';

export interface Picture {
  readonly x: ArrayLike<number>;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** x with the channels of some places taken from another image. */
export function replaced(
  { x, channels, height, width }: Picture,
  other: ArrayLike<number>,
  places: readonly number[],
): Float64Array {
  const out = Float64Array.from(x);
  for (const place of places)
    for (let c = 0; c < channels; c++) out[c * height * width + place] = other[c * height * width + place];
  return out;
}

/** Places sorted by selection: the highest score first, the first of equals first. */
export function sortedPlaces(map: ArrayLike<number>): number[] {
  const left = Array.from({ length: map.length }, (_, i) => i);
  const out: number[] = [];
  while (left.length > 0) {
    let best = 0;
    for (let i = 1; i < left.length; i++) if (map[left[i]] > map[left[best]]) best = i;
    out.push(...left.splice(best, 1));
  }
  return out;
}

/** Points of the curve, and its mean height by trapezoids. */
export function removalCurve(
  f: ScalarFunction,
  picture: Picture,
  other: ArrayLike<number>,
  map: ArrayLike<number>,
  steps: number,
  way: 'delete' | 'insert',
): { x: number[]; y: number[]; area: number } {
  const order = sortedPlaces(map);
  const [x, y]: [number[], number[]] = [[], []];
  for (let k = 0; k <= steps; k++) {
    const n = Math.round((k / steps) * order.length);
    x.push(n / order.length);
    y.push(f(replaced(picture, other, way === 'delete' ? order.slice(0, n) : order.slice(n))));
  }
  let area = 0;
  for (let k = 1; k <= steps; k++) area += 0.5 * (y[k] + y[k - 1]) * (x[k] - x[k - 1]);
  return { x, y, area };
}

/** Noiseless linear imputation: one equation for each place that is gone, by Gaussian elimination with pivots. */
export function imputed({ x, channels, height, width }: Picture, gone: readonly number[]): Float64Array {
  const out = Float64Array.from(x);
  for (let c = 0; c < channels; c++) {
    const rows = gone.map((place) => {
      const row = new Float64Array(gone.length + 1);
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const [i, j] = [Math.floor(place / width) + dy, (place % width) + dx];
          if ((dx === 0 && dy === 0) || i < 0 || j < 0 || i >= height || j >= width) continue;
          const weight = dx === 0 || dy === 0 ? 1 / 6 : 1 / 12;
          row[gone.indexOf(place)] += weight;
          const neighbour = gone.indexOf(i * width + j);
          if (neighbour >= 0) row[neighbour] -= weight;
          else row[gone.length] += weight * x[c * height * width + i * width + j];
        }
      return row;
    });
    eliminate(rows).forEach((v, k) => (out[c * height * width + gone[k]] = v));
  }
  return out;
}

function eliminate(rows: Float64Array[]): number[] {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return rows.map((row, k) => row[n] / row[k]);
}

/** mean (LeRF − MoRF) / 2 without noise. */
export function roadScore(
  f: ScalarFunction,
  picture: Picture,
  map: ArrayLike<number>,
  shares: readonly number[],
): number {
  const order = sortedPlaces(map);
  let total = 0;
  for (const share of shares) {
    const n = Math.round(share * order.length);
    const most = f(imputed(picture, order.slice(0, n)));
    const least = f(imputed(picture, order.slice(order.length - n)));
    total += (least - most) / 2;
  }
  return total / shares.length;
}

/** mean (β Σ map − ΔF)² over sets of places that are replaced. */
export function infidelityOf(
  f: ScalarFunction,
  picture: Picture,
  other: ArrayLike<number>,
  map: ArrayLike<number>,
  sets: readonly (readonly number[])[],
  normalize: boolean,
): number {
  const whole = f(Float64Array.from(picture.x));
  const pairs = sets.map((places): [number, number] => {
    let predicted = 0;
    for (const place of places) predicted += map[place];
    return [predicted, whole - f(replaced(picture, other, places))];
  });
  let [up, down] = [0, 0];
  for (const [p, d] of pairs) {
    up += p * d;
    down += p * p;
  }
  const beta = normalize ? up / down : 1;
  let total = 0;
  for (const [p, d] of pairs) total += (beta * p - d) ** 2;
  return total / pairs.length;
}

/** SSIM of two maps by their windows, each looked at by itself. */
export function ssim(a: readonly number[], b: readonly number[], width: number, side: number): number {
  const height = a.length / width;
  const found: number[] = [];
  for (let top = 0; top + side <= height; top++)
    for (let left = 0; left + side <= width; left++) {
      const places: number[] = [];
      for (let y = top; y < top + side; y++) for (let x = left; x < left + side; x++) places.push(y * width + x);
      const mean = (v: readonly number[]) => places.reduce((s, p) => s + v[p], 0) / places.length;
      const [ma, mb] = [mean(a), mean(b)];
      const moment = (u: readonly number[], mu: number, v: readonly number[], mv: number) =>
        places.reduce((s, p) => s + (u[p] - mu) * (v[p] - mv), 0) / places.length;
      const [va, vb, cov] = [moment(a, ma, a, ma), moment(b, mb, b, mb), moment(a, ma, b, mb)];
      found.push(((2 * ma * mb + 1e-4) * (2 * cov + 9e-4)) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4)));
    }
  return found.reduce((s, v) => s + v, 0) / found.length;
}

/** Mean absolute difference of all pairs over twice the mean: the Gini index as it is defined. */
export function gini(values: readonly number[]): number {
  let [pairs, total] = [0, 0];
  for (const a of values) {
    total += Math.abs(a);
    for (const b of values) pairs += Math.abs(Math.abs(a) - Math.abs(b));
  }
  return pairs / (2 * values.length * total);
}
