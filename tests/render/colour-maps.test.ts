import { describe, expect, it } from 'vitest';
import { colourMap, colourMaps, cssStops, type ColourMap } from '../../src/lib/render/colour-maps.ts';
import { bytesToLinear, linearToOklab, type Triple } from '../../src/lib/render/oklab.ts';

const entry = (map: ColourMap, i: number): Triple => [
  map.colours[4 * i],
  map.colours[4 * i + 1],
  map.colours[4 * i + 2],
];
const lab = (map: ColourMap, i: number, seenBy: Vision = normal): Triple =>
  linearToOklab(seenBy(bytesToLinear(entry(map, i))));
const distance = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const all = Array.from({ length: 256 }, (_, i) => i);

type Vision = (rgb: Triple) => Triple;
const normal: Vision = (rgb) => rgb;

/** Severity-1 matrices of Machado, Oliveira & Fernandes 2009, on linear sRGB. */
const matrices: Record<string, readonly Triple[]> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const clamp = (c: number): number => Math.min(1, Math.max(0, c));
const visions: [string, Vision][] = [
  ['everybody', normal],
  ...Object.entries(matrices).map(([name, rows]): [string, Vision] => [
    name,
    (rgb) => rows.map((row) => clamp(row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2])) as unknown as Triple,
  ]),
];

const sequential = colourMaps.filter((map) => map.kind === 'sequential');
const diverging = colourMaps.filter((map) => map.kind === 'diverging');

describe.each(sequential.map((map) => [map.id, map] as const))('the sequential map %s', (_, map) => {
  it.each(visions)('grows lighter at every tenth of its way for %s', (_, vision) => {
    const lightness = all.filter((i) => i % 25 === 0).map((i) => lab(map, i, vision)[0]);
    for (let i = 1; i < lightness.length; i++) expect(lightness[i]).toBeGreaterThan(lightness[i - 1] + 0.02);
  });

  it('never grows darker by more than a rounding of its bytes', () => {
    for (const i of all.slice(1)) expect(lab(map, i)[0] - lab(map, i - 1)[0]).toBeGreaterThan(-0.004);
  });

  it('has even steps: no tenth of the way looks more than 2.5 times as long as another', () => {
    const length = (from: number): number =>
      all.slice(from, from + 25).reduce((sum, i) => sum + distance(lab(map, i), lab(map, i + 1)), 0);
    const lengths = Array.from({ length: 10 }, (_, i) => length(25 * i));
    expect(Math.max(...lengths) / Math.min(...lengths)).toBeLessThan(2.5);
  });
});

describe.each(diverging.map((map) => [map.id, map] as const))('the diverging map %s', (_, map) => {
  it('is neutral in the middle, on both sides of zero', () => {
    for (const i of [127, 128]) expect(Math.hypot(lab(map, i)[1], lab(map, i)[2])).toBeLessThan(0.01);
  });

  it('gives +v and −v the same lightness', () => {
    for (const i of all) expect(Math.abs(lab(map, i)[0] - lab(map, 255 - i)[0])).toBeLessThan(0.03);
  });

  it.each(visions)('moves away from the neutral middle in each arm for %s', (_, vision) => {
    for (const side of [-1, 1]) {
      const from = [0, 25, 50, 75, 100, 127].map((k) => 127.5 + side * (k + 0.5));
      const away = from.map((i) => distance(lab(map, i, vision), lab(map, 127.5 + side * 0.5, vision)));
      for (let i = 1; i < away.length; i++) expect(away[i]).toBeGreaterThan(away[i - 1]);
    }
  });

  it.each(visions)('keeps its two ends far apart for %s', (_, vision) => {
    expect(distance(lab(map, 0, vision), lab(map, 255, vision))).toBeGreaterThan(0.12);
    expect(distance(lab(map, 64, vision), lab(map, 191, vision))).toBeGreaterThan(0.08);
  });
});

describe('colour maps', () => {
  it('are opaque and have 256 entries', () => {
    for (const map of colourMaps) {
      expect(map.colours.length).toBe(1024);
      expect(all.every((i) => map.colours[4 * i + 3] === 255)).toBe(true);
    }
  });

  it('are found by id, and an unknown id is named with the known ones', () => {
    expect(colourMap('ember').title).toContain('Ember');
    expect(() => colourMap('jet')).toThrow(/unknown colour map "jet".*ember/);
  });

  it('give the legend their first, middle and last colours', () => {
    const stops = cssStops(colourMap('grey'), 3);
    const [first, , last] = [entry(colourMap('grey'), 0), 0, entry(colourMap('grey'), 255)];
    expect(stops[0]).toBe(`rgb(${first.join(' ')})`);
    expect(stops[2]).toBe(`rgb(${last.join(' ')})`);
  });
});
