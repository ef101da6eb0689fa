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

/** Where the halves of a cell have points that it has not. */
const EIGHTHS = [0.125, 0.375, 0.625, 0.875] as const;

/**
 * At the baseline itself many ReLUs may lie on their kinks, as where it is black and nothing is added to it; the integral
 * sees the gradient just behind it. Points begin here, and what lies before has the first one's gradient.
 */
const START = 2 ** -13;

/**
 * The gradient at five places of each cell, all of which its halves use again. Over the cell stands either Simpson's rule,
 * with its distance to Simpson's rule of half as many places for an error, or the trapezoid rule with the error that jumps
 * give it, whichever has the smaller one: smooth networks take the first, networks of kinks the second.
 */
export function gradientRule(question: Question): PathRule<GradientCell> {
  const fold = folding(question.x.data.length);
  const cellOf = (from: number, to: number, places: readonly Place[]): GradientCell => ({
    from,
    to,
    places,
    ...measured(places, (to - from) / 4, from === START ? START : 0, fold),
  });
  return {
    name: 'gradients',
    first: 9,
    halving: 4,
    async start() {
      const at = Array.from({ length: 9 }, (_, k) => START + ((1 - START) * k) / 8);
      const places = await placesOnPath(question, at);
      return [cellOf(START, at[4], places.slice(0, 5)), cellOf(at[4], 1, places.slice(4))];
    },
    async halve(cells) {
      const between = cells.flatMap(({ from, to }) => EIGHTHS.map((k) => from + k * (to - from)));
      const fresh = await placesOnPath(question, between);
      return cells.flatMap(({ from, to, places: [a, b, c, d, e] }, i) => {
        const [ab, bc, cd, de] = fresh.slice(4 * i, 4 * i + 4);
        const middle = (from + to) / 2;
        return [cellOf(from, middle, [a, ab, b, bc, c]), cellOf(middle, to, [c, cd, d, de, e])];
      });
    },
  };
}

type Fold = ReturnType<typeof folding>;

/** `h`: from place to place; `before`: how much of the path has the first place's gradient. */
function measured(places: readonly Place[], h: number, before: number, fold: Fold): Omit<Cell, 'from' | 'to'> {
  const [a, b, c, d, e] = places.map(({ slope }) => slope);
  const difference = (i: number): number => (h / 3) * (a[i] - 4 * b[i] + 6 * c[i] - 4 * d[i] + e[i]);
  const jumps = [
    (i: number): number => (h / Math.sqrt(12)) * (b[i] - a[i]),
    (i: number): number => (h / Math.sqrt(12)) * (c[i] - b[i]),
    (i: number): number => (h / Math.sqrt(12)) * (d[i] - c[i]),
    (i: number): number => (h / Math.sqrt(12)) * (e[i] - d[i]),
  ];
  const simpson = (): Measure => ({
    integral: a.map((_, i) => before * a[i] + (h / 3) * (a[i] + 4 * b[i] + 2 * c[i] + 4 * d[i] + e[i])),
    deviation: a.map((_, i) => Math.abs(difference(i))),
  });
  const trapezoid = (): Measure => ({
    integral: a.map((_, i) => before * a[i] + (h / 2) * (a[i] + 2 * b[i] + 2 * c[i] + 2 * d[i] + e[i])),
    deviation: a.map((_, i) => Math.sqrt(jumps.reduce((total, jump) => total + jump(i) ** 2, 0))),
  });
  const [smooth, kinked] = [simpson(), trapezoid()];
  const step = (f: Float32Array, g: Float32Array) => h ** 2 * f.reduce((sum, v, i) => sum + (g[i] - v) ** 2, 0);
  const near = (step(a, b) + step(b, c) + step(c, d) + step(d, e)) / 4;
  const far = (step(a, c) + step(c, e)) / 2;
  const change = places[4].value - places[0].value + before * total(a);
  const of = ({ integral, deviation }: Measure) => ({ deviation: total(deviation), gap: total(integral) - change });
  return total(smooth.deviation) <= total(kinked.deviation)
    ? { measure: simpson, parts: [fold(difference)], steps: [0, 0], ...of(smooth) }
    : { measure: trapezoid, parts: jumps.map(fold), steps: [near, far], ...of(kinked) };
}

/** Passes of the first cells of segments. */
export const SEGMENTS_FIRST = 12;

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
    return {
      from,
      to,
      halves,
      measure,
      parts: [fold(difference)],
      steps: [0, 0],
      deviation: total(measure().deviation),
      gap: 0,
    };
  };
  return {
    name: 'segments',
    first: SEGMENTS_FIRST,
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
