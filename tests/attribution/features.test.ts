/** Methods that replace features of the image, against their definitions in plain loops. */
import { describe, expect, it } from 'vitest';
import { cellsOf, spread } from '../../src/lib/attribution/features.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { lasso, leastSquares } from '../../src/lib/attribution/regression.ts';
import { exactly } from '../../src/lib/attribution/shapley.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { full } from '../../src/lib/tensor/tensor.ts';
import { ask, convModel, functionOf, gap, gaussian } from './models.ts';

const model = convModel('Tanh');
const x = gaussian([1, 2, 6, 6], 7);
const baseline = full(x.shape, 0.2);
const target = { kind: 'logit', index: 1 } as const;
const f = functionOf(model, [0, 1, 0]);
const question = (batch = 1) => ask({ model, x, baseline, target }, batch);

/** Of a square of a grid of `cells` × `cells` over 6 × 6. */
const cellOf = (i: number, cells: number) =>
  Math.floor((Math.floor((i % 36) / 6) * cells) / 6) * cells + Math.floor(((i % 6) * cells) / 6);
const mixed = (keep: (cell: number) => boolean, cells: number) =>
  f(Float64Array.from(x.data, (v, i) => (keep(cellOf(i, cells)) ? v : baseline.data[i])));

/** Shapley values by walking through every order of joining. */
function shapley(n: number, cells: number): number[] {
  const credits = Array<number>(n).fill(0);
  let orders = 0;
  const walk = (joined: readonly number[]) => {
    if (joined.length === n) {
      orders++;
      joined.forEach((feature, i) => {
        const before = joined.slice(0, i);
        credits[feature] +=
          mixed((c) => c === feature || before.includes(c), cells) - mixed((c) => before.includes(c), cells);
      });
      return;
    }
    for (let next = 0; next < n; next++) if (!joined.includes(next)) walk([...joined, next]);
  };
  walk([]);
  return credits.map((c) => c / orders);
}

describe('features', () => {
  it('are squares of all channels, as even as they can be', () => {
    const { count, of } = cellsOf(question(), 4);
    expect(count).toBe(16);
    expect([...of]).toEqual([...x.data].map((_, i) => cellOf(i, 4)));
  });

  it('share their score among their elements', () => {
    const features = cellsOf(question(), 2);
    const scores = spread(features, [1, 2, 3, 4], x);
    expect(sum(scores)).toBeCloseTo(10, 5);
    expect(scores.data[0]).toBeCloseTo(1 / 18, 6);
  });

  it.each([1, 4, 30])('are ablated one by one, %d at once', async (batch) => {
    const asked = question(batch);
    const { scores } = await findMethod('feature-ablation').explain(asked, { cells: 3 });
    const drops = Array.from({ length: 9 }, (_, cell) => mixed(() => true, 3) - mixed((c) => c !== cell, 3));
    expect(
      gap(
        scores.data,
        [...x.data].map((_, i) => drops[cellOf(i, 3)] / 8),
      ),
    ).toBeLessThan(1e-5);
    expect(asked.engine.alive()).toBe(0);
  });
});

describe('Shapley values', () => {
  const truth = shapley(4, 2);
  const shared = (values: readonly number[]) => [...x.data].map((_, i) => values[cellOf(i, 2)] / 18);

  it('are exact over all coalitions', async () => {
    const { scores, check } = await findMethod('shapley-values').explain(question(3), { cells: 2 });
    expect(gap(scores.data, shared(truth))).toBeLessThan(1e-5);
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it('are tended to by sampling, whose sum is exact at any number', async () => {
    const method = findMethod('shapley-value-sampling');
    const few = await method.explain(question(), { cells: 2, samples: 1 });
    expect(few.check!.relative).toBeLessThan(1e-5);
    const many = await method.explain(question(8), { cells: 2, samples: 400 });
    expect(gap(many.scores.data, shared(truth))).toBeLessThan(0.1);
    expect((await method.explain(question(), { cells: 2, samples: 1 })).scores.data).toEqual(few.scores.data);
  });

  it('are tended to by KernelSHAP', async () => {
    const { scores, check } = await findMethod('kernel-shap').explain(question(8), { cells: 2, samples: 2000 });
    expect(gap(scores.data, shared(truth))).toBeLessThan(0.1);
    expect(check!.relative).toBeLessThan(1e-4);
  });

  it('are refused where there are too many coalitions', async () => {
    await expect(exactly(question(), cellsOf(question(), 4))).rejects.toThrow(/16 features have 2\^16 coalitions/);
  });
});

describe('LIME', () => {
  it('is steady over seeds, and empty where a coefficient costs too much', async () => {
    const { scores } = await findMethod('lime').explain(question(8), { cells: 2, samples: 600, alpha: 0 });
    const { scores: steady } = await findMethod('lime').explain(
      { ...question(8), seed: 2 },
      { cells: 2, samples: 600, alpha: 0 },
    );
    expect(gap(scores.data, steady.data)).toBeLessThan(0.2);
    const sparse = await findMethod('lime').explain(question(8), { cells: 2, samples: 600, alpha: 10 });
    expect(sparse.scores.data.every((v) => v === 0)).toBe(true);
  });
});

describe('regression', () => {
  const rng = random(3);
  const rows = Array.from({ length: 60 }, () => Array.from({ length: 5 }, () => Number(rng.uniform() < 0.5)));
  const weights = rows.map(() => 0.2 + rng.uniform());
  const exact = [2, -1, 0.5, 0, 3];
  const linear = rows.map((row) => 7 + row.reduce((total, v, j) => total + v * exact[j], 0));
  const noisy = linear.map((v) => v + rng.normal());

  it('finds the coefficients of what is linear', () => {
    expect(gap(leastSquares({ rows, values: linear, weights }), exact)).toBeLessThan(1e-10);
    expect(gap(lasso({ rows, values: linear, weights }, 0), exact)).toBeLessThan(1e-8);
  });

  it('leaves residuals at right angles to every feature and to the constant', () => {
    const found = leastSquares({ rows, values: noisy, weights });
    const fitted = rows.map((row) => row.reduce((total, v, j) => total + v * found[j], 0));
    const total = weights.reduce((a, b) => a + b, 0);
    const intercept = noisy.reduce((s, v, k) => s + weights[k] * (v - fitted[k]), 0) / total;
    for (let j = 0; j < 5; j++) {
      const angle = rows.reduce((s, row, k) => s + weights[k] * row[j] * (noisy[k] - intercept - fitted[k]), 0);
      expect(Math.abs(angle)).toBeLessThan(1e-9);
    }
  });

  it('meets the conditions of the lasso: |slope| = α where a coefficient is, ≤ α where none is', () => {
    const alpha = 0.08;
    const found = lasso({ rows, values: noisy, weights }, alpha);
    const total = weights.reduce((a, b) => a + b, 0);
    const fitted = rows.map((row) => row.reduce((s, v, j) => s + v * found[j], 0));
    const intercept = noisy.reduce((s, v, k) => s + weights[k] * (v - fitted[k]), 0) / total;
    expect(found.some((v) => v === 0)).toBe(true);
    found.forEach((coefficient, j) => {
      const slope = rows.reduce(
        (s, row, k) => s + (weights[k] / total) * row[j] * (noisy[k] - intercept - fitted[k]),
        0,
      );
      if (coefficient === 0) expect(Math.abs(slope)).toBeLessThanOrEqual(alpha + 1e-9);
      else expect(slope).toBeCloseTo(Math.sign(coefficient) * alpha, 9);
    });
  });

  it('gives nothing to a feature that never varies', () => {
    const constant = rows.map((row) => [...row, 1]);
    expect(leastSquares({ rows: constant, values: linear, weights })[5]).toBe(0);
    expect(lasso({ rows: constant, values: linear, weights }, 0)[5]).toBe(0);
  });
});

describe('feature permutation', () => {
  const others = [1, 2, 3].map((seed) => gaussian(x.shape, 30 + seed));
  const drawn = { baselines: (k: number) => others[k % 3], baselineCount: 3 };

  it.each([1, 5])('is what F loses on average, square by square, to each other image, %d at once', async (batch) => {
    const seen: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => void seen.push(done / total);
    const asked = { ...ask({ model, x, target, ...drawn, baseline: others[0] }, batch), onProgress };
    const { scores, value, passes } = await findMethod('feature-permutation').explain(asked, { cells: 3 });
    const whole = f(Float64Array.from(x.data));
    const truth = Array.from(x.data, (_, i) => {
      const lost = others.map(
        (b) => whole - f(Float64Array.from(x.data, (v, j) => (cellOf(j, 3) === cellOf(i, 3) ? b.data[j] : v))),
      );
      // A square of two by two places has eight elements.
      return lost.reduce((total, v) => total + v, 0) / 3 / 8;
    });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
    expect([value, passes]).toEqual([expect.closeTo(whole, 5), 30]);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
    expect(asked.engine.alive()).toBe(0);
  });

  it('of one other image is feature ablation against it', async () => {
    const one = { baselines: () => others[1], baselineCount: 1, baseline: others[1] };
    const asked = ask({ model, x, target, ...one });
    const [permuted, ablated] = [
      await findMethod('feature-permutation').explain(asked, { cells: 2 }),
      await findMethod('feature-ablation').explain(asked, { cells: 2 }),
    ];
    expect(permuted.scores.data).toEqual(ablated.scores.data);
  });

  it('asks for more images where there is none', async () => {
    await expect(findMethod('feature-permutation').explain(question())).rejects.toThrow(
      /no other images to compare with\. Open more images/,
    );
  });
});
