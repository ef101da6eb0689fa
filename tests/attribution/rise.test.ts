/** RISE against its formula in plain loops, on masks whose own properties are tested apart. */
import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { maskDrawer } from '../../src/lib/attribution/rise.ts';
import { full } from '../../src/lib/tensor/tensor.ts';
import { ask, convModel, functionOf, gap, gaussian } from './models.ts';

const model = convModel('Tanh');
const x = gaussian([1, 2, 6, 6], 7);
const baseline = full(x.shape, 0.2);
const target = { kind: 'logit', index: 1 } as const;
const f = functionOf(model, [0, 1, 0]);
const question = (batch = 1, seed = 1) => ask({ model, x, baseline, target, seed }, batch);
const rise = findMethod('rise');

describe('RISE', () => {
  it.each([
    [1, true],
    [5, true],
    [40, false],
  ])('is its formula over the masks it draws, %d at once, centred: %s', async (batch, centred) => {
    const asked = question(batch);
    const options = { samples: 23, cells: 3, probability: 0.4, centred };
    const { scores, value, passes } = await rise.explain(asked, options);
    const draw = maskDrawer(asked, 3, 0.4);
    const masks = Array.from({ length: 23 }, draw);
    const ys = masks.map((m) => f(Float64Array.from(x.data, (v, i) => m[i] * v + (1 - m[i]) * baseline.data[i])));
    const mean = ys.reduce((a, b) => a + b, 0) / 23;
    const wanted = Array.from(x.data, (_, i) => {
      const sum = masks.reduce((total, m, k) => total + (ys[k] - (centred ? mean : 0)) * m[i], 0);
      // Two channels share it.
      return sum / (0.4 * 23) / 2;
    });
    expect(gap(scores.data, wanted)).toBeLessThan(1e-5);
    expect(value).toBeCloseTo(f(Float64Array.from(x.data)), 5);
    expect(passes).toBe(24);
    expect(asked.engine.alive()).toBe(0);
  });

  it('draws masks of all channels together, between 0 and 1, of the mean p, from the seed', () => {
    const draw = maskDrawer(question(), 3, 0.3);
    const masks = Array.from({ length: 2000 }, draw);
    for (const m of masks.slice(0, 20)) {
      expect(m.every((v) => v >= 0 && v <= 1)).toBe(true);
      expect([...m.subarray(0, 36)]).toEqual([...m.subarray(36)]);
    }
    const means = Array.from({ length: 36 }, (_, i) => masks.reduce((sum, m) => sum + m[i], 0) / masks.length);
    // A place is one coin or a mean of some: its deviation over 2000 masks is 0.01 at most.
    means.forEach((mean) => expect(Math.abs(mean - 0.3)).toBeLessThan(0.045));
    expect(maskDrawer(question(), 3, 0.3)()).toEqual(masks[0]);
    expect(maskDrawer(question(1, 2), 3, 0.3)()).not.toEqual(masks[0]);
  });

  it('is soft: between two cells the mask passes through what lies between', () => {
    const wide = gaussian([1, 2, 6, 60], 3);
    const draw = maskDrawer({ model: { ...model, images: model.images }, x: wide, seed: 4 } as never, 3, 0.5);
    const row = Array.from({ length: 30 }, draw)
      .find((m) => m[0] !== m[59])!
      .subarray(0, 60);
    row.slice(1).forEach((v, i) => expect(Math.abs(v - row[i])).toBeLessThanOrEqual(1 / 20 + 1e-6));
  });

  it('says nothing of an image that is the baseline', async () => {
    const { scores } = await rise.explain(ask({ model, x: baseline, baseline, target }, 4), { samples: 8 });
    expect(scores.data.every((v) => Math.abs(v) < 1e-6)).toBe(true);
  });

  it('finds the square that alone counts', async () => {
    const { scores } = await rise.explain(question(50), { samples: 700, cells: 6 });
    // By ablation of single places, in float64.
    const drops = Array.from(
      { length: 36 },
      (_, p) =>
        f(Float64Array.from(x.data)) - f(Float64Array.from(x.data, (v, i) => (i % 36 === p ? baseline.data[i] : v))),
    );
    const map = Array.from({ length: 36 }, (_, p) => scores.data[p] + scores.data[36 + p]);
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const [a, b] = [drops, map].map((list) => list.map((v) => v - mean(list)));
    const dot = (u: readonly number[], v: readonly number[]) => u.reduce((s, w, i) => s + w * v[i], 0);
    expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toBeGreaterThan(0.5);
  });
});
