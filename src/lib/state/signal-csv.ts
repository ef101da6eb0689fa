/** @file The numbers behind the plots of signals, as tables for spreadsheets. */
import type { HealthReport, Histogram, WeightSummary } from '../worker/api.ts';
import { gradientMark, referenceNorm } from './signal-findings.ts';

type Cell = string | number | null;

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

function binsOf(of: string, name: string, { from, to, counts }: Histogram): Cell[][] {
  const width = (to - from) / counts.length;
  return counts.map((n, i) => [of, name, from + i * width, from + (i + 1) * width, n]);
}

const table = (head: string, rows: readonly (readonly Cell[])[]): string =>
  [head, ...rows.map((row) => row.map(cell).join(','))].join('\r\n') + '\r\n';

/** Text in quotes; names come from the model's file, and none may be taken for a formula. */
function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
