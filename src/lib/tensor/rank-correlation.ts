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

/** Ranks less their mean, and the sum of their squares; null where values are not finite. */
type Centred = { readonly ranks: Float64Array; readonly squares: number } | null;

function centred(values: Float32Array): Centred {
  if (!values.every(Number.isFinite)) return null;
  const mean = (values.length + 1) / 2;
  const own = ranks(values).map((rank) => rank - mean);
  return { ranks: own, squares: own.reduce((sum, rank) => sum + rank * rank, 0) };
}

function correlation(a: Centred, b: Centred): number | null {
  if (!a || !b || a.squares === 0 || b.squares === 0) return null;
  const product = a.ranks.reduce((sum, rank, i) => sum + rank * b.ranks[i], 0);
  return Math.max(-1, Math.min(1, product / Math.sqrt(a.squares * b.squares)));
}

/**
 * Spearman's ρ in −1…1: the correlation of the ranks, ties sharing their mean rank. Null where it is not defined: one
 * side is constant, or holds values that are not finite. Throws a RangeError when the lengths differ.
 */
export function spearman(a: Float32Array, b: Float32Array): number | null {
  if (a.length !== b.length) {
    throw new RangeError(`spearman: ${a.length} values against ${b.length}. Bring both maps to one grid first.`);
  }
  return correlation(centred(a), centred(b));
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

/** Sorting is what takes time: each map is sorted once for a grid, however many it is compared with and whenever they come. */
const sorted = new WeakMap<FloatTensor, { readonly grid: string; readonly centred: Centred }>();

function centredOn(map: FloatTensor, height: number, width: number): Centred {
  const grid = `${height} × ${width}`;
  const known = sorted.get(map);
  if (known?.grid === grid) return known.centred;
  const found = centred(areaMean(map, height, width).data);
  sorted.set(map, { grid, centred: found });
  return found;
}

/** Every map against every other, on the coarsest grid among them. Throws a RangeError without maps. */
export function rankCorrelations(maps: readonly FloatTensor[]): RankCorrelations {
  if (maps.length === 0) throw new RangeError('rankCorrelations: there are no maps. Pass one at least.');
  const height = Math.min(...maps.map(({ shape }) => shape[shape.length - 2]));
  const width = Math.min(...maps.map(({ shape }) => shape[shape.length - 1]));
  const each = maps.map((map) => centredOn(map, height, width));
  return { grid: [height, width], rho: each.map((a) => each.map((b) => correlation(a, b))) };
}
