/** @file Two rules for the integral over the path, each as cells that can be halved. */
import type { Question } from './types.ts';
import { combined, folding, type Cell, type Measure } from './path-error.ts';
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

interface FoldedPlace extends Place {
  readonly folded: Float64Array;
}

type Five = readonly [FoldedPlace, FoldedPlace, FoldedPlace, FoldedPlace, FoldedPlace];

interface GradientCell extends Cell {
  /** At the ends and at the quarters between. */
  readonly places: Five;
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
  const placesAt = async (alphas: readonly number[]): Promise<FoldedPlace[]> =>
    (await placesOnPath(question, alphas)).map((place) => ({ ...place, folded: fold(place.slope) }));
  const cellOf = (from: number, to: number, places: Five): GradientCell => ({
    from,
    to,
    places,
    ...measured(places, (to - from) / 4, from === START ? START : 0),
  });
  return {
    name: 'gradients',
    first: 9,
    halving: 4,
    async start() {
      const at = Array.from({ length: 9 }, (_, k) => START + ((1 - START) * k) / 8);
      const [a, b, c, d, e, f, g, h, i] = await placesAt(at);
      return [cellOf(START, at[4], [a, b, c, d, e]), cellOf(at[4], 1, [e, f, g, h, i])];
    },
    async halve(cells) {
      const fresh = await placesAt(cells.flatMap(({ from, to }) => EIGHTHS.map((k) => from + k * (to - from))));
      return cells.flatMap(({ from, to, places: [a, b, c, d, e] }, i) => {
        const [ab, bc, cd, de] = fresh.slice(4 * i, 4 * i + 4);
        const middle = (from + to) / 2;
        return [cellOf(from, middle, [a, ab, b, bc, c]), cellOf(middle, to, [c, cd, d, de, e])];
      });
    },
  };
}

/** `h`: from place to place; `before`: how much of the path has the first place's gradient. */
function measured(places: Five, h: number, before: number): Omit<Cell, 'from' | 'to'> {
  const [a, b, c, d, e] = places.map(({ slope }) => slope);
  const jump = h / Math.sqrt(12);
  // Σ over the elements, all in one walk: the arrays are long.
  let [simpson, trapezoid, bySimpson, byTrapezoid, near, far] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const ab = b[i] - a[i];
    const bc = c[i] - b[i];
    const cd = d[i] - c[i];
    const de = e[i] - d[i];
    const squares = ab * ab + bc * bc + cd * cd + de * de;
    simpson += a[i] + 4 * b[i] + 2 * c[i] + 4 * d[i] + e[i];
    trapezoid += a[i] + 2 * (b[i] + c[i] + d[i]) + e[i];
    bySimpson += Math.abs(3 * (bc - cd) - ab + de);
    byTrapezoid += Math.sqrt(squares);
    near += squares / 4;
    far += ((ab + bc) * (ab + bc) + (cd + de) * (cd + de)) / 2;
  }
  const change = places[4].value - places[0].value;
  if ((h / 3) * bySimpson <= jump * byTrapezoid)
    return {
      measure: () => bySimpsonsRule(places, h, before),
      parts: [combined(...SECOND.map((factor, k) => [(factor * h) / 3, places[k].folded] as const))],
      deviation: (h / 3) * bySimpson,
      steps: [0, 0],
      gap: (h / 3) * simpson - change,
    };
  return {
    measure: () => byTrapezoidRule(places, h, before),
    parts: places.slice(1).map(({ folded }, k) => combined([jump, folded], [-jump, places[k].folded])),
    deviation: jump * byTrapezoid,
    steps: [h ** 2 * near, h ** 2 * far],
    gap: (h / 2) * trapezoid - change,
  };
}

/** Simpson's rule of three places less that of five, in h/3. */
const SECOND = [1, -4, 6, -4, 1] as const;

function bySimpsonsRule(places: Five, h: number, before: number): Measure {
  const [a, b, c, d, e] = places.map(({ slope }) => slope);
  const [integral, deviation] = [new Float32Array(a.length), new Float32Array(a.length)];
  for (let i = 0; i < a.length; i++) {
    integral[i] = before * a[i] + (h / 3) * (a[i] + 4 * b[i] + 2 * c[i] + 4 * d[i] + e[i]);
    deviation[i] = (h / 3) * Math.abs(a[i] - 4 * b[i] + 6 * c[i] - 4 * d[i] + e[i]);
  }
  return { integral, deviation };
}

function byTrapezoidRule(places: Five, h: number, before: number): Measure {
  const [a, b, c, d, e] = places.map(({ slope }) => slope);
  const [integral, deviation] = [new Float32Array(a.length), new Float32Array(a.length)];
  for (let i = 0; i < a.length; i++) {
    const ab = b[i] - a[i];
    const bc = c[i] - b[i];
    const cd = d[i] - c[i];
    const de = e[i] - d[i];
    integral[i] = before * a[i] + (h / 2) * (a[i] + 2 * (b[i] + c[i] + d[i]) + e[i]);
    deviation[i] = h * Math.sqrt((ab * ab + bc * bc + cd * cd + de * de) / 12);
  }
  return { integral, deviation };
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
    const measure = (): Measure => {
      const [integral, deviation] = [new Float32Array(whole.length), new Float32Array(whole.length)];
      for (let i = 0; i < whole.length; i++) {
        integral[i] = halves[0][i] + halves[1][i];
        deviation[i] = Math.abs(whole[i] - integral[i]);
      }
      return { integral, deviation };
    };
    const { integral, deviation } = measure();
    const parts = [combined([1, fold(whole)], [-1, fold(integral)])];
    return { from, to, halves, measure, parts, steps: [0, 0], deviation: total(deviation), gap: 0 };
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
