/**
 * @file The sum over the cells of a path and how far it may be from the integral.
 *
 * The path's gradient g jumps where a ReLU switches, at places between the points that are known. A jump J at an unknown
 * place of a stretch of length h moves the trapezoid rule by at most h|J|/2 and, with every place alike, by h|J|/√12 in root
 * mean square; both ends of the stretch show J. Jumps are taken to be independent, so squares add up. How far the sum of
 * all elements' errors strays from its mean depends on how many independent directions the jumps have: ν, below.
 */
import { random } from '../tensor/random.ts';

/** What a rule makes of a cell, for each element. */
export interface Measure {
  /** Over the cell. */
  readonly integral: Float32Array;
  /** Root mean square of the integral's error. */
  readonly deviation: Float32Array;
}

/** A part of the path with what is known of it. */
export interface Cell {
  readonly from: number;
  readonly to: number;
  /** Made anew each time: a cell keeps no more than what halving it needs. */
  readonly measure: () => Measure;
  /** The independent parts that the error is made of, folded by `folding`. */
  readonly parts: readonly Float64Array[];
  /** Σ deviation */
  readonly deviation: number;
  /** Mean square of g's steps from point to point and to the point after the next, h² times each; 0 where nothing jumps. */
  readonly steps: readonly [number, number];
  /** By how much the integral's sum misses the change of F over the cell; 0 for rules whose sum is exact. */
  readonly gap: number;
}

/** Numbers that a part is folded to: with fewer ν is taken for smaller than it is, and the error for larger. */
const FOLDED = 64;

/**
 * A random ±1 for each element and one of FOLDED places: sums of `size` elements so folded keep their inner products in the
 * mean (count sketch, Charikar, Chen & Farach-Colton 2002). Folding is linear.
 */
export function folding(size: number): (values: Float32Array) => Float64Array {
  const { below } = random(1);
  const places = Uint8Array.from({ length: size }, () => below(2 * FOLDED));
  return (values) => {
    const folded = new Float64Array(FOLDED);
    for (let i = 0; i < size; i++) folded[places[i] >> 1] += places[i] & 1 ? values[i] : -values[i];
    return folded;
  };
}

/** Σₖ factorₖ · foldedₖ */
export const combined = (...terms: readonly (readonly [factor: number, folded: Float64Array])[]): Float64Array =>
  new Float64Array(FOLDED).map((_, i) => terms.reduce((total, [factor, folded]) => total + factor * folded[i], 0));

/** Mean of |z| of a standard normal z, and what is missing from it to the point that |z| passes in one of twenty cases. */
const MEAN = Math.sqrt(2 / Math.PI);
const SPREAD = 1.96 - MEAN;

const squared = (v: number): number => v * v;

/**
 * By what the deviation is too small because points are too far apart to see all jumps: 1 where they see them, √6 where g is
 * another at each. Steps over two points are twice those over one, squared, where jumps are seen and independent; where
 * g forgets itself on the way, as a process of correlation e^(−|t|/ℓ) does, they are 1 + ρ times those, ρ = e^(−h/ℓ). The
 * trapezoid rule's error on such a process has the variance σ²h ((1 + ρ)/(1 − ρ) − 2ℓ/h), the deviation σ²h (1 − ρ)/6.
 */
export function unresolved(near: number, far: number): number {
  const correlation = near > 0 ? Math.max(0, far / near - 1) : 1;
  // What follows is 1 within a thousandth from here on, and loses its digits.
  if (!(correlation < 0.99)) return 1;
  const variance = (1 + correlation) / (1 - correlation) + (correlation > 0 ? 2 / Math.log(correlation) : 0);
  return Math.sqrt((6 * variance) / (1 - correlation));
}

/** The integral over all cells added so far. */
export class PathSum {
  readonly #total: Float64Array;
  readonly #variance: Float64Array;
  /** Σ p pᵀ over the folded parts p. */
  readonly #gram = new Float64Array(FOLDED * FOLDED);
  #near = 0;
  #far = 0;
  #gap = 0;
  #gapSquares = 0;

  constructor(size: number) {
    this.#total = new Float64Array(size);
    this.#variance = new Float64Array(size);
  }

  /** `sign` −1 takes out a cell that was added. */
  add({ measure, parts, steps, gap }: Cell, sign: 1 | -1 = 1): void {
    const { integral, deviation } = measure();
    for (let i = 0; i < integral.length; i++) {
      this.#total[i] += sign * integral[i];
      this.#variance[i] += sign * squared(deviation[i]);
    }
    for (const part of parts)
      for (let i = 0; i < FOLDED; i++)
        for (let j = 0; j < FOLDED; j++) this.#gram[i * FOLDED + j] += sign * part[i] * part[j];
    this.#near += sign * steps[0];
    this.#far += sign * steps[1];
    this.#gap += sign * gap;
    this.#gapSquares += sign * squared(gap);
  }

  get scores(): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.#total);
  }

  /**
   * Σ|error| over Σ|score|, as it is estimated: in nineteen of twenty cases the error is not larger, if jumps are as said
   * above. Never less than the gap to completeness, which is a lower bound. 0/0 is 0; NaN where a score is not finite.
   */
  get error(): number {
    const factor = unresolved(this.#near, this.#far);
    let [size, deviation] = [0, 0];
    for (let i = 0; i < this.#total.length; i++) {
      // What was added and taken out again may leave less than nothing.
      const variance = factor ** 2 * Math.max(0, this.#variance[i]);
      // A score's square is that of the integral and of the error, which would make a map of noise look large.
      size += Math.sqrt(Math.max(0, squared(this.#total[i]) - variance));
      deviation += Math.sqrt(variance);
    }
    const spread = MEAN + SPREAD / Math.sqrt(this.#freedom);
    const estimate = Math.max(spread * deviation, this.#missing);
    return estimate === 0 ? 0 : estimate / size;
  }

  get #missing(): number {
    return Math.max(Math.abs(this.#gap), Math.sqrt(Math.max(0, this.#gapSquares)));
  }

  /** ν = (Σ|p|²)² / Σ(p·q)²: of 1 all parts are parallel, and their sum strays far; of many it hardly strays. */
  get #freedom(): number {
    let [trace, squares] = [0, 0];
    for (let i = 0; i < FOLDED; i++) trace += this.#gram[i * FOLDED + i];
    for (const v of this.#gram) squares += squared(v);
    return squares > 0 ? Math.max(1, squared(trace) / squares) : 1;
  }
}

/** Of the error left after halving a cell, squared, this much is gone. */
const GAINED = 0.75;

/** The share of the squared error that is refined at once where much is to be gained. */
const AT_ONCE = 0.5;

/**
 * The cells to be halved next: those with the largest errors, until enough is expected to be gained to bring `error` down to
 * `target`, but no more than carry half of the squared error, and no more than `most`.
 */
export function worstOf<C extends Cell>(cells: readonly C[], error: number, target: number, most: number): C[] {
  const ranked = cells
    .map((cell) => ({ cell, weight: squared(Math.max(cell.deviation, Math.abs(cell.gap))) }))
    .sort((a, b) => b.weight - a.weight || a.cell.from - b.cell.from);
  const all = ranked.reduce((total, { weight }) => total + weight, 0);
  const wanted = all * Math.min(AT_ONCE, (1 - squared(target / error)) / GAINED);
  const chosen: C[] = [];
  let reached = 0;
  for (const { cell, weight } of ranked) {
    if (chosen.length >= most || (chosen.length > 0 && reached >= wanted)) break;
    chosen.push(cell);
    reached += weight;
  }
  return chosen;
}
