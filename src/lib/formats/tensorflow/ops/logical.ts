/** @file Comparisons, truth, and the choice by it. */
import type { Value } from '../../../graph/graph.ts';
import { takes, type Row, type Site } from '../site.ts';
import { as } from './elementwise.ts';

const pair = (op: string): Row => takes(2, ({ g, x: [a, b] }) => g.apply(op, [a, b]));

/** The first version of Select has one truth a row. */
function select({ g, x: [condition, a, b] }: Site): Value {
  const extra = a.shape.length - condition.shape.length;
  const rows = condition.shape.length === 1 && extra > 0;
  const ones = Array.from({ length: extra }, () => 1);
  return g.where(rows ? g.reshape(condition, [...condition.shape, ...ones]) : condition, a, b);
}

export const logical = {
  Equal: pair('Equal'),
  NotEqual: takes(2, ({ g, x: [a, b] }) => g.not(g.equal(a, b))),
  Greater: pair('Greater'),
  GreaterEqual: pair('GreaterOrEqual'),
  Less: pair('Less'),
  LessEqual: pair('LessOrEqual'),
  LogicalAnd: pair('And'),
  LogicalOr: pair('Or'),
  LogicalNot: as('Not'),
  IsNan: as('IsNaN'),
  IsInf: as('IsInf'),
  IsFinite: takes(1, ({ g, x: [x] }) => g.not(g.apply('Or', [g.apply('IsNaN', [x]), g.apply('IsInf', [x])]))),
  Select: takes(3, select),
  SelectV2: takes(3, ({ g, x: [condition, a, b] }) => g.where(condition, a, b)),
} satisfies Record<string, Row>;
