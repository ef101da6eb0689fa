import { describe, expect, it } from 'vitest';
import { closest, following, startingWith } from '../../src/lib/ui/choosing.ts';

const items = [
  { title: 'Saliency' },
  { title: 'SmoothGrad', disabled: true },
  { title: 'Score-CAM' },
  { title: 'XRAI' },
  { title: 'RISE', disabled: true },
  { title: 'Lime', disabled: true },
];
const none = items.map((item) => ({ ...item, disabled: true }));

describe('the keys of a list', () => {
  it('step over what cannot be chosen, and stay where the list ends', () => {
    expect(following(items, 0, 1)).toBe(2);
    expect(following(items, 2, -1)).toBe(0);
    expect(following(items, 3, 1)).toBe(3);
    expect(following(items, 0, -1)).toBe(0);
  });

  it('go a page on, or to either end', () => {
    expect(following(items, 0, 10)).toBe(3);
    expect(following(items, 3, -10)).toBe(0);
    expect(following(items, -1, 1)).toBe(0);
    expect(following(items, items.length, -1)).toBe(3);
    const many = Array.from({ length: 40 }, (_, i) => ({ title: `${i}` }));
    expect(following(many, 5, 10)).toBe(15);
    expect(following(many, 5, -10)).toBe(0);
  });

  it('lead nowhere where nothing can be chosen', () => {
    expect(following(none, -1, 1)).toBe(-1);
    expect(closest(none, 2)).toBe(-1);
    expect(startingWith(none, -1, 's')).toBe(-1);
    expect(following([], 0, 1)).toBe(-1);
  });

  it('begin at the chosen entry, or beside it', () => {
    expect(closest(items, 2)).toBe(2);
    expect(closest(items, 1)).toBe(2);
    expect(closest(items, 4)).toBe(3);
  });
});

describe('letters', () => {
  it('lead to what begins with them, in any case', () => {
    expect(startingWith(items, 0, 'x')).toBe(3);
    expect(startingWith(items, 3, 'SC')).toBe(2);
    expect(startingWith(items, 3, 'score-c')).toBe(2);
  });

  it('repeated, go from one to the next and around', () => {
    expect(startingWith(items, 0, 's')).toBe(2);
    expect(startingWith(items, 2, 'ss')).toBe(0);
  });

  it('may stay as a word grows, and lead nowhere where nothing begins so', () => {
    expect(startingWith(items, 0, 'sa')).toBe(0);
    expect(startingWith(items, 3, 'q')).toBe(3);
    expect(startingWith(items, 3, 'r')).toBe(3);
  });
});
