import { describe, expect, it } from 'vitest';
import { colourMaps } from '../../src/lib/render/colour-maps.ts';
import { COLOUR_MAPS } from '../../src/lib/share/record.ts';

describe('the colour maps', () => {
  it('that a link can name are those that there are', () => {
    expect(colourMaps.map(({ id }) => id).filter((id) => !(COLOUR_MAPS as readonly string[]).includes(id))).toEqual([]);
  });
});
