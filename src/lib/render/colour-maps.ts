/**
 * @file Colour maps, drawn in OKLab so that equal steps of the value look equally large. Sequential maps rise in
 * lightness without a turn; diverging maps are symmetric in lightness about a neutral middle that stands for zero, and
 * their two hues stay apart for every common kind of colour blindness (tests/render/colour-maps.test.ts).
 */
import { oklchToBytes, type Triple } from './oklab.ts';

export type ColourMapKind = 'sequential' | 'diverging';

export interface ColourMap {
  readonly id: string;
  readonly title: string;
  readonly kind: ColourMapKind;
  /** 256 RGBA entries: 0 → the maximum, or −maximum → 0 → +maximum. */
  readonly colours: Uint8Array;
}

/** A point on a map's way: position 0…1, lightness, chroma, hue in degrees. */
type Stop = readonly [at: number, lightness: number, chroma: number, hue: number];

const ENTRIES = 256;

function between(stops: readonly Stop[], at: number): [number, number, number] {
  const next = Math.max(
    1,
    stops.findIndex((stop) => stop[0] >= at),
  );
  const [a, b] = [stops[next - 1], stops[next]];
  const t = (at - a[0]) / (b[0] - a[0]);
  return [a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2]), a[3] + t * (b[3] - a[3])];
}

/** One of a map's 256 entries, as sRGB bytes. */
type Painter = (entry: number) => Triple;

const painters = new WeakMap<ColourMap, Painter>();

/** Painted when first looked at: all of them take 20 ms on a slow machine, and most people look at two. */
function colourMapOf(id: string, title: string, kind: ColourMapKind, painter: Painter): ColourMap {
  let colours: Uint8Array | null = null;
  const map: ColourMap = {
    id,
    title,
    kind,
    get colours() {
      return (colours ??= Uint8Array.from(Array.from({ length: ENTRIES }, (_, i) => [...painter(i), 255]).flat()));
    },
  };
  painters.set(map, painter);
  return map;
}

const sequential = (id: string, title: string, stops: readonly Stop[]): ColourMap =>
  colourMapOf(id, title, 'sequential', (entry) => oklchToBytes(...between(stops, entry / (ENTRIES - 1))));

/** Two arms from a common middle; entries 127 and 128 lie half a step on either side of zero. */
function diverging(id: string, title: string, negative: readonly Stop[], positive: readonly Stop[]): ColourMap {
  const strength = (entry: number): number => Math.abs(2 * entry - (ENTRIES - 1)) / (ENTRIES - 1);
  return colourMapOf(id, title, 'diverging', (entry) =>
    oklchToBytes(...between(entry < ENTRIES / 2 ? negative : positive, strength(entry))),
  );
}

export const colourMaps: readonly ColourMap[] = [
  diverging(
    'tide',
    'Tide (blue, orange)',
    [
      [0, 0.97, 0.004, 250],
      [0.4, 0.74, 0.13, 246],
      [1, 0.48, 0.2, 256],
    ],
    [
      [0, 0.97, 0.004, 60],
      [0.4, 0.74, 0.16, 56],
      [1, 0.48, 0.2, 38],
    ],
  ),
  diverging(
    'night',
    'Night (blue, amber on black)',
    [
      [0, 0.14, 0.004, 250],
      [0.5, 0.5, 0.15, 252],
      [1, 0.84, 0.1, 225],
    ],
    [
      [0, 0.14, 0.004, 60],
      [0.5, 0.5, 0.13, 50],
      [1, 0.84, 0.16, 82],
    ],
  ),
  diverging(
    'iris',
    'Iris (violet, green)',
    [
      [0, 0.97, 0.004, 310],
      [0.5, 0.75, 0.11, 308],
      [1, 0.42, 0.17, 305],
    ],
    [
      [0, 0.97, 0.004, 140],
      [0.5, 0.75, 0.15, 136],
      [1, 0.42, 0.13, 142],
    ],
  ),
  sequential('ember', 'Ember (black, red, cream)', [
    [0, 0.1, 0.02, 300],
    [0.3, 0.36, 0.15, 350],
    [0.6, 0.62, 0.2, 394],
    [0.82, 0.81, 0.16, 430],
    [1, 0.97, 0.06, 460],
  ]),
  sequential('lagoon', 'Lagoon (indigo, teal, yellow)', [
    [0, 0.16, 0.07, 285],
    [0.35, 0.44, 0.11, 245],
    [0.65, 0.68, 0.13, 170],
    [1, 0.95, 0.16, 105],
  ]),
  sequential('grey', 'Grey', [
    [0, 0.1, 0, 0],
    [1, 0.99, 0, 0],
  ]),
];

/** Whether it is one of `colourMaps` itself and no copy. */
export const isColourMap = (value: object): value is ColourMap => painters.has(value as ColourMap);

/** Throws a RangeError when no map has this id. */
export function colourMap(id: string): ColourMap {
  const found = colourMaps.find((map) => map.id === id);
  if (!found) throw new RangeError(`unknown colour map "${id}". Known: ${colourMaps.map((map) => map.id).join(', ')}`);
  return found;
}

/** CSS colours of one of `colourMaps` at `count` even steps, for the legend. */
export function cssStops(map: ColourMap, count = 17, from = 0, to = 1): string[] {
  const painter = painters.get(map)!;
  return Array.from({ length: count }, (_, i) => {
    const entry = Math.round((from + (i / (count - 1)) * (to - from)) * (ENTRIES - 1));
    return `rgb(${painter(entry).join(' ')})`;
  });
}
