import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import type { Target } from '../../src/lib/attribution/types.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { float32, zerosLike } from '../../src/lib/tensor/tensor.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import {
  deconvolution,
  denseNet,
  gradient,
  guidedBackpropagation,
  noisyGradients,
  outputsOf,
} from '../reference/methods/dense.ts';
import { smoothGradOver, type SmoothGradType } from '../../src/lib/attribution/smoothgrad.ts';
import { ask, convModel, denseModel, functionOf, gap, gaussian, quadratic } from './models.ts';

const net = denseNet([5, 8, 7, 4], 'relu', 11);
const model = denseModel(net);
const x = gaussian([1, 5], 3);
const seed2 = [0, 0, 1, 0];
const class2: Target = { kind: 'logit', index: 2 };

describe('Saliency', () => {
  const saliency = findMethod('saliency');

  it('of x₀x₁ + x₀² at (3, 4) is [10, 3]', async () => {
    const { scores, value } = await saliency.explain(ask({ model: quadratic(), x: float32([1, 2], [3, 4]) }));
    expect([...scores.data]).toEqual([10, 3]);
    expect(value).toBe(21);
  });

  it('is the chain rule written out neuron by neuron, signed or not', async () => {
    const truth = gradient(net, [...x.data], seed2);
    const signed = await saliency.explain(ask({ model, x, target: class2 }), { absolute: false });
    const absolute = await saliency.explain(ask({ model, x, target: class2 }));
    expect(gap(signed.scores.data, truth)).toBeLessThan(1e-6);
    expect(gap(absolute.scores.data, truth.map(Math.abs))).toBeLessThan(1e-6);
    expect(signed.value).toBeCloseTo(outputsOf(net, [...x.data])[2], 5);
  });

  it('agrees with central differences on a convolutional network', async () => {
    const conv = convModel('Tanh');
    const image = gaussian([1, 2, 6, 6], 4);
    const { scores } = await saliency.explain(ask({ model: conv, x: image, target: { kind: 'logit', index: 1 } }), {
      absolute: false,
    });
    expect(gap(scores.data, numericGradient(functionOf(conv, [0, 1, 0]), image.data))).toBeLessThan(1e-6);
  });

  it('is linear in the target: difference and logit − mean are combinations of logits', async () => {
    const of = async (target: Target) =>
      (await saliency.explain(ask({ model, x, target }), { absolute: false })).scores.data;
    const logits = await Promise.all([0, 1, 2, 3].map((index) => of({ kind: 'logit', index })));
    expect(
      gap(
        await of({ kind: 'difference', index: 2, other: 0 }),
        logits[2].map((v, i) => v - logits[0][i]),
      ),
    ).toBeLessThan(1e-6);
    const mean = logits[0].map((_, i) => (logits[0][i] + logits[1][i] + logits[2][i] + logits[3][i]) / 4);
    expect(
      gap(
        await of({ kind: 'logit-minus-mean', index: 1 }),
        logits[1].map((v, i) => v - mean[i]),
      ),
    ).toBeLessThan(1e-6);
  });

  it("of a probability is p(1 − p)·∂z_t minus the others' share", async () => {
    const z = outputsOf(net, [...x.data]);
    const exps = z.map(Math.exp);
    const p = exps.map((e) => e / exps.reduce((a, b) => a + b));
    const truth = gradient(
      net,
      [...x.data],
      p.map((q, i) => p[2] * (Number(i === 2) - q)),
    );
    const { scores, value } = await saliency.explain(ask({ model, x, target: { kind: 'probability', index: 2 } }), {
      absolute: false,
    });
    expect(gap(scores.data, truth)).toBeLessThan(1e-6);
    expect(value).toBeCloseTo(p[2], 6);
  });

  it('compiles one program for all classes, another for probabilities, and shares the forward pass', async () => {
    const question = ask({ model, x });
    for (const index of [0, 1, 2]) await saliency.explain({ ...question, target: { kind: 'logit', index } });
    expect(question.engine.built).toHaveLength(2);
    await saliency.explain({ ...question, target: { kind: 'probability', index: 0 } });
    expect(question.engine.built).toHaveLength(3);
    expect(question.engine.alive()).toBe(0);
  });

  it('refuses a class that the model does not have', async () => {
    const asked = saliency.explain(ask({ model, x, target: { kind: 'logit', index: 4 } }));
    await expect(asked).rejects.toThrow('the output has 4 elements, element 4 is asked for. Choose one from 0 to 3.');
  });
});

describe('Input × Gradient', () => {
  const method = findMethod('input-x-gradient');

  it('is x · ∂F/∂x', async () => {
    const { scores } = await method.explain(ask({ model, x, target: class2 }));
    expect(
      gap(
        scores.data,
        gradient(net, [...x.data], seed2).map((g, i) => g * x.data[i]),
      ),
    ).toBeLessThan(1e-6);
  });

  it('sums to F(x) − F(0) on a ReLU network without biases, and says by how much it does not elsewhere', async () => {
    const homogeneous = denseModel(denseNet([5, 8, 7, 4], 'relu', 11, { bias: false }));
    const exact = await method.explain(ask({ model: homogeneous, x }));
    expect(exact.check!.relative).toBeLessThan(1e-6);
    const { scores, value, check } = await method.explain(ask({ model, x, target: class2 }));
    const atZero = outputsOf(net, [0, 0, 0, 0, 0])[2];
    expect(check!.delta).toBeCloseTo(sum(scores) - (value - atZero), 6);
    expect(check!.relative).toBeGreaterThan(1e-3);
    expect(check!.kind).toBe('first-order');
  });
});

describe.each([
  ['guided-backpropagation', guidedBackpropagation],
  ['deconvolution', deconvolution],
] as const)('%s', (id, reference) => {
  const method = findMethod(id);

  it('is its rule written out neuron by neuron', async () => {
    const truth = reference(net, [...x.data], seed2);
    const { scores } = await method.explain(ask({ model, x, target: class2 }));
    expect(gap(scores.data, truth)).toBeLessThan(1e-6);
    expect(gap(truth, gradient(net, [...x.data], seed2))).toBeGreaterThan(1e-2);
  });

  it('is not offered for a model without a ReLU', () => {
    expect(method.unavailable(model)).toBeNull();
    expect(method.unavailable(denseModel(denseNet([5, 4], 'tanh', 1)))).toMatch(/^This model has no ReLU/);
  });
});

describe('SmoothGrad', () => {
  const method = findMethod('smoothgrad');
  const noise = Array.from({ length: 7 }, (_, k) => gaussian([1, 5], 100 + k, 0.4));

  it.each([
    ['smoothgrad', 'mean'],
    ['smoothgrad-squared', 'meanSquare'],
    ['vargrad', 'variance'],
  ] as const)(
    '%s is the %s of the gradients at the noisy copies, in chunks of any size',
    async (type: SmoothGradType, moment) => {
      for (const absolute of [false, true]) {
        const truth = noisyGradients(
          net,
          [...x.data],
          seed2,
          noise.map((e) => [...e.data]),
          absolute,
        )[moment];
        for (const batch of [1, 3, 7, 20]) {
          const question = ask({ model, x, target: class2 }, batch);
          const { scores } = await smoothGradOver(question, 7, (k) => noise[k], { type, absolute });
          expect(gap(scores.data, truth)).toBeLessThan(1e-5);
          expect(question.engine.alive()).toBe(0);
        }
      }
    },
  );

  it('gives the same map for the same seed whatever the chunks, and another for another seed', async () => {
    const run = async (seed: number, batch: number) =>
      (await method.explain(ask({ model, x, seed }, batch), { samples: 10 })).scores.data;
    const first = await run(5, 1);
    expect(gap(await run(5, 4), first)).toBeLessThan(1e-6);
    expect(gap(await run(6, 1), first)).toBeGreaterThan(1e-3);
  });

  it('is the plain gradient without noise, with no standard error but the rounding of float32', async () => {
    const { scores, check } = await method.explain(ask({ model, x, target: class2 }), { noise: 0, samples: 4 });
    expect(gap(scores.data, gradient(net, [...x.data], seed2))).toBeLessThan(1e-6);
    // The variance is a difference of squares, each rounded to 2⁻²⁴ of its size.
    expect(check!.relative).toBeLessThan(2 * Math.sqrt(2 ** -23));
  });

  it('draws noise of the stated share of the range of values', async () => {
    // F = x₀², so that the gradient 2(x₀ + ε) shows the noise itself.
    const spread = await method.explain(ask({ model: quadratic(), x: float32([1, 2], [0, 10]) }), {
      type: 'vargrad',
      samples: 1000,
      noise: 0.2,
    });
    const sigma = 2;
    // Var(∂F/∂x₁) = Var(x₀ + ε₀) = σ²; its standard error over 1,000 samples is σ²·√(2/1000) = 4.5 %.
    expect(Math.abs(spread.scores.data[1] - sigma ** 2)).toBeLessThan(4 * 0.045 * sigma ** 2);
  });

  it('states the standard error of its mean', async () => {
    const { scores, check } = await smoothGradOver(ask({ model, x, target: class2 }), 7, (k) => noise[k], {
      type: 'smoothgrad',
      absolute: false,
    });
    const { variance } = noisyGradients(
      net,
      [...x.data],
      seed2,
      noise.map((e) => [...e.data]),
      false,
    );
    const rms = Math.sqrt(variance.reduce((a, v) => a + v / 6, 0) / 5);
    expect(check!.delta).toBeCloseTo(rms, 5);
    expect(check!.relative).toBeCloseTo(rms / Math.sqrt(scores.data.reduce((a, v) => a + v * v, 0) / 5), 5);
  });

  it('of a constant is zero', async () => {
    const { scores } = await method.explain(ask({ model: quadratic(), x: zerosLike(float32([1, 2], [0, 0])) }), {
      samples: 3,
    });
    expect([...scores.data]).toEqual([0, 0]);
  });
});
