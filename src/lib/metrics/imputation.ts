/**
 * @file Noisy linear imputation (Rong et al. 2022, arXiv:2202.00449): each place that is taken away becomes the weighted
 * mean of its neighbours, 1/6 for the four beside it and 1/12 for the four across its corners, all of them at once. So no
 * edge tells the model what was taken away.
 */
import { random } from '../tensor/random.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import type { Places } from './maps.ts';

const STRAIGHT = 1 / 6;
const ACROSS = 1 / 12;

/** The four that lie beside a place, then the four across its corners. */
const NEIGHBOURS: readonly (readonly [down: number, right: number])[] = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
  [-1, -1],
  [-1, 1],
  [1, -1],
  [1, 1],
];

/** The residual at which solving ends, relative to that of the start. */
const ACCURACY = 1e-6;

/**
 * `x` with the places where `removed` is not 0 imputed, and normal noise of the standard deviation `noise` upon them.
 * With no place left there is nothing to go by: they become the mean of what was there.
 */
export function impute(x: FloatTensor, places: Places, removed: Uint8Array, noise: number, seed: number): FloatTensor {
  const system = systemOf(places, removed);
  const { normal } = random(seed);
  const data = x.data.slice();
  const elements = elementsOf(places);
  for (let c = 0; c < places.channels; c++) {
    const plane = new Float64Array(places.count + 1);
    for (let place = 0; place < places.count; place++) plane[place] = x.data[elements(place, c)];
    const found = solve(system, plane);
    system.unknown.forEach((place, i) => (data[elements(place, c)] = found[i] + noise * normal()));
  }
  return float32(x.shape, data);
}

/** Where channel `c` of a place lies in the input. */
function elementsOf({ of, count, channels }: Places): (place: number, c: number) => number {
  const last = channels > 1 && of[1] === 0;
  return (place, c) => (last ? place * channels + c : c * count + place);
}

/**
 * (D − W) v = b: D the sums of the weights that lie in the image, W between the unknown, b from what is known. Eight numbers to
 * each unknown, four beside it and four across: of neighbours that are not there, the one after the last, where a zero stands.
 */
interface System {
  readonly unknown: Int32Array;
  readonly diagonal: Float64Array;
  /** Numbers of unknown neighbours. */
  readonly beside: Int32Array;
  /** Places of known neighbours. */
  readonly known: Int32Array;
}

function systemOf({ height, width, count }: Places, removed: Uint8Array): System {
  const number = new Int32Array(count).fill(-1);
  const unknown: number[] = [];
  for (let place = 0; place < count; place++) if (removed[place] !== 0) number[place] = unknown.push(place) - 1;
  const diagonal = new Float64Array(unknown.length);
  const beside = new Int32Array(8 * unknown.length).fill(unknown.length);
  const known = new Int32Array(8 * unknown.length).fill(count);
  unknown.forEach((place, i) => {
    const [row, column] = [Math.floor(place / width), place % width];
    NEIGHBOURS.forEach(([down, right], k) => {
      const [y, x] = [row + down, column + right];
      if (y < 0 || y >= height || x < 0 || x >= width) return;
      diagonal[i] += k < 4 ? STRAIGHT : ACROSS;
      const neighbour = y * width + x;
      if (number[neighbour] >= 0) beside[8 * i + k] = number[neighbour];
      else known[8 * i + k] = neighbour;
    });
  });
  return { unknown: Int32Array.from(unknown), diagonal, beside, known };
}

/** The weighted sum over the eight neighbours that begin at `at`. Nothing branches here: this is where the time goes. */
const around = (values: Float64Array, neighbours: Int32Array, at: number): number =>
  STRAIGHT *
    (values[neighbours[at]] + values[neighbours[at + 1]] + values[neighbours[at + 2]] + values[neighbours[at + 3]]) +
  ACROSS *
    (values[neighbours[at + 4]] + values[neighbours[at + 5]] + values[neighbours[at + 6]] + values[neighbours[at + 7]]);

/**
 * By conjugate gradients, preconditioned by the diagonal: the system is symmetric, and definite where a place is known.
 * `plane`: the values of all places, and a zero after the last.
 */
function solve({ unknown, diagonal, beside, known }: System, plane: Float64Array): Float64Array {
  const n = unknown.length;
  const mean = meanOfKnown(plane, unknown);
  const v = new Float64Array(n + 1).fill(mean.value);
  v[n] = 0;
  if (!mean.any || n === 0) return v;
  const [r, p, q] = [new Float64Array(n), new Float64Array(n + 1), new Float64Array(n)];
  let energy = 0;
  for (let i = 0; i < n; i++) {
    r[i] = around(plane, known, 8 * i) - diagonal[i] * v[i] + around(v, beside, 8 * i);
    p[i] = r[i] / diagonal[i];
    energy += r[i] * p[i];
  }
  const enough = energy * ACCURACY ** 2;
  for (let round = 0; round < 2 * n + 10 && energy > enough; round++) {
    let curvature = 0;
    for (let i = 0; i < n; i++) {
      q[i] = diagonal[i] * p[i] - around(p, beside, 8 * i);
      curvature += p[i] * q[i];
    }
    const step = energy / curvature;
    let next = 0;
    for (let i = 0; i < n; i++) {
      v[i] += step * p[i];
      r[i] -= step * q[i];
      next += (r[i] * r[i]) / diagonal[i];
    }
    for (let i = 0; i < n; i++) p[i] = r[i] / diagonal[i] + (next / energy) * p[i];
    energy = next;
  }
  return v;
}

function meanOfKnown(plane: Float64Array, unknown: Int32Array): { value: number; any: boolean } {
  const total = plane.reduce((sum, v) => sum + v, 0);
  const away = unknown.reduce((sum, place) => sum + plane[place], 0);
  const places = plane.length - 1;
  const left = places - unknown.length;
  return left > 0 ? { value: (total - away) / left, any: true } : { value: total / places, any: false };
}
