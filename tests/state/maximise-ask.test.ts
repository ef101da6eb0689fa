import { describe, expect, it } from 'vitest';
import {
  type Aim,
  adaptedTo,
  howTo,
  objectivesOf,
  recipeOf,
  seedsOf,
  titlesOf,
  unitsIn,
} from '../../src/lib/state/maximise-ask.ts';

const aim = (change: Partial<Aim> = {}): Aim => ({
  kind: 'channel',
  layer: 'relu3',
  channels: 4,
  units: [2],
  position: null,
  second: null,
  power: 0,
  variants: 1,
  diversity: null,
  ...change,
});
const classOf = (index: number) => ['apple', 'bird', 'cat'][index];

describe('what is made large', () => {
  it('is one term for each unit', () => {
    expect(objectivesOf(aim({ units: [1, 3] }))).toEqual([
      { terms: [{ weight: 1, term: { kind: 'channel', layer: 'relu3', channel: 1 } }] },
      { terms: [{ weight: 1, term: { kind: 'channel', layer: 'relu3', channel: 3 } }] },
    ]);
    const neuron = objectivesOf(aim({ kind: 'neuron', position: { y: 4, x: 5 } }));
    expect(neuron[0].terms[0].term).toEqual({ kind: 'neuron', layer: 'relu3', channel: 2, y: 4, x: 5 });
  });

  it('is a weighted sum with a second unit, and nothing of it where there are no units', () => {
    const second = { unit: 1, weight: -1 };
    expect(objectivesOf(aim({ kind: 'logit', second }))[0].terms).toEqual([
      { weight: 1, term: { kind: 'logit', index: 2 } },
      { weight: -1, term: { kind: 'logit', index: 1 } },
    ]);
    expect(objectivesOf(aim({ kind: 'layer', second }))[0].terms).toHaveLength(1);
  });

  it('is a direction of the layer where a cosine counts', () => {
    const [{ terms }] = objectivesOf(aim({ power: 2, second: { unit: 0, weight: -0.5 } }));
    expect(terms).toEqual([
      { weight: 1, term: { kind: 'direction', layer: 'relu3', direction: [-0.5, 0, 1, 0], power: 2 } },
    ]);
  });

  it('is asked several times from different seeds, pushed apart, for variations', () => {
    const diverse = aim({ variants: 3, diversity: { layer: 'relu3', weight: 10 } });
    expect(objectivesOf(diverse)).toHaveLength(3);
    expect(objectivesOf(diverse)[2].diversity).toEqual({ layer: 'relu3', weight: 10 });
    expect(seedsOf(diverse, 7)).toEqual([7, 8, 9]);
    expect(seedsOf(aim({ units: [0, 1] }), 7)).toEqual([7, 7]);
    expect(titlesOf(diverse, classOf)[1]).toBe('relu3 · channel 2 · 2 of 3');
  });

  it('is named', () => {
    const title = (change: Partial<Aim>) => titlesOf(aim(change), classOf)[0];
    expect(title({ kind: 'logit' })).toBe('cat');
    expect(title({ kind: 'logit', second: { unit: 0, weight: -1 } })).toBe('cat − apple');
    expect(title({ second: { unit: 0, weight: 0.5 } })).toBe('relu3 · channel 2 + 0.5 · channel 0');
    expect(title({ kind: 'neuron', position: { y: 1, x: 2 } })).toBe('relu3 · channel 2, row 1, column 2');
    expect(title({ kind: 'caricature' })).toBe('relu3 · caricature');
  });
});

describe('numbers of units', () => {
  it('are read from lists and ranges', () => {
    expect(unitsIn('3, 8 12-14; 3', 16)).toEqual([3, 8, 12, 13, 14]);
    expect(unitsIn('', 16)).toEqual([]);
  });

  it.each([
    ['x', /no number/],
    ['16', /0 to 15/],
    ['5-3', /0 to 15/],
    ['0-500', /0 to 15/],
  ])('are refused: %s', (text, why) => expect(unitsIn(text, 16)).toMatch(why));

  it('are at most sixteen', () => expect(unitsIn('0-40', 100)).toMatch(/At most 16/));
});

describe('how it is made large', () => {
  it('weighs regularisers alike whatever the size, and moves small pictures less', () => {
    const how = howTo('fourier', 'logit', 5);
    const [full, small] = [recipeOf(how, { width: 96, height: 96 }), recipeOf(how, { width: 32, height: 32 })];
    expect(full).toMatchObject({ steps: 256, seed: 5, optimiser: 'adam', learningRate: 0.05 });
    expect(full.regularisers.totalVariation).toBeCloseTo(0.0035);
    expect(small.regularisers.totalVariation).toBeCloseTo(0.0315);
    expect([full.transform.jitter, small.transform.jitter]).toEqual([8, 3]);
    expect(recipeOf({ ...how, moves: 0 }, { width: 96, height: 96 }).transform.degrees).toEqual([0]);
    expect(recipeOf(howTo('maco', 'logit'), { width: 96, height: 96 })).toMatchObject({
      optimiser: 'nadam',
      learningRate: 1,
    });
  });

  it('has a total variation for each kind of aim until a person sets one', () => {
    const how = howTo('fourier', 'logit');
    expect(adaptedTo('channel', 'logit', how).regularisers.totalVariation).toBe(0.0005);
    const own = { ...how, regularisers: { ...how.regularisers, totalVariation: 0.1 } };
    expect(adaptedTo('channel', 'logit', own)).toBe(own);
  });
});
