/** @file Curves of metrics as paths in a box of 100 × 100. */
import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { Judgement } from '../state/metrics.svelte.ts';

type Curve = NonNullable<Judgement['curves']>[number];

export interface Plot {
  /** Ends of the axis that y runs over; zero lies in it. */
  readonly low: number;
  readonly high: number;
  readonly lines: readonly string[];
  /** Between the only curve and zero; between the two where there are two. */
  readonly area: string;
}

/** x runs from 0 to 1. */
export function plotOf(curves: readonly Curve[]): Plot {
  const heights = curves.flatMap(({ y }) => y);
  const [low, high] = [Math.min(0, ...heights), Math.max(0, ...heights)];
  const x = scaleLinear([0, 1], [0, 100]);
  const y = scaleLinear([low, high === low ? low + 1 : high], [100, 0]);
  const pointsOf = (curve: Curve) => curve.x.map((at, i): [number, number] => [x(at), y(curve.y[i])]);
  const draw = line();
  const [first, second] = curves;
  const filled = area<[number, number]>(
    ([left]) => left,
    (_, i) => (second ? y(second.y[i]) : y(0)),
    ([, top]) => top,
  );
  return {
    low,
    high,
    lines: curves.map((curve) => draw(pointsOf(curve)) ?? ''),
    area: first ? (filled(pointsOf(first)) ?? '') : '',
  };
}
