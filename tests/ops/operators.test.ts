import { describe, expect, it } from 'vitest';
import { allOps } from '../../src/lib/ops/index.ts';
import { hasReference } from '../reference/interpreter.ts';
import { cases } from './cases/index.ts';
import { checkDeepLift, checkGradient, checkInference } from './suite.ts';

describe('every operator', () => {
  it('has at least one case', () => {
    expect(
      allOps()
        .map((op) => op.type)
        .filter((type) => !cases[type]?.length),
    ).toEqual([]);
  });
  it('has a reference implementation', () => {
    expect(
      allOps()
        .map((op) => op.type)
        .filter((type) => !hasReference(type)),
    ).toEqual([]);
  });
  it('has a definition for each of its cases', () => {
    const defined = new Set(allOps().map((op) => op.type));
    expect(Object.keys(cases).filter((type) => !defined.has(type))).toEqual([]);
  });
});

describe.each(Object.entries(cases))('%s', (op, rows) => {
  describe.each(rows.map((c, i) => ({ title: c.title ?? `case ${i + 1}`, c })))('$title', ({ c }) => {
    it('has the inferred shape', () => checkInference(op, c));
    it('has the gradient of central differences', () => checkGradient(op, c));
    it('sums to the change of the output under DeepLIFT', () => checkDeepLift(op, c));
  });
});
