import { describe, expect, it } from 'vitest';
import { deepLiftUnder } from '../../src/lib/attribution/deeplift.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { deepliftCaptum, deepliftComplete, deepliftExtended } from '../../src/lib/autodiff/rule-sets.ts';
import type { Progress, Target } from '../../src/lib/attribution/types.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { float32, full } from '../../src/lib/tensor/tensor.ts';
import { deepLiftMultipliers, denseNet, integratedGradients, outputsOf } from '../reference/methods/dense.ts';
import { ask, convModel, denseModel, gap, gaussian, modelOf, quadratic } from './models.ts';

const smooth = denseNet([5, 9, 6, 3], 'tanh', 21);
const kinked = denseNet([5, 9, 6, 3], 'relu', 22);
const x = gaussian([1, 5], 3);
const baseline = gaussian([1, 5], 4, 0.5);
const class1: Target = { kind: 'logit', index: 1 };
const seed1 = [0, 1, 0];

describe('Integrated Gradients', () => {
  const method = findMethod('integrated-gradients');
  const ig = method.explain;

  it('of x₀x₁ + x₀² at (3, 4) is [15, 6]', async () => {
    const { scores, check, value, baselineValue } = await ig(
      ask({ model: quadratic(), x: float32([1, 2], [3, 4]), baseline: full([1, 2], 0) }),
      { steps: 3 },
    );
    expect(gap(scores.data, [15, 6])).toBeLessThan(1e-6);
    expect([value, baselineValue]).toEqual([21, 0]);
    expect(Math.abs(check!.delta)).toBeLessThan(1e-5);
  });

  it('of a separable function is φᵢ(xᵢ) − φᵢ(x′ᵢ) for each element', async () => {
    const model = modelOf([5], (g, v) => g.reduceSum(g.add(g.tanh(v), g.mul(g.square(v), v)), [1]));
    const phi = (v: number) => Math.tanh(v) + v ** 3;
    const { scores } = await ig(ask({ model, x, baseline }), { steps: 24 });
    expect(
      gap(
        scores.data,
        [...x.data].map((v, i) => phi(v) - phi(baseline.data[i])),
      ),
    ).toBeLessThan(1e-6);
  });

  it('agrees with ten thousand midpoint steps on a smooth network', async () => {
    const truth = integratedGradients(smooth, [...x.data], [...baseline.data], seed1, 10_000);
    const { scores } = await ig(ask({ model: denseModel(smooth), x, baseline, target: class1 }), { steps: 64 });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });

  it('sums to F(x) − F(x′) on a smooth network', async () => {
    const { scores, value, baselineValue, check } = await ig(
      ask({ model: denseModel(smooth), x, baseline, target: class1 }),
      { steps: 64 },
    );
    expect(value).toBeCloseTo(outputsOf(smooth, [...x.data])[1], 5);
    expect(baselineValue).toBeCloseTo(outputsOf(smooth, [...baseline.data])[1], 5);
    expect(Math.abs(sum(scores) - (value - baselineValue!))).toBeLessThan(1e-5);
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it.each(['gauss-legendre', 'riemann-left', 'riemann-right', 'riemann-middle', 'riemann-trapezoid'])(
    'with %s gives the same scores in chunks of any size',
    async (quadrature) => {
      const run = async (batch: number, batched = true) => {
        const question = ask({ model: denseModel(kinked, { batched }), x, baseline, target: class1 }, batch);
        const { scores } = await ig(question, { steps: 11, quadrature });
        expect(question.engine.alive()).toBe(0);
        return scores.data;
      };
      const one = await run(1);
      for (const batch of [2, 4, 11, 16]) expect(gap(await run(batch), one)).toBeLessThan(1e-6);
      expect(gap(await run(8, false), one)).toBeLessThan(1e-6);
    },
  );

  it('right and left Riemann sums converge to the truth from their sides, the middle faster', async () => {
    const truth = integratedGradients(smooth, [...x.data], [...baseline.data], seed1, 10_000);
    const error = async (quadrature: string, steps: number) =>
      gap(
        (await ig(ask({ model: denseModel(smooth), x, baseline, target: class1 }), { steps, quadrature })).scores.data,
        truth,
      );
    for (const side of ['riemann-left', 'riemann-right'])
      expect(await error(side, 80)).toBeLessThan(0.6 * (await error(side, 40)));
    expect(await error('riemann-middle', 40)).toBeLessThan(0.2 * (await error('riemann-left', 40)));
  });

  it('gives zero to an element that equals its baseline, and to one that F ignores', async () => {
    const dead = denseNet([5, 9, 6, 3], 'tanh', 21).map((layer, k) =>
      k > 0 ? layer : { ...layer, weight: layer.weight.map((row) => row.with(4, 0)) },
    );
    const same = float32([1, 5], [...baseline.data].with(2, x.data[2]));
    const { scores } = await ig(ask({ model: denseModel(dead), x, baseline: same, target: class1 }));
    expect(Math.abs(scores.data[2])).toBe(0);
    expect(Math.abs(scores.data[4])).toBe(0);
    expect(scores.data[0]).not.toBe(0);
  });

  it('is linear in the target', async () => {
    const of = async (target: Target) =>
      (await ig(ask({ model: denseModel(kinked), x, baseline, target }))).scores.data;
    const [a, b] = [await of({ kind: 'logit', index: 2 }), await of({ kind: 'logit', index: 0 })];
    expect(
      gap(
        await of({ kind: 'difference', index: 2, other: 0 }),
        a.map((v, i) => v - b[i]),
      ),
    ).toBeLessThan(1e-5);
  });

  it('without multiplication by x − x′ is the mean gradient, with no promise to keep', async () => {
    const question = ask({ model: denseModel(smooth), x, baseline, target: class1 });
    const full = await ig(question);
    const local = await ig(question, { multiplyByInputs: false });
    expect(
      gap(
        local.scores.data.map((v, i) => v * (x.data[i] - baseline.data[i])),
        full.scores.data,
      ),
    ).toBeLessThan(1e-6);
    expect(local.check).toBeUndefined();
  });

  it('reports each chunk and stops at the next one when cancelled, leaving nothing on the device', async () => {
    const seen: Progress[] = [];
    const stop = new AbortController();
    const question = ask(
      {
        model: denseModel(smooth),
        x,
        baseline,
        signal: stop.signal,
        onProgress: (p) => {
          seen.push(p);
          if (p.done === 6) stop.abort(new Error('enough'));
        },
      },
      2,
    );
    await expect(ig(question, { steps: 20 })).rejects.toThrow('enough');
    expect(seen).toEqual([2, 4, 6].map((done) => ({ done, total: 20 })));
    expect(question.engine.runs()).toBe(3);
    expect(question.engine.alive()).toBe(0);
  });

  it('asks for a baseline', async () => {
    await expect(ig(ask({ model: quadratic(), x: float32([1, 2], [3, 4]) }))).rejects.toThrow(
      'Integrated Gradients: there is no baseline.',
    );
  });
});

describe('DeepLIFT', () => {
  const method = findMethod('deeplift');

  it.each([
    ['tanh', smooth],
    ['relu', kinked],
  ] as const)('is the rescale rule written out neuron by neuron (%s)', async (_name, net) => {
    const truth = deepLiftMultipliers(net, [...x.data], [...baseline.data], seed1);
    const question = ask({ model: denseModel(net), x, baseline, target: class1 });
    const scores = await method.explain(question);
    const multipliers = await method.explain(question, { multiplyByInputs: false });
    expect(gap(multipliers.scores.data, truth)).toBeLessThan(1e-5);
    expect(
      gap(
        scores.scores.data,
        truth.map((m, i) => m * (x.data[i] - baseline.data[i])),
      ),
    ).toBeLessThan(1e-5);
    expect(multipliers.check).toBeUndefined();
  });

  it('under the complete rules sums to F(x) − F(x′) through convolutions, products, normalisation and softmax', async () => {
    const model = modelOf([2, 6, 6], (g, image) => {
      const weights = g.constant(gaussian([4, 2, 3, 3], 1, 0.5));
      const conv = g.apply('Conv', [image, weights], { kernel_shape: [3, 3] });
      const gate = g.sigmoid(g.reduceMean(conv, [2, 3]));
      const pooled = g.apply('MaxPool', [g.mul(g.relu(conv), gate)], { kernel_shape: [3, 3], strides: [1, 1] });
      const flat = g.reshape(pooled, [image.shape[0], 4, 4]);
      const attention = g.softmax(g.matmul(flat, g.transpose(flat)), -1);
      return g.matmul(g.reshape(g.matmul(attention, flat), [image.shape[0], 16]), g.constant(gaussian([16, 3], 2)));
    });
    const question = { model, x: gaussian([1, 2, 6, 6], 5), baseline: gaussian([1, 2, 6, 6], 6, 0.3), target: class1 };
    const complete = await method.explain(ask(question));
    expect(complete.check!.relative).toBeLessThan(1e-5);
    const captum = await method.explain(ask(question), { rules: 'captum' });
    expect(captum.check!.relative).toBeGreaterThan(1e-3);
  });

  it('at a layer sums to the same difference', async () => {
    const model = convModel('Relu');
    const question = ask({ model, x: gaussian([1, 2, 6, 6], 5), baseline: gaussian([1, 2, 6, 6], 6) });
    const atLayer = await deepLiftUnder(question, deepliftComplete, { multiplyByInputs: true, at: model.feature });
    expect(atLayer.scores.shape).toEqual([1, 5, 3, 3]);
    expect(atLayer.check!.relative).toBeLessThan(1e-5);
  });

  it("extended rules are complete where Captum's table plus the newer activations covers the model", async () => {
    const model = modelOf([5], (g, v) => g.matmul(g.apply('HardSwish', [v]), g.constant(gaussian([5, 3], 8))));
    const question = { model, x, baseline, target: class1 };
    expect(
      (await deepLiftUnder(ask(question), deepliftExtended, { multiplyByInputs: true })).check!.relative,
    ).toBeLessThan(1e-5);
    expect(
      (await deepLiftUnder(ask(question), deepliftCaptum, { multiplyByInputs: true })).check!.relative,
    ).toBeGreaterThan(1e-3);
  });
});
