/** @file Counts of numbers whose range is not known beforehand. */

/** Bins on either side of zero. */
const HALF = 64;

export interface Histogram {
  /** Outer ends of the first and the last bin; the bins are equally wide, and zero is the edge between the middle two. */
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/**
 * Counts in equal bins around zero. When a number lies beyond them, each bin takes in its neighbour and so becomes twice as
 * wide: every count stays exact, and nothing is read twice. NaN and ∞ are counted apart.
 */
export class Counter {
  #counts = new Float64Array(2 * HALF);
  /** The width of a bin is a power of two, so that halving the bins splits no number. */
  #width = 0;
  #nonFinite = 0;

  get nonFinite(): number {
    return this.#nonFinite;
  }

  add(values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) {
      const v = values[i];
      if (Number.isFinite(v)) this.#count(v);
      else this.#nonFinite++;
    }
  }

  /** Without the empty bins at both ends. */
  histogram(): Histogram {
    const counts = Array.from(this.#counts);
    const first = counts.findIndex((n) => n > 0);
    if (first === -1) return { from: 0, to: 0, counts: [] };
    const end = counts.findLastIndex((n) => n > 0) + 1;
    const width = this.#width || 1;
    return { from: (first - HALF) * width, to: (end - HALF) * width, counts: counts.slice(first, end) };
  }

  #count(v: number): void {
    if (this.#width === 0) {
      if (v === 0) {
        this.#counts[HALF]++;
        return;
      }
      this.#width = 2 ** (Math.floor(Math.log2(Math.abs(v))) - Math.log2(HALF) + 1);
    }
    let bin = Math.floor(v / this.#width);
    while (bin < -HALF || bin >= HALF) {
      this.#widen();
      bin = Math.floor(v / this.#width);
    }
    this.#counts[bin + HALF]++;
  }

  #widen(): void {
    const wider = new Float64Array(2 * HALF);
    for (let i = 0; i < 2 * HALF; i++) wider[((i - HALF) >> 1) + HALF] += this.#counts[i];
    this.#counts = wider;
    this.#width *= 2;
  }
}
