/** @file The numbers behind the plots of signals, as tables for spreadsheets. */
import type { HealthReport, Histogram, WeightSummary } from '../worker/api.ts';
import { gradientMark, referenceNorm } from './signal-findings.ts';
import { type CsvCell, table } from './table-csv.ts';

/** One line for each layer, from the input to the output. */
export function layersCsv({ layers }: HealthReport): string {
  const reference = referenceNorm(layers);
  const head =
    'layer,op,shape,channels,min,mean,deviation,max,elements,non_finite,zeros,silent_channels,saturated,saturation_rule,gradient_norm,gradient_mark';
  const rows = layers.map((l) => [
    l.layer.id,
    l.layer.op,
    l.layer.shape.join('×'),
    l.layer.channels,
    l.min,
    l.mean,
    l.deviation,
    l.max,
    l.elements,
    l.nonFinite,
    l.zeros,
    l.dead,
    l.saturated,
    l.saturation,
    l.gradientNorm,
    gradientMark(l, reference),
  ]);
  return table(head, rows);
}

export function weightsCsv(weights: readonly WeightSummary[]): string {
  const rows = weights.map(({ info, statistics: s, deviation, spectralNorm }) => [
    info.id,
    info.op,
    info.layer,
    info.shape.join('×'),
    s.min,
    s.mean,
    deviation,
    s.max,
    s.zeros,
    s.nonFinite,
    spectralNorm,
  ]);
  return table('weight,op,layer,shape,min,mean,deviation,max,zeros,non_finite,spectral_norm', rows);
}

/** One line for each bin: [from, to) and how many numbers lie in it. */
export function histogramsCsv({ layers }: HealthReport, weights: readonly WeightSummary[]): string {
  const rows = [
    ...layers.flatMap(({ layer, histogram }) => binsOf('activation', layer.id, histogram)),
    ...weights.flatMap(({ info, histogram }) => binsOf('weight', info.id, histogram)),
  ];
  return table('of,name,from,to,count', rows);
}

function binsOf(of: string, name: string, { from, to, counts }: Histogram): CsvCell[][] {
  const width = (to - from) / counts.length;
  return counts.map((n, i) => [of, name, from + i * width, from + (i + 1) * width, n]);
}
