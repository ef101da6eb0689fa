import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FONT_FILE, SYMBOLS, symbolFont, unicodeRange } from '../../scripts/fonts.ts';

const root = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');

/** In the subset of Latin letters that the page loads. */
const isLatin = (sign: string) =>
  sign <= 'ÿ' || /[ıŒœ\u02bb-\u02dc\u2000-\u206f€™↑↓−∕]|\u0304|\u0308|\u0329/u.test(sign);
/** Inter itself does not have them: another font of the reader's stands in. */
const NOT_IN_INTER = 'ᵀ⊙⌊⌋⌈⌉⟨⟩∈∪∘⋆↦ᴮ';

describe('the font of signs', () => {
  it('is what `npm run fonts` makes', async () => {
    expect(Buffer.from(await symbolFont()).equals(readFileSync(FONT_FILE))).toBe(true);
  });

  it('is asked for by the signs that are in it', () => {
    expect(text('src/lib/ui/tokens.css').replaceAll(/\s+/g, ' ')).toContain(`unicode-range: ${unicodeRange(SYMBOLS)};`);
  });

  it('has every sign of the sources that Inter has', () => {
    const sources = globSync('src/**/*.{svelte,ts}', { cwd: root });
    expect(sources.length).toBeGreaterThan(300);
    const missing = sources.flatMap((path) =>
      [...text(path)]
        .filter((sign) => !isLatin(sign) && !SYMBOLS.includes(sign) && !NOT_IN_INTER.includes(sign))
        .map((sign) => `${sign} in ${path}`),
    );
    expect([...new Set(missing)]).toEqual([]);
  });
});

describe('a range of signs', () => {
  it('joins neighbours and names each once', () => {
    expect(unicodeRange('ΔΣαβγ')).toBe('U+0394, U+03A3, U+03B1-03B3');
    expect(unicodeRange('aab')).toBe('U+0061-0062');
  });
});
