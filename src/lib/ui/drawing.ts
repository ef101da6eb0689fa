/** @file From a result and the overlay's controls to what the heatmap layer draws and the legend shows. */
import type { AttributionResult } from '../state/workspace.svelte.ts';
import type { Overlay } from '../state/overlay.svelte.ts';
import { type ColourMap, colourMap } from '../render/colour-maps.ts';
import { type Scale, scaleAt } from '../render/scale.ts';
import type { MapStatistics } from '../tensor/map-statistics.ts';

export interface Drawing {
  readonly statistics: MapStatistics;
  readonly scale: Scale;
  readonly colours: ColourMap;
  /** Whether the scores have a sign that means something. */
  readonly signed: boolean;
  readonly sign: Overlay['sign'];
}

export function drawingOf({ statistics }: AttributionResult, overlay: Overlay, methodSigned: boolean): Drawing {
  const signed = methodSigned || statistics.min < 0;
  const sign = signed ? overlay.sign : 'all';
  const colours = colourMap(signed && sign !== 'absolute' ? overlay.diverging : overlay.sequential);
  return { statistics, scale: scaleAt(statistics, overlay.percentile), colours, signed, sign };
}

/** Ends of the legend: the values, and which part 0…1 of the colour map lies between them. */
export function legendOf({ scale, colours, sign }: Drawing): { low: number; high: number; from: number; to: number } {
  const { limit } = scale;
  if (colours.kind === 'sequential') return { low: 0, high: limit, from: 0, to: 1 };
  if (sign === 'positive') return { low: 0, high: limit, from: 0.5, to: 1 };
  if (sign === 'negative') return { low: -limit, high: 0, from: 0, to: 0.5 };
  return { low: -limit, high: limit, from: 0, to: 1 };
}
