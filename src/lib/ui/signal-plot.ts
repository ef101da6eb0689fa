/** @file Plots of signals: outlines of histograms and the axis of gradient norms, in percent of their box. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { area, curveStepAfter } from 'd3-shape';
import type { LayerHealth } from '../state/signals.svelte.ts';

type Histogram = LayerHealth['histogram'];

/** The numbers that an axis runs over. */
export type Range = readonly [number, number];

export const rangeOf = ({ from, to }: Histogram): Range => [from, to];

/** What all of them lie in. */
export function sharedRange(histograms: readonly Histogram[]): Range {
  const filled = histograms.filter(({ counts }) => counts.length > 0);
  return [Math.min(0, ...filled.map(({ from }) => from)), Math.max(0, ...filled.map(({ to }) => to))];
}

/** Outline of a histogram as a path in a box of 100 × 100; '' without numbers. `logarithmic`: heights are log(1 + count). */
export function ridge({ from, to, counts }: Histogram, axis: Range, logarithmic: boolean): string {
  if (counts.length === 0) return '';
  const x = scaleLinear([...axis], [0, 100]);
  const height = logarithmic ? Math.log1p : Number;
  const y = scaleLinear([0, Math.max(...counts.map(height))], [100, 4]);
  const width = (to - from) / counts.length;
  // The last bin ends where a further one would begin.
  const steps = [...counts, counts[counts.length - 1]];
  const outline = area<number>(
    (_, i) => x(from + i * width),
    100,
    (n) => y(height(n)),
  ).curve(curveStepAfter);
  return outline(steps) ?? '';
}

export interface NormAxis {
  /** Percent from the left, of a norm above zero. */
  readonly at: (norm: number) => number;
  readonly ticks: readonly { readonly power: number; readonly at: number }[];
}

/** A logarithmic axis that all norms and `reference` fit on; null without a norm above zero. */
export function normAxis(layers: readonly LayerHealth[], reference: number | null): NormAxis | null {
  const norms = [...layers.map(({ gradientNorm }) => gradientNorm), reference].filter(
    (norm): norm is number => norm !== null && norm > 0 && Number.isFinite(norm),
  );
  if (norms.length === 0) return null;
  const powers = norms.map(Math.log10);
  const [low, high] = [Math.floor(Math.min(...powers)), Math.ceil(Math.max(...powers))];
  const scale = scaleLog([10 ** low, 10 ** Math.max(high, low + 1)], [4, 96]);
  const step = Math.max(1, Math.ceil((high - low) / 4));
  const ticks = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step).map((power) => ({
    power,
    at: scale(10 ** power),
  }));
  return { at: scale, ticks };
}
