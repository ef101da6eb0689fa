/**
 * @file Makes src/lib/ui/fonts/inter-symbols.woff2: the Greek letters, raised and lowered digits and signs of mathematics of
 * Inter, which the font's usual subsets leave out. `npm run fonts` writes it; tests/scripts/fonts.test.ts holds it to this.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import subsetFont from 'subset-font';

const root = join(import.meta.dirname, '..');

export const FONT_FILE = join(root, 'src/lib/ui/fonts/inter-symbols.woff2');

/** What the page writes beside Latin letters, as far as Inter has it. */
export const SYMBOLS = [
  'ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξπρστφχψω',
  '⁰⁴⁵⁶⁷⁸⁹⁺⁻ˣᵇᵖ',
  '₀₁₂₃₄₅₆₇₈₉₊₋ᵢᵥₕⱼₖₙₚₛₜ',
  'āŷȳℓ∂√∞∫≈≠≤≥‖',
  '←→↔⟹',
].join('');

/** As `unicode-range` of CSS says it. */
export function unicodeRange(characters: string): string {
  const points = [...new Set(characters)].map((character) => character.codePointAt(0)!).sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const point of points) {
    const last = runs.at(-1);
    if (last && last[1] === point - 1) last[1] = point;
    else runs.push([point, point]);
  }
  const hex = (point: number) => point.toString(16).toUpperCase().padStart(4, '0');
  return runs.map(([from, to]) => (from === to ? `U+${hex(from)}` : `U+${hex(from)}-${hex(to)}`)).join(', ');
}

/** Of one optical size, that of the page's Latin letters, and of every weight. */
export const symbolFont = (): Promise<Uint8Array> =>
  subsetFont(readFileSync(join(root, 'node_modules/inter-ui/variable/InterVariable.woff2')), SYMBOLS, {
    targetFormat: 'woff2',
    variationAxes: { opsz: 14 },
  });

if (import.meta.main) {
  writeFileSync(FONT_FILE, await symbolFont());
  console.log(`unicode-range: ${unicodeRange(SYMBOLS)};`);
}
