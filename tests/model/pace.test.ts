import { describe, expect, test } from 'vitest';
import { paced } from '../../src/lib/model/pace.ts';

describe('the pace of reports', () => {
  test('the first comes at once, then four in a second', () => {
    let clock = 5;
    const heard: number[] = [];
    const report = paced(
      (n: number) => heard.push(n),
      () => clock,
    );
    for (let n = 0; n < 50; n++, clock += 10) report(n);
    expect(heard).toEqual([0, 25]);
  });

  test('reports further apart than that are all heard', () => {
    let clock = 0;
    const heard: string[] = [];
    const report = paced(
      (word: string) => heard.push(word),
      () => clock,
    );
    for (const word of ['a', 'b', 'c']) {
      report(word);
      clock += 300;
    }
    expect(heard).toEqual(['a', 'b', 'c']);
  });
});
