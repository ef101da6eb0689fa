import { describe, expect, it } from 'vitest';
import { placesOnPath, segmentsOfPath } from '../../src/lib/attribution/path-terms.ts';
import { deepLiftMultipliers, denseNet, gradient, outputsOf } from '../reference/methods/dense.ts';
import { ask, denseModel, gap, gaussian } from './models.ts';

const net = denseNet([5, 9, 6, 3], 'relu', 22);
const x = gaussian([1, 5], 3);
const baseline = gaussian([1, 5], 4, 0.5);
const seed = [0, 1, 0];
const asked = (batch: number, batched = true) =>
  ask({ model: denseModel(net, { batched }), x, baseline, target: { kind: 'logit', index: 1 } }, batch);
const at = (alpha: number) => [...x.data].map((v, i) => baseline.data[i] + alpha * (v - baseline.data[i]));

describe.each([
  [1, true],
  [3, true],
  [16, true],
  [8, false],
])('in chunks of %i (batched: %s)', (batch, batched) => {
  it('places have the gradient times x − x′, and F, in the order of what was asked', async () => {
    const alphas = [0.9, 0, 0.31, 1, 0.5];
    const question = asked(batch, batched);
    const places = await placesOnPath(question, alphas);
    expect(places).toHaveLength(alphas.length);
    places.forEach(({ slope, value }, k) => {
      const wanted = gradient(net, at(alphas[k]), seed).map((g, i) => g * (x.data[i] - baseline.data[i]));
      expect(gap(slope, wanted)).toBeLessThan(1e-5);
      expect(value).toBeCloseTo(outputsOf(net, at(alphas[k]))[1], 5);
    });
    expect(question.engine.alive()).toBe(0);
  });

  it('segments have DeepLIFT’s scores from one end to the other', async () => {
    const segments = [
      { from: 0, to: 1 },
      { from: 0.5, to: 0.75 },
      { from: 0.25, to: 0.3 },
      { from: 0.9, to: 1 },
    ];
    const question = asked(batch, batched);
    const found = await segmentsOfPath(question, segments);
    expect(found).toHaveLength(segments.length);
    found.forEach((scores, k) => {
      const { from, to } = segments[k];
      const multipliers = deepLiftMultipliers(net, at(to), at(from), seed);
      const wanted = multipliers.map((m, i) => m * (to - from) * (x.data[i] - baseline.data[i]));
      expect(gap(scores, wanted)).toBeLessThan(1e-5);
    });
    expect(question.engine.alive()).toBe(0);
  });
});
