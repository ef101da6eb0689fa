import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { oklchToLinear, type Triple } from '../../src/lib/render/oklab.ts';

const css = readFileSync(new URL('../../src/lib/ui/tokens.css', import.meta.url), 'utf8');
const oklch = String.raw`oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)`;

/** The colour of a token in light (0) or dark (1). */
function token(name: string, side: 0 | 1): Triple {
  const found = css.match(new RegExp(`--${name}: light-dark\\(${oklch}, ${oklch}\\)`));
  if (!found) throw new Error(`tokens.css has no colour --${name} for light and dark.`);
  const [lightness, chroma, hue] = found.slice(1 + 3 * side, 4 + 3 * side).map(Number);
  return oklchToLinear(lightness, chroma, hue);
}

const luminance = (rgb: Triple): number => {
  const [r, g, b] = rgb.map((c) => Math.min(1, Math.max(0, c)));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/** Contrast ratio of WCAG 2.2. */
function contrast(a: Triple, b: Triple): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('in the %s appearance', (_, side) => {
  const texts = ['ink', 'ink-2', 'accent'].flatMap((text) =>
    ['page', 'raised', 'sunk'].map((ground) => [text, ground]),
  );

  it.each([
    ...texts,
    ['ink', 'hover'],
    ['ink-2', 'hover'],
    ['ink', 'accent-soft'],
    ['ink-2', 'accent-soft'],
    ['accent', 'accent-soft'],
    ['danger', 'danger-soft'],
  ])('--%s is legible on --%s: at least 4.5 : 1', (text, ground) => {
    expect(contrast(token(text, side), token(ground, side))).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ['edge', 'page'],
    ['edge', 'raised'],
    ['accent', 'page'],
    ['accent', 'case'],
  ])('--%s can be told from --%s: at least 3 : 1, as outlines of controls and focus must', (line, ground) => {
    expect(contrast(token(line, side), token(ground, side))).toBeGreaterThanOrEqual(3);
  });
});
