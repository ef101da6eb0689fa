/** Guided Integrated Gradients against PAIR's own numbers, a literal version, and what every path promises. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guidedPath } from '../../src/lib/attribution/guided-path.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import type { Progress, Target } from '../../src/lib/attribution/types.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { float32, full, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { denseNet, gradient, integratedGradients, type DenseNet } from '../reference/methods/dense.ts';
import { guidedIntegratedGradients, type Settings } from '../reference/methods/guided.ts';
import { ask, convModel, denseModel, gap, gaussian, modelOf } from './models.ts';

interface Golden {
  readonly net: { readonly w1: number[][]; readonly b1: number[]; readonly w2: number[] };
  readonly x: number[];
  readonly baseline: number[];
  readonly cases: readonly (Settings & { readonly scores: number[] })[];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/saliency/guided.json'), 'utf8'),
) as Golden;
const goldenNet: DenseNet = [
  { weight: golden.net.w1, bias: golden.net.b1, activation: 'tanh' },
  { weight: [golden.net.w2], bias: [0], activation: 'none' },
];

const method = findMethod('guided-integrated-gradients');
const smooth = denseNet([20, 15, 9, 3], 'tanh', 21);
const kinked = denseNet([20, 15, 9, 3], 'relu', 22);
const x = gaussian([1, 20], 3);
const baseline = gaussian([1, 20], 4, 0.5);
const class1: Target = { kind: 'logit', index: 1 };
const row = (data: readonly number[]): FloatTensor => float32([1, data.length], data);

describe('Guided Integrated Gradients', () => {
  it.each(golden.cases)(
    'gives the numbers of PAIR’s library: $steps steps, share $fraction, distance $maxDistance',
    async ({ scores, ...options }) => {
      const question = ask({ model: denseModel(goldenNet), x: row(golden.x), baseline: row(golden.baseline) });
      const found = await method.explain(question, { ...options, quadrature: 'left' });
      expect(gap(found.scores.data, scores)).toBeLessThan(1e-5);
    },
  );

  it.each(
    [smooth, kinked].flatMap((net) =>
      [
        { steps: 10, fraction: 0.25, maxDistance: 0.02 },
        { steps: 33, fraction: 0.1, maxDistance: 0.3 },
        { steps: 7, fraction: 0.6, maxDistance: 1 },
      ].map((settings) => [net[0].activation, settings, net] as const),
    ),
  )('on a net of %s is the algorithm written out element by element, %o', async (_name, settings, net) => {
    const slopes = (at: readonly number[]) => gradient(net, at, [0, 1, 0]);
    const truth = guidedIntegratedGradients(slopes, [...x.data], [...baseline.data], settings);
    const question = ask({ model: denseModel(net), x, baseline, target: class1 });
    const left = await method.explain(question, { ...settings, quadrature: 'left' });
    expect(gap(left.scores.data, truth.scores)).toBeLessThan(1e-5);
    expect(left.passes).toBe(settings.steps + 2);
    const mean = await method.explain(question, settings);
    const { points } = truth;
    const wanted = [...x.data].map((_, i) =>
      points
        .slice(1)
        .reduce((sum, to, k) => sum + ((slopes(points[k])[i] + slopes(to)[i]) / 2) * (to[i] - points[k][i]), 0),
    );
    expect(gap(mean.scores.data, wanted)).toBeLessThan(1e-5);
    expect(mean.passes).toBe(settings.steps + 3);
    expect(question.engine.alive()).toBe(0);
  });

  it('of a linear function is wᵢ (xᵢ − x′ᵢ), whatever the path', async () => {
    const weights = gaussian([20, 1], 9);
    const model = modelOf([20], (g, v) => g.matmul(v, g.constant(weights)));
    const { scores, check } = await method.explain(ask({ model, x, baseline }), { steps: 3, maxDistance: 1 });
    const truth = [...x.data].map((v, i) => weights.data[i] * (v - baseline.data[i]));
    expect(gap(scores.data, truth)).toBeLessThan(1e-6);
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it('of x₀x₁ goes along one side of the square and then the other: all for the last to move', async () => {
    const model = modelOf([2], (g, v) => g.mul(g.slice(v, [0], [1], [1]), g.slice(v, [1], [2], [1])));
    const options = { steps: 9, fraction: 0.01, maxDistance: 1 };
    const question = { model, x: row([3, 2]), baseline: row([0, 0.5]) };
    // At (0, ½) only x₀ has a slope, so x₁ moves first and for nothing; then x₀ gains all of F.
    const { scores } = await method.explain(ask(question), options);
    expect(gap(scores.data, [6, 0])).toBeLessThan(1e-5);
  });

  it('kept on the straight line is Integrated Gradients by the left Riemann sum', async () => {
    const question = () => ask({ model: denseModel(kinked), x, baseline, target: class1 });
    const straight = { steps: 12, quadrature: 'riemann-left' };
    const left = { steps: 12, quadrature: 'left' };
    const truth = await findMethod('integrated-gradients').explain(question(), straight);
    for (const fraction of [0.05, 0.25, 1]) {
      const { scores } = await method.explain(question(), { ...left, fraction, maxDistance: 0 });
      expect(gap(scores.data, truth.scores.data)).toBeLessThan(1e-5);
    }
    const anchored = await method.explain(question(), { ...left, maxDistance: 1, anchors: 11 });
    expect(gap(anchored.scores.data, truth.scores.data)).toBeLessThan(1e-5);
  });

  it('sums to F(x) − F(x′) on every path, the closer the more steps', async () => {
    for (const options of [
      {},
      { maxDistance: 1, quadrature: 'left' },
      { maxDistance: 0.3, anchors: 4 },
      { fraction: 1 },
    ]) {
      const gapOf = async (steps: number) => {
        const question = ask({ model: denseModel(smooth), x, baseline, target: class1 });
        const { scores, value, baselineValue, check } = await method.explain(question, { steps, ...options });
        expect(check!.delta).toBeCloseTo(sum(scores) - (value - baselineValue!), 5);
        return Math.abs(check!.delta);
      };
      expect(await gapOf(800)).toBeLessThan(0.2 * (await gapOf(80)));
      expect(await gapOf(800)).toBeLessThan(0.02);
    }
  });

  it('goes from anchor to anchor as if each were the image, and is Integrated Gradients in the limit', async () => {
    const { scores } = await method.explain(ask({ model: denseModel(smooth), x, baseline, target: class1 }), {
      steps: 1000,
      maxDistance: 1,
      anchors: 100,
    });
    const truth = integratedGradients(smooth, [...x.data], [...baseline.data], [0, 1, 0], 2000);
    expect(gap(scores.data, truth)).toBeLessThan(0.02);
  });

  it('gives zero to what equals its baseline and to what F ignores, and all zeros at the baseline', async () => {
    const dead = smooth.map((layer, k) =>
      k > 0 ? layer : { ...layer, weight: layer.weight.map((weights) => weights.with(4, 0)) },
    );
    const same = row([...baseline.data].with(2, x.data[2]));
    const { scores } = await method.explain(ask({ model: denseModel(dead), x, baseline: same, target: class1 }));
    expect([scores.data[2], scores.data[4]].map(Math.abs)).toEqual([0, 0]);
    expect(scores.data[0]).not.toBe(0);
    const still = await method.explain(ask({ model: denseModel(smooth), x, baseline: x }));
    expect(still.scores.data.every((v) => v === 0)).toBe(true);
    expect(still.check!.relative).toBe(0);
  });

  it('needs nothing of a batch, and explains a layer as an image', async () => {
    const model = convModel('Tanh');
    const image = { x: gaussian([1, 2, 6, 6], 7), baseline: full([1, 2, 6, 6], 0) };
    const once = await method.explain(ask({ model, ...image }), { steps: 9 });
    const alone = await method.explain(ask({ model: convModel('Tanh', { batched: false }), ...image }, 8), {
      steps: 9,
    });
    expect(alone.scores.data).toEqual(once.scores.data);
    const layer = await method.explain(ask({ model, ...image, layer: model.feature }), { steps: 200 });
    expect(layer.scores.shape).toEqual([1, 5, 3, 3]);
    expect(layer.check!.relative).toBeLessThan(0.02);
  });

  it('reports each step and stops at the next one when cancelled, leaving nothing on the device', async () => {
    const seen: Progress[] = [];
    const stop = new AbortController();
    const onProgress = (progress: Progress) => {
      seen.push(progress);
      if (progress.done === 3) stop.abort(new Error('enough'));
    };
    const question = ask({ model: denseModel(smooth), x, baseline, signal: stop.signal, onProgress }, 4);
    await expect(method.explain(question, { steps: 20 })).rejects.toThrow('enough');
    expect(seen).toEqual([1, 2, 3].map((done) => ({ done, total: 21 })));
    expect(question.engine.runs()).toBe(3);
    expect(question.engine.alive()).toBe(0);
  });
});

describe('the path', () => {
  const ways = Float64Array.from({ length: 50 }, (_, i) => (i % 7 === 0 ? 0 : 1 + (i % 5)));
  const total = ways.reduce((a, b) => a + b, 0);
  const slopes = (k: number) => Array.from(ways, (_, i) => Math.sin(37 * i + 11 * k));

  it.each([
    { fraction: 0.25, maxDistance: 0.1, anchors: 0 },
    { fraction: 0.02, maxDistance: 1, anchors: 3 },
    { fraction: 0.5, maxDistance: 0.04, anchors: 2 },
  ])('comes nearer by the same length each step, keeps its distance and passes its anchors: %o', (course) => {
    const steps = 37;
    const path = guidedPath(ways, steps, course);
    const anchors = Array.from({ length: course.anchors + 2 }, (_, j) =>
      Math.round((j * steps) / (course.anchors + 1)),
    );
    for (let k = 0; k < steps; k++) {
      const before = path.done.slice();
      const moved = path.step(k, slopes(k));
      const alpha = (k + 1) / steps;
      expect(path.done.reduce((at, share, i) => at + ways[i] * share, 0) / total).toBeCloseTo(alpha, 10);
      moved.forEach((by, i) => {
        expect(path.done[i] - before[i]).toBe(by);
        expect(by).toBeGreaterThanOrEqual(0);
        if (ways[i] > 0) expect(Math.abs(path.done[i] - alpha)).toBeLessThanOrEqual(course.maxDistance + 1e-12);
      });
      if (anchors.includes(k + 1))
        ways.forEach((way, i) => way > 0 && expect(path.done[i]).toBeCloseTo((k + 1) / steps, 12));
    }
  });

  it('takes the smallest slopes first, and those that are no numbers last', () => {
    const path = guidedPath(new Float64Array(4).fill(1), 2, { fraction: 0.01, maxDistance: 1, anchors: 0 });
    expect([...path.step(0, [Number.NaN, -3, 1, 2])]).toEqual([0, 0, 1, 1]);
    expect([...path.step(1, [Number.NaN, -3, 1, 2])]).toEqual([1, 1, 0, 0]);
  });
});
