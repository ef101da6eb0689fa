import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asked, detailsOf, firstAsked, kindFor, readAsked } from '../../src/lib/state/maximise-address.ts';
import { AIM_KINDS, howTo } from '../../src/lib/state/maximise-ask.ts';
import { fragmentOf, readPlace } from '../../src/lib/state/place-address.ts';
import type { Selection } from '../../src/lib/state/place.svelte.ts';

const whole = (min: number, max: number) => fc.integer({ min, max });
const weight = fc.oneof(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 0.0005, 10));
const how = fc.record({
  parametrisation: fc.constantFrom('pixels' as const, 'fourier' as const, 'maco' as const),
  moves: fc.double({ min: 0, max: 2, noNaN: true }),
  steps: whole(1, 100_000),
  learningRate: fc.double({ min: 1e-300, noNaN: true, noDefaultInfinity: true }),
  seed: whole(0, 2 ** 31),
  regularisers: fc.record({ totalVariation: weight, l1: weight, l2: weight, blur: weight }),
});
const company = fc.oneof(
  fc.constant({ company: 'one' as const, further: '' }),
  fc.constant({ company: 'variants' as const, further: '' }),
  fc.array(whole(0, 9999), { minLength: 1, maxLength: 15 }).map((units) => ({
    ...{ company: 'units' as const, further: units.join(',') },
  })),
);
const asked: fc.Arbitrary<Asked> = fc
  .record({
    company,
    kind: fc.constantFrom(...AIM_KINDS),
    variants: whole(2, 16),
    diversity: weight,
    second: fc.option(fc.record({ unit: whole(0, 9999), weight: fc.double({ noNaN: true, noDefaultInfinity: true }) })),
    power: weight,
    how: fc.oneof(how, fc.constant(howTo('maco', 'channel')), fc.constant(howTo('fourier', 'logit'))),
  })
  .map(({ company, ...rest }) => ({ ...rest, ...company }));
const selection: fc.Arbitrary<Selection> = fc.record({
  layer: fc.constant('relu3'),
  channel: fc.option(whole(0, 500)),
  position: fc.option(fc.record({ y: whole(0, 50), x: whole(0, 50) })),
});

/** By way of an address. */
function again(details: Readonly<Record<string, string>>, picked: Selection) {
  const place = { view: 'inside', tab: 'maximise', model: 'vitrine-16', image: 'cat-0', chosen: null } as const;
  const read = readPlace(fragmentOf({ ...place, selection: picked, details }));
  if (typeof read === 'string') throw new Error(read);
  return readAsked(read.details, read.selection);
}

/** −0 is 0 for all that is computed with it. */
const plain = (one: Asked): unknown => JSON.parse(JSON.stringify(one));

describe('what is asked of a maximisation', () => {
  it('is read from the address as it was', () => {
    fc.assert(
      fc.property(asked, selection, (one, picked) => {
        const { asked: read, refused } = again(detailsOf(one, picked), picked);
        expect(refused).toEqual([]);
        // How many variations there would be is said where there are some.
        const said = one.company === 'variants' ? one : { ...one, variants: read.variants };
        expect(plain(read)).toEqual(plain(said));
      }),
      { numRuns: 500 },
    );
  });

  it('says nothing where it is as the page begins', () => {
    fc.assert(
      fc.property(selection, (picked) => {
        const first = firstAsked(kindFor(picked));
        expect(detailsOf(first, picked)).toEqual({});
        expect(again({}, picked)).toEqual({ asked: first, refused: [] });
      }),
    );
  });

  it('reads in the words of the form', () => {
    const picked = { layer: 'relu3', channel: 12, position: null };
    const base = firstAsked('channel');
    const changed = { ...base, second: { unit: 3, weight: -0.5 }, how: { ...base.how, steps: 512, seed: 7 } };
    expect(detailsOf(changed, picked)).toEqual({ second: '3', weight: '-0.5', steps: '512', seed: '7' });
    expect(detailsOf(firstAsked('logit'), picked)).toEqual({ objective: 'logit' });
  });

  it('takes the page’s own choice for what cannot be, and names each', () => {
    const picked = { layer: 'relu3', channel: 12, position: null };
    const bad = {
      objective: 'everything',
      parametrisation: '__proto__',
      steps: '1e9',
      seed: '-1',
      rate: '0',
      moves: 'NaN',
      further: '1;alert(1)',
      variants: '1',
      l2: 'Infinity',
      toString: '1',
      hue: '3',
    };
    const { asked: read, refused } = readAsked(bad, picked);
    expect(read).toEqual(firstAsked('channel'));
    expect(refused).toHaveLength(Object.keys(bad).length);
    for (const name of Object.keys(bad)) expect(refused.join('; ')).toContain(`${name} “`);
    expect(refused.join('; ')).toContain('steps “1e9” (possible are 1 to 100000)');
  });

  it('never throws, and keeps to what is possible, whatever is said', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), selection, (details, picked) => {
        const { how } = readAsked(details, picked).asked;
        expect(how.steps >= 1 && how.steps <= 100_000 && how.learningRate > 0).toBe(true);
      }),
    );
  });
});
