import { expect, it } from 'vitest';
import { errorText } from '../../src/lib/ui/summary.ts';

it('an estimated error is said with what was allowed and the rule, and that it is over where it is', () => {
  expect(errorText({ error: 0.00982, target: 0.01, rule: 'gradients' })).toBe(
    '≈ 0.982 % of 1.00 % allowed, by gradients',
  );
  expect(errorText({ error: 0.023, target: 0.01, rule: 'segments' })).toBe(
    '≈ 2.30 %, over the 1.00 % allowed, by segments',
  );
  expect(errorText({ error: NaN, target: 0.01, rule: 'gradients' })).toMatch(/^≈ not a number of/);
});
