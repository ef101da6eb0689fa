/** @file How alike two maps are: Spearman's rank correlation, after both are brought to one grid by area means. */
import { type FloatTensor, float32 } from './tensor.ts';

/** 1-based ranks, ascending; equal values share the mean of their ranks. */
export function ranks(values: Float32Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const out = new Float64Array(values.length);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && values[order[end]] === values[order[first]]) end++;
    for (let i = first; i < end; i++) out[order[i]] = (first + 1 + end) / 2;
    first = end;
  }
  return out;
}

/**
 * Spearman's ρ in −1…1: the correlation of the ranks, ties sharing their mean rank. Null where it is not defined: one
 * side is constant, or holds values that are not finite. Throws a RangeError when the lengths differ.
 */
export function spearman(a: Float32Array, b: Float32Array): number | null {
  if (a.length !== b.length) {
    throw new RangeError(`spearman: ${a.length} values against ${b.length}. Bring both maps to one grid first.`);
  }
  if (!a.every(Number.isFinite) || !b.every(Number.isFinite)) return null;
  const [ra, rb, mean] = [ranks(a), ranks(b), (a.length + 1) / 2];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < ra.length; i++) {
    ab += (ra[i] - mean) * (rb[i] - mean);
    aa += (ra[i] - mean) ** 2;
    bb += (rb[i] - mean) ** 2;
  }
  return aa > 0 && bb > 0 ? Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb))) : null;
}

/** The mean of `map` ([…, height, width], one channel) over each cell of a grid laid over it: [height, width]. */
export function areaMean(map: FloatTensor, height: number, width: number): FloatTensor {
  const [h, w] = map.shape.slice(-2);
  if (h === height && w === width) return map;
  const [rows, columns] = [overlaps(h, height), overlaps(w, width)];
  const out = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [i, tall] of rows[y]) for (const [j, wide] of columns[x]) sum += tall * wide * map.data[i * w + j];
      out[y * width + x] = sum;
    }
  }
  return float32([height, width], out);
}

/** For each of `to` even intervals: which of `from` intervals it meets, and with what share of itself. */
function overlaps(from: number, to: number): [index: number, share: number][][] {
  const length = from / to;
  return Array.from({ length: to }, (_, k) => {
    const [start, end] = [k * length, (k + 1) * length];
    const met: [number, number][] = [];
    for (let i = Math.floor(start); i < Math.min(from, end); i++) {
      const share = (Math.min(end, i + 1) - Math.max(start, i)) / length;
      if (share > 1e-12) met.push([i, share]);
    }
    return met;
  });
}

export interface RankCorrelations {
  /** Height and width of the grid on which the maps are compared: the smallest of each. */
  readonly grid: readonly [height: number, width: number];
  /** ρ of map i and map j; null where it is not defined. */
  readonly rho: readonly (readonly (number | null)[])[];
}

/** Every map against every other, on the coarsest grid among them. Throws a RangeError without maps. */
export function rankCorrelations(maps: readonly FloatTensor[]): RankCorrelations {
  if (maps.length === 0) throw new RangeError('rankCorrelations: there are no maps. Pass one at least.');
  const height = Math.min(...maps.map(({ shape }) => shape[shape.length - 2]));
  const width = Math.min(...maps.map(({ shape }) => shape[shape.length - 1]));
  const data = maps.map((map) => areaMean(map, height, width).data);
  const rho = data.map((): (number | null)[] => Array<number | null>(maps.length).fill(null));
  for (let i = 0; i < data.length; i++) {
    for (let j = i; j < data.length; j++) rho[i][j] = rho[j][i] = spearman(data[i], data[j]);
  }
  return { grid: [height, width], rho };
}
