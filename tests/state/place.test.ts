import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { type PlaceAddress, fragmentOf, moveBetween, readPlace } from '../../src/lib/state/place-address.ts';
import { strongestAt } from '../../src/lib/state/inside.svelte.ts';
import { NOTHING, Place, TABS, isPlace } from '../../src/lib/state/place.svelte.ts';

const place = (more: Partial<PlaceAddress> = {}): PlaceAddress => ({
  view: 'inside',
  tab: 'maps',
  selection: NOTHING,
  model: '',
  image: '',
  chosen: null,
  details: {},
  ...more,
});

const visible = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((text) => !/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u.test(text) && text.isWellFormed());
const index = fc.nat(10_000_000);

describe('the address of a place', () => {
  it('is read as it was written, whatever layers are called', () => {
    const any = fc.record({
      tab: fc.constantFrom(...TABS),
      layer: visible,
      channel: fc.option(index),
      position: fc.option(fc.record({ y: index, x: index })),
      chosen: fc.option(index),
    });
    fc.assert(
      fc.property(any, ({ tab, chosen, ...selection }) => {
        const said = place({ tab, chosen, selection, model: 'a'.repeat(64), image: 'cat-0', details: { seed: '7' } });
        const fragment = fragmentOf(said);
        expect(isPlace(fragment)).toBe(true);
        expect(readPlace(fragment)).toEqual(said);
      }),
    );
  });

  it('reads in the words of the views', () => {
    const selection = { layer: 'features.3/relu', channel: 12, position: { y: 4, x: 5 } };
    expect(fragmentOf(place({ model: 'vitrine-16', image: 'cat-0', selection }))).toBe(
      '#inside/maps?model=vitrine-16&image=cat-0&layer=features.3%2Frelu&channel=12&y=4&x=5',
    );
    expect(fragmentOf(place({ view: 'explain', selection }))).toBe('#explain');
    expect(readPlace('#inside')).toEqual(place());
    expect(readPlace('#signals')).toEqual(place({ view: 'signals' }));
  });

  it('says why a hostile fragment names no place, and never throws', () => {
    for (const [fragment, why] of [
      ['#inside/secrets', 'the page has no'],
      ['#inside/maps/maps', 'the page has no'],
      ['#signals/maps', 'the page has no'],
      ['#compare/', 'the page has no'],
      ['#inside/maps?layer=a&channel=-1', '“channel”'],
      ['#inside/maps?layer=a&channel=1e3', '“channel”'],
      ['#inside/maps?layer=a&layer=b', '“layer” is no part'],
      ['#inside/maps?__proto__=1', '“__proto__” is no part'],
      [`#inside/maps?layer=${'a'.repeat(500)}`, 'too long'],
      ['#inside/maps?layer=a%E2%80%AEb', 'invisible'],
      [`#inside/maps?layer=${'a'.repeat(5000)}`, 'characters'],
    ])
      expect(readPlace(fragment), fragment).toContain(why);
    fc.assert(fc.property(fc.string(), (text) => void readPlace(`#inside/${decodeURI('%25')}${text}`)));
    fc.assert(fc.property(fc.string(), (text) => void readPlace(`#inside/maps?${text}`)));
  });

  it('takes a position without a layer for nothing', () => {
    expect(readPlace('#inside/maps?channel=3&y=1&x=1')).toEqual(place());
  });

  it('tells a move from what is said of the same place', () => {
    const at = (layer: string | null, channel: number | null, more: Partial<PlaceAddress> = {}) =>
      place({ selection: { layer, channel, position: null }, ...more });
    expect(moveBetween(at('a', 1), at('a', 1, { chosen: 3, details: { seed: '1' } }))).toBe('none');
    expect(moveBetween(at(null, null), at('a', null))).toBe('none');
    expect(moveBetween(at('a', null), at('a', 2))).toBe('within');
    expect(moveBetween(at('a', 2), at('b', null))).toBe('within');
    expect(moveBetween(at('a', 2), at('a', 2, { tab: 'filters' }))).toBe('view');
    const signals = { view: 'signals' } as const;
    expect(moveBetween(at('a', 2), at('a', 2, signals))).toBe('view');
    expect(moveBetween(at('a', 2, signals), at('a', 3, { ...signals, tab: 'filters' }))).toBe('none');
    expect(moveBetween(at('a', 2, { view: 'explain' }), at('b', 3, { view: 'explain' }))).toBe('none');
  });

  it('is not what links of Share begin with', () => {
    for (const fragment of ['', '#', '#explain', '#puzzle', '#v2.abc', '#b1.abc', '#insider'])
      expect(isPlace(fragment)).toBe(false);
  });
});

describe('the selection', () => {
  const layers = [
    { id: 'conv', channels: 4, height: 6, width: 8 },
    { id: 'logits', channels: 10, height: 1, width: 1 },
  ];

  it('tells of each picked layer, and forgets the channel of the one before', () => {
    const told: string[] = [];
    const here = new Place((layer) => told.push(layer));
    here.pickLayer('conv');
    here.pickNeuron(2, 3, 4);
    here.pickLayer('conv');
    expect(here.selection).toEqual({ layer: 'conv', channel: 2, position: { y: 3, x: 4 } });
    here.pickLayer('logits');
    expect(here.selection).toEqual({ ...NOTHING, layer: 'logits' });
    expect(told).toEqual(['conv', 'conv', 'logits']);
  });

  it('keeps what another model has too, and says what it has not', () => {
    const here = new Place();
    expect(here.adaptTo(layers, 'conv')).toBe('');
    expect(here.selection.layer).toBe('conv');
    here.pickNeuron(3, 5, 7);
    expect(here.adaptTo(layers, 'logits')).toBe('');
    expect(here.selection).toEqual({ layer: 'conv', channel: 3, position: { y: 5, x: 7 } });
    here.pickNeuron(3, 6, 7);
    expect(here.adaptTo(layers, null)).toContain('(7, 6)');
    expect(here.selection).toEqual({ layer: 'conv', channel: 3, position: null });
    here.pickChannel(4);
    expect(here.adaptTo(layers, null)).toContain('channel 4');
    here.pickLayer('gone');
    expect(here.adaptTo(layers, 'logits')).toContain('“gone”');
    expect(here.selection).toEqual({ ...NOTHING, layer: 'logits' });
  });

  it('takes the channel that answers most at a place, past tokens before the grid and NaN', () => {
    const layer = { id: 'a', op: 'Add', shape: [3, 4], channels: 3, height: 1, width: 3, prefix: 1 };
    const data = Float32Array.from([9, 1, 2, 3, 9, 1, 5, 0, 9, 1, NaN, 7]);
    expect(strongestAt({ layer, data }, { y: 0, x: 1 })).toBe(1);
    expect(strongestAt({ layer, data }, { y: 0, x: 2 })).toBe(2);
  });
});
