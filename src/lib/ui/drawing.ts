/** @file From a result and the overlay's controls to what the heatmap layer draws and the legend shows. */
import type { AttributionResult } from '../state/workspace.svelte.ts';
import type { Overlay } from '../state/overlay.svelte.ts';
import { type ColourMap, colourMap } from '../render/colour-maps.ts';
import { type MapStatistics, type Scale, scaleAt, statisticsOf } from '../render/scale.ts';
import type { FloatTensor } from '../tensor/tensor.ts';

export interface Drawing {
  readonly statistics: MapStatistics;
  readonly scale: Scale;
  readonly colours: ColourMap;
  /** Whether the scores have a sign that means something. */
  readonly signed: boolean;
  readonly sign: Overlay['sign'];
}

const known = new WeakMap<AttributionResult, MapStatistics>();

/** Images that are explained together are drawn on one scale, so that their maps can be compared. */
function wholeMap({ map, others = [] }: AttributionResult): FloatTensor {
  if (others.length === 0) return map;
  const maps = [map, ...others.map((other) => other.map)];
  const data = new Float32Array(maps.reduce((n, one) => n + one.data.length, 0));
  maps.reduce((at, one) => {
    data.set(one.data, at);
    return at + one.data.length;
  }, 0);
  return { ...map, shape: [data.length], data };
}

/** Sorting the scores is the only work that grows with the map; it is done once a result. */
function statistics(result: AttributionResult): MapStatistics {
  const found = known.get(result) ?? statisticsOf(wholeMap(result));
  known.set(result, found);
  return found;
}

export function drawingOf(result: AttributionResult, overlay: Overlay, methodSigned: boolean): Drawing {
  const stats = statistics(result);
  const signed = methodSigned || stats.min < 0;
  const sign = signed ? overlay.sign : 'all';
  const colours = colourMap(signed && sign !== 'absolute' ? overlay.diverging : overlay.sequential);
  return { statistics: stats, scale: scaleAt(stats, overlay.percentile), colours, signed, sign };
}

/** Ends of the legend: the values, and which part 0…1 of the colour map lies between them. */
export function legendOf({ scale, colours, sign }: Drawing): { low: number; high: number; from: number; to: number } {
  const { limit } = scale;
  if (colours.kind === 'sequential') return { low: 0, high: limit, from: 0, to: 1 };
  if (sign === 'positive') return { low: 0, high: limit, from: 0.5, to: 1 };
  if (sign === 'negative') return { low: -limit, high: 0, from: 0, to: 0.5 };
  return { low: -limit, high: limit, from: 0, to: 1 };
}
