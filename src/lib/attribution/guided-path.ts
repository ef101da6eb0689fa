/** @file The path of Guided Integrated Gradients: how far each element has come from x′ to x, and who goes on first. */

export interface Course {
  /** Of all elements, the share whose slopes are the smallest and that move together. */
  readonly fraction: number;
  /** How far an element may be ahead of the straight line or behind it, as a share of its way. */
  readonly maxDistance: number;
  /** Points of the straight line that the path passes, evenly spaced between its ends. */
  readonly anchors: number;
}

/** What a step aims at, as shares of the way. */
interface Stage {
  /** Where the elements are to be on average, each weighted by the length of its way. */
  readonly mean: number;
  /** Where every element has to be at least, and can be at most. */
  readonly low: number;
  readonly high: number;
}

export interface GuidedPath {
  /** Of each element the share of its way that is done: 0 at x′, 1 at x. */
  readonly done: Float64Array;
  /** Takes step `k` of `steps` by the gradient at the present point; returns what each element has moved by, as a share of its way. */
  step(k: number, gradient: ArrayLike<number>): Float64Array;
}

/** `ways`: |xᵢ − x′ᵢ|. The path starts at x′ and is at x after `steps` steps. */
export function guidedPath(ways: Float64Array, steps: number, course: Course): GuidedPath {
  const done = new Float64Array(ways.length);
  const total = ways.reduce((sum, way) => sum + way, 0);
  return {
    done,
    step(k, gradient) {
      const before = done.slice();
      const stage = stageOf(k, steps, course);
      done.forEach((share, i) => (done[i] = Math.max(share, stage.low)));
      const behind = ways.reduce((sum, way, i) => sum + way * (stage.mean - done[i]), 0);
      if (behind > ROUNDING * total) catchUp({ ways, done, gradient, stage, behind }, course.fraction);
      return done.map((share, i) => share - before[i]);
    },
  };
}

/** Of the length of the whole way: nearer to its aim a step has arrived. */
const ROUNDING = 1e-12;

/** Anchors lie on steps, the nearest ones, so that the path is really there. */
function stageOf(k: number, steps: number, { maxDistance, anchors }: Course): Stage {
  const anchored = Array.from({ length: anchors + 2 }, (_, j) => Math.round((j * steps) / (anchors + 1)));
  const [before, after] = [anchored.findLast((at) => at <= k)!, anchored.find((at) => at > k)!];
  const mean = (k + 1) / steps;
  return { mean, low: Math.max(mean - maxDistance, before / steps), high: Math.min(mean + maxDistance, after / steps) };
}

interface Move {
  readonly ways: Float64Array;
  readonly done: Float64Array;
  readonly gradient: ArrayLike<number>;
  readonly stage: Stage;
  /** Σ of the ways that are still to go in this step. */
  readonly behind: number;
}

/**
 * Moves elements to `high`, in groups from the smallest slope up, until the step has come as far as it should; the last
 * group goes only part of the way. Slopes that are no numbers come last.
 */
function catchUp({ ways, done, gradient, stage: { high }, behind }: Move, fraction: number): void {
  const { movable, slopes } = movableOf({ ways, done, gradient, high });
  const sorted = slopes.slice().sort();
  const groupSize = Math.floor(fraction * (ways.length - 1)) + 1;
  let [left, moved, above] = [behind, 0, -1];
  while (left > 0 && moved < sorted.length) {
    const most = sorted[Math.min(moved + groupSize, sorted.length) - 1];
    const group = movable.filter((_, m) => slopes[m] > above && slopes[m] <= most);
    const reach = group.reduce((sum, i) => sum + ways[i] * (high - done[i]), 0);
    const part = left / reach;
    group.forEach((i) => (done[i] = part < 1 ? done[i] + part * (high - done[i]) : high));
    [left, moved, above] = [left - reach, moved + group.length, most];
  }
}

/** The elements that can move, and their slopes. Loops over what may be a million elements: twice as fast as `from` and `map`. */
function movableOf({ ways, done, gradient, high }: Omit<Move, 'stage' | 'behind'> & { readonly high: number }) {
  const [movable, slopes] = [new Uint32Array(ways.length), new Float32Array(ways.length)];
  let count = 0;
  for (let i = 0; i < ways.length; i++) {
    if (ways[i] === 0 || done[i] >= high) continue;
    slopes[count] = Number.isNaN(gradient[i]) ? Infinity : Math.abs(gradient[i]);
    movable[count++] = i;
  }
  return { movable: movable.subarray(0, count), slopes: slopes.subarray(0, count) };
}
