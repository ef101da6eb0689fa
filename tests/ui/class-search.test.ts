import { describe, expect, it } from 'vitest';
import { searchClasses } from '../../src/lib/ui/class-search.ts';

const labels = ['tabby cat', 'catfish', 'Egyptian cat', 'scatter rug', 'dog', 'cat'];
const found = (query: string) => searchClasses(query, 6, labels).map(({ label }) => label);

describe('the search for a class', () => {
  it('puts the exact label first, then whole words, then beginnings, then the rest', () => {
    expect(found('CAT ')).toEqual(['cat', 'tabby cat', 'Egyptian cat', 'catfish', 'scatter rug']);
  });

  it('finds a class by its number, and those without a label', () => {
    expect(searchClasses('7', 9, labels)).toEqual([{ index: 7, label: 'class 7' }]);
  });

  it('lists all, but never more than are of use', () => {
    expect(found('')).toEqual(labels);
    expect(searchClasses('', 1000, []).length).toBe(60);
  });
});
