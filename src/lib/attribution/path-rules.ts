/** @file Two rules for the integral over the path, each as cells that can be halved. */
import type { Question } from './types.ts';
import { folding, type Cell, type Measure } from './path-error.ts';
import { placesOnPath, segmentsOfPath, type Place, type Segment } from './path-terms.ts';

export type PathRuleName = 'gradients' | 'segments';

/** A rule over one path. Cells are its own and carry what halving them reuses. */
export interface PathRule<C extends Cell = Cell> {
  readonly name: PathRuleName;
  /** Passes that the first cells take. */
  readonly first: number;
  /** Passes that halving a cell takes. */
  readonly halving: number;
  start(): Promise<C[]>;
  /** Both halves of each of `cells`. */
  halve(cells: readonly C[]): Promise<C[]>;
}

interface GradientCell extends Cell {
  /** At the ends and at the quarters between. */
  readonly places: readonly Place[];
}

const QUARTERS = [0, 0.25, 0.5, 0.75, 1] as const;

/**
 * At the baseline itself many ReLUs may lie on their kinks, as where it is black and nothing is added to it; the integral
 * sees the gradient just behind it.
 */
const BEHIND_BASELINE = 2 ** -13;

/**
 * The gradient at five places of each cell, all of which its halves use again. Over the cell stands either Simpson's rule,
 * with its distance to Simpson's rule of half as many places for an error, or the trapezoid rule with the error that jumps
 * give it, whichever has the smaller one: smooth networks take the first, networks of kinks the second.
 */
export function gradientRule(question: Question): PathRule<GradientCell> {
  const fold = folding(question.x.data.length);
  const at = async (alphas: readonly number[]): Promise<Place[]> => {
    const places = await placesOnPath(
      question,
      alphas.map((alpha) => Math.max(alpha, BEHIND_BASELINE)),
    );
    return places.map(({ slope, value }, i) => ({
      slope,
      value: value + Math.min(0, alphas[i] - BEHIND_BASELINE) * total(slope),
    }));
  };
  const cellOf = (from: number, to: number, places: readonly Place[]): GradientCell => ({
    from,
    to,
    places,
    ...measured(places, (to - from) / 4, fold),
  });
  return {
    name: 'gradients',
    first: 9,
    halving: 4,
    async start() {
      const places = await at(Array.from({ length: 9 }, (_, k) => k / 8));
      return [cellOf(0, 0.5, places.slice(0, 5)), cellOf(0.5, 1, places.slice(4))];
    },
    async halve(cells) {
      const fresh = await at(
        cells.flatMap(({ from, to }) => QUARTERS.slice(1).map((q) => from + (q - 0.125) * (to - from))),
      );
      return cells.flatMap(({ from, to, places: [a, b, c, d, e] }, i) => {
        const [ab, bc, cd, de] = fresh.slice(4 * i, 4 * i + 4);
        const middle = (from + to) / 2;
        return [cellOf(from, middle, [a, ab, b, bc, c]), cellOf(middle, to, [c, cd, d, de, e])];
      });
    },
  };
}

type Fold = ReturnType<typeof folding>;

/** `h`: from place to place. */
function measured(places: readonly Place[], h: number, fold: Fold): Omit<Cell, 'from' | 'to'> {
  const [a, b, c, d, e] = places.map(({ slope }) => slope);
  const difference = (i: number): number => (h / 3) * (a[i] - 4 * b[i] + 6 * c[i] - 4 * d[i] + e[i]);
  const jumps = [
    (i: number): number => (h / Math.sqrt(12)) * (b[i] - a[i]),
    (i: number): number => (h / Math.sqrt(12)) * (c[i] - b[i]),
    (i: number): number => (h / Math.sqrt(12)) * (d[i] - c[i]),
    (i: number): number => (h / Math.sqrt(12)) * (e[i] - d[i]),
  ];
  const simpson = (): Measure => ({
    integral: a.map((_, i) => (h / 3) * (a[i] + 4 * b[i] + 2 * c[i] + 4 * d[i] + e[i])),
    deviation: a.map((_, i) => Math.abs(difference(i))),
  });
  const trapezoid = (): Measure => ({
    integral: a.map((_, i) => (h / 2) * (a[i] + 2 * b[i] + 2 * c[i] + 2 * d[i] + e[i])),
    deviation: a.map((_, i) => Math.sqrt(jumps.reduce((total, jump) => total + jump(i) ** 2, 0))),
  });
  const [smooth, kinked] = [simpson(), trapezoid()];
  const change = places[4].value - places[0].value;
  const of = ({ integral, deviation }: Measure) => ({ deviation: total(deviation), gap: total(integral) - change });
  return total(smooth.deviation) <= total(kinked.deviation)
    ? { measure: simpson, parts: [fold(difference)], ...of(smooth) }
    : { measure: trapezoid, parts: jumps.map(fold), ...of(kinked) };
}

interface SegmentCell extends Cell {
  readonly halves: readonly [Float32Array, Float32Array];
}

/**
 * DeepLIFT's scores over each half of a cell; their distance to its scores over the whole cell stands for the error. Their
 * sum is exact however long the segments are.
 */
export function segmentRule(question: Question): PathRule<SegmentCell> {
  const fold = folding(question.x.data.length);
  const cellOf = ({ from, to }: Segment, whole: Float32Array, halves: SegmentCell['halves']): SegmentCell => {
    const difference = (i: number): number => whole[i] - halves[0][i] - halves[1][i];
    const measure = (): Measure => ({
      integral: whole.map((_, i) => halves[0][i] + halves[1][i]),
      deviation: whole.map((_, i) => Math.abs(difference(i))),
    });
    return { from, to, halves, measure, parts: [fold(difference)], deviation: total(measure().deviation), gap: 0 };
  };
  return {
    name: 'segments',
    first: 12,
    halving: 8,
    async start() {
      const halves = halvesOf({ from: 0, to: 1 });
      const [first, second, a, b, c, d] = await segmentsOfPath(question, [...halves, ...halves.flatMap(halvesOf)]);
      return [cellOf(halves[0], first, [a, b]), cellOf(halves[1], second, [c, d])];
    },
    async halve(cells) {
      const halves = cells.flatMap(halvesOf);
      const quarters = await segmentsOfPath(question, halves.flatMap(halvesOf));
      return halves.map((half, i) => cellOf(half, cells[i >> 1].halves[i & 1], [quarters[2 * i], quarters[2 * i + 1]]));
    },
  };
}

const halvesOf = ({ from, to }: Segment): Segment[] => {
  const middle = (from + to) / 2;
  return [
    { from, to: middle },
    { from: middle, to },
  ];
};

function total(values: Float32Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum;
}
