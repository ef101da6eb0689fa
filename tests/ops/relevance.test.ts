/** What flows in under LRP flows out: each operator's rule keeps the sum of relevance, those aside that say why not. */
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import type { RuleSet } from '../../src/lib/autodiff/rule-sets.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { findOp } from '../../src/lib/ops/index.ts';
import { nonDifferentiable } from '../../src/lib/ops/combinators.ts';
import { seedOf, uniform } from '../reference/random.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';
import { bindShape } from '../../src/lib/graph/dim.ts';
import { sizeOf } from '../../src/lib/tensor/tensor.ts';
import { cases } from './cases/index.ts';
import type { Case } from './case.ts';
import { BATCH, floatParts, instantiate, randomFeeds } from './suite.ts';

const relevance: RuleSet = { name: 'lrp', title: 'LRP', needsReference: false, column: 'relevance' };

const tested = Object.entries(cases).flatMap(([op, rows]) =>
  rows.flatMap((c, i) => {
    const definition = findOp(op, c.domain ?? '');
    const ruled = definition?.relevance && definition.relevance !== nonDifferentiable.relevance;
    return ruled ? [{ op, title: c.title ?? `case ${i + 1}`, c }] : [];
  }),
);

const bias = 'a bias takes its share, unless a composite says otherwise';
const constants = 'elements that are no input’s take theirs with them';

/** Operators whose rule does not keep the sum in every case. */
const losing: Readonly<Record<string, string>> = {
  ...{ Conv: bias, ConvTranspose: bias, Gemm: bias, BatchNormalization: bias },
  ...{ LayerNormalization: bias, InstanceNormalization: bias, GroupNormalization: bias },
  ...{ Where: constants, Concat: constants, Max: constants, Min: constants, Pad: constants, Trilu: constants },
  ...{ ScatterElements: constants, ScatterND: constants, Resize: constants, CumSum: constants },
  Softmax: 'a Taylor expansion has a term of order 0',
};

const total = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0);

function sums(op: string, c: Case): { into: number; out: number; size: number }[] {
  const instance = instantiate(op, c);
  const random = uniform(seedOf(op) + 3);
  const feeds = randomFeeds(instance, random);
  const { xs, ys } = floatParts(instance);
  const subsets = xs.length > 1 ? [xs, ...xs.map((v) => [v])] : xs.length > 0 ? [xs] : [];
  return ys.flatMap((y) =>
    subsets.map((varying) => {
      const seed = new Value('float32', y.shape, { name: 'R' });
      const shape = bindShape(y.shape, BATCH);
      const R = Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1);
      const flows = backward(instance.g, relevance, { y, seed, xs: varying });
      const results = evaluate(flows, new Map([...feeds, [seed, ref('float32', shape, R)]]), BATCH);
      flows.forEach((flow, i) => expect(flow.shape).toEqual(varying[i].shape));
      const size = results.reduce((sum, t) => sum + total(t.data.map(Math.abs)), total(R.map(Math.abs)));
      return { into: total(R), out: total(results.flatMap((t) => [...t.data])), size };
    }),
  );
}

const gap = ({ into, out, size }: ReturnType<typeof sums>[number]): number => Math.abs(into - out) / (size || 1);
const TOLERANCE = 1e-6;

describe('relevance is kept', () => {
  it.each(tested.filter(({ op }) => !losing[op]))('by $op, $title', ({ op, c }) => {
    for (const sum of sums(op, c)) expect(gap(sum)).toBeLessThan(TOLERANCE);
  });
});

describe('relevance is finite, and lost somewhere', () => {
  it.each(Object.entries(losing))('by %s: %s', (op) => {
    const gaps = tested.filter((row) => row.op === op).flatMap(({ c }) => sums(op, c).map(gap));
    expect(gaps.every(Number.isFinite)).toBe(true);
    expect(Math.max(...gaps)).toBeGreaterThan(TOLERANCE);
  });
});
