import { describe, expect, it } from 'vitest';
import { searchClasses } from '../../src/lib/ui/class-search.ts';

const labels = ['tabby cat', 'catfish', 'Egyptian cat', 'scatter rug', 'dog', 'cat', 'great white shark, white shark'];
const found = (query: string) => searchClasses(query, labels.length, labels).hits.map(({ label }) => label);

describe('the search for a class', () => {
  it('puts the exact label first, then whole words, then beginnings, then the rest', () => {
    expect(found('CAT ')).toEqual(['cat', 'tabby cat', 'Egyptian cat', 'catfish', 'scatter rug']);
  });

  it('finds words in any order, and beginnings of words', () => {
    expect(found('shark great')).toEqual(['great white shark, white shark']);
    expect(found('egy ca')).toEqual(['Egyptian cat']);
    expect(found('shark dog')).toEqual([]);
  });

  it.each(['tabyb', 'taby', 'tabbby', 'tavby', 'eggyptian cat', 'shrk white', 'sharkk'])(
    'finds a class where %s was typed by a slip',
    (typed) => expect(found(typed)).toHaveLength(1),
  );

  it.each(['dot', 'zebra', 'xxtabby', ''.padEnd(300, 'q')])('does not take %s for anything', (typed) =>
    expect(found(typed)).toEqual([]),
  );

  it('finds a class by its number, and those without a label', () => {
    expect(searchClasses('8', 9, labels)).toEqual({ hits: [{ index: 8, label: 'class 8' }], total: 1 });
  });

  it('counts all, but never lists more than are of use', () => {
    expect(found('')).toEqual(labels);
    const { hits, total } = searchClasses('', 1000, []);
    expect([hits.length, total]).toEqual([60, 1000]);
  });

  it('of 21,841 classes is quick, also where nothing is found at once', () => {
    const many = Array.from({ length: 21_841 }, (_, i) => `synset ${i}, some creature of the ${i % 97}th kind`);
    searchClasses('', many.length, many);
    const fewestMilliseconds = (query: string) =>
      Math.min(
        ...[1, 2, 3].map(() => {
          // Processor time: what else the machine does is no fault of the search.
          const start = process.threadCpuUsage();
          searchClasses(query, many.length, many);
          const { user, system } = process.threadCpuUsage(start);
          return (user + system) / 1000;
        }),
      );
    for (const query of ['creature kind 21840', 'creeture', 'nothing alike'])
      expect(fewestMilliseconds(query)).toBeLessThan(250);
  });
});
