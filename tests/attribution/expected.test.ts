/** Averages over baselines, places and noise, against the same sums in plain loops, and what they converge to. */
import { describe, expect, it } from 'vitest';
import { expectedGradients } from '../../src/lib/attribution/expected.ts';
import { drawsOf } from '../../src/lib/attribution/gradient-shap.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { activationOf } from '../../src/lib/attribution/part.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { full, zerosLike } from '../../src/lib/tensor/tensor.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import { denseNet } from '../reference/methods/dense.ts';
import { ask, convModel, denseModel, functionOf, gap, gaussian } from './models.ts';

const smooth = denseModel(denseNet([5, 9, 6, 3], 'tanh', 21));
const x = gaussian([1, 5], 3);
const target = { kind: 'logit', index: 1 } as const;
const f = functionOf(smooth, [0, 1, 0]);
const baselines = (k: number) => gaussian([1, 5], 100 + k, 0.3);
const question = (batch = 1) => ask({ model: smooth, x, target, baseline: baselines(0), baselines }, batch);

describe('Expected Gradients and GradientSHAP', () => {
  it.each([1, 3, 8])('are the mean over their draws, %d at once', async (batch) => {
    const asked = question(batch);
    const { scores, baselineValue } = await findMethod('gradient-shap').explain(asked, { samples: 7, noise: 0.1 });
    const draw = drawsOf(question(), 0.1);
    const truth = Array<number>(5).fill(0);
    let values = 0;
    for (let k = 0; k < 7; k++) {
      const { from, to, alpha } = draw(k);
      const point = Float64Array.from(from.data, (v, i) => v + alpha * (to.data[i] - v));
      numericGradient(f, point).forEach((slope, i) => (truth[i] += (slope * (to.data[i] - from.data[i])) / 7));
      values += f(Float64Array.from(from.data)) / 7;
    }
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
    expect(baselineValue).toBeCloseTo(values, 5);
    expect(asked.engine.alive()).toBe(0);
  });

  it('converge to Integrated Gradients where there is one baseline', async () => {
    const asked = ask({ model: smooth, x, target, baseline: baselines(0) }, 50);
    const truth = (await findMethod('integrated-gradients').explain(asked, { steps: 64 })).scores;
    const error = async (samples: number) => {
      const { scores } = await findMethod('expected-gradients').explain(asked, { samples });
      return gap(scores.data, truth.data);
    };
    expect(await error(2000)).toBeLessThan(0.05);
    expect(await error(2000)).toBeLessThan(await error(8));
  });

  it('are the same for a seed and others for another', async () => {
    const run = async (seed: number) =>
      (await findMethod('expected-gradients').explain({ ...question(), seed }, { samples: 5 })).scores.data;
    expect(await run(4)).toEqual(await run(4));
    expect(await run(4)).not.toEqual(await run(5));
  });

  it('of a layer take its own difference and slope', async () => {
    const model = convModel('Tanh');
    const image = gaussian([1, 2, 6, 6], 7);
    const from = full(image.shape, 0.1);
    const asked = ask({ model, x: image, baseline: from, target });
    const { scores } = await expectedGradients(asked, 1, () => ({ from, to: image, alpha: 0.25 }), model.feature);
    const point = zerosLike(image);
    point.data.forEach((_, i) => (point.data[i] = 0.1 + 0.25 * (image.data[i] - 0.1)));
    const [to, start, here] = await Promise.all(
      [image, from, point].map((at) => activationOf(asked, model.feature, at)),
    );
    const slope = numericGradient(functionOf(model, [0, 1, 0], model.feature, point), here.data);
    const truth = slope.map((v, i) => v * (to.data[i] - start.data[i]));
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });
});

describe('DeepSHAP', () => {
  it('is the mean of DeepLIFT over the baselines, and complete', async () => {
    const asked = question();
    const { scores, check } = await findMethod('deeplift-shap').explain(asked, { baselines: 4 });
    const truth = Array<number>(5).fill(0);
    for (let k = 0; k < 4; k++) {
      const one = await findMethod('deeplift').explain({ ...asked, baseline: baselines(k) });
      one.scores.data.forEach((v, i) => (truth[i] += v / 4));
    }
    expect(gap(scores.data, truth)).toBeLessThan(1e-6);
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it('takes each of the images that are given once, however many are to be drawn', async () => {
    const given = { baseline: baselines(0), baselines: (k: number) => baselines(k % 3), baselineCount: 3 };
    const asked = ask({ model: smooth, x, target, ...given });
    const [all, drawn] = [{ baselines: 10 }, { baselines: 3 }];
    const { scores } = await findMethod('deeplift-shap').explain(asked, all);
    expect(scores.data).toEqual((await findMethod('deeplift-shap').explain(question(), drawn)).scores.data);
  });

  it('asks once where there is one baseline', async () => {
    const asked = ask({ model: smooth, x, target, baseline: baselines(0) });
    const { scores, passes } = await findMethod('deeplift-shap').explain(asked, { baselines: 9 });
    expect(scores.data).toEqual((await findMethod('deeplift').explain(asked)).scores.data);
    expect(passes).toBe(4);
  });
});

describe('the noise tunnel', () => {
  it('over the gradient is SmoothGrad', async () => {
    for (const type of ['smoothgrad', 'smoothgrad-squared', 'vargrad']) {
      const options = { type, samples: 6, noise: 0.2 };
      const tunnel = findMethod('noise-tunnel').explain(question(), { ...options, method: 'input-x-gradient' });
      expect((await tunnel).scores.data.every(Number.isFinite)).toBe(true);
      const truth = await findMethod('smoothgrad').explain(question(3), { ...options, absolute: true });
      const same = await findMethod('noise-tunnel').explain(question(), { ...options, method: 'saliency' });
      expect(gap(same.scores.data, truth.scores.data), type).toBeLessThan(1e-5);
    }
  });

  it('stops when it is told to and leaves nothing behind', async () => {
    const stop = new AbortController();
    const asked = { ...question(), signal: stop.signal, onProgress: () => stop.abort() };
    await expect(findMethod('noise-tunnel').explain(asked, { samples: 50 })).rejects.toThrow();
    expect(asked.engine.alive()).toBe(0);
  });
});

describe('a layer on the path', () => {
  const model = convModel('Tanh');
  const image = gaussian([1, 2, 6, 6], 7);
  const baseline = full(image.shape, 0);
  const asked = (batch = 1) => ask({ model, x: image, baseline, target, layer: model.feature }, batch);

  it.each([1, 4])('conducts what the score changes by, %d at once', async (batch) => {
    const { scores, value, baselineValue } = await findMethod('layer-conductance').explain(asked(batch), {
      steps: 200,
      quadrature: 'riemann-trapezoid',
    });
    expect(scores.shape).toEqual([1, 5, 3, 3]);
    expect(sum(scores)).toBeCloseTo(value - baselineValue!, 2);
  });

  it('has the influence that its slope has on average', async () => {
    const { scores } = await findMethod('internal-influence').explain(asked(4), {
      steps: 3,
      quadrature: 'riemann-middle',
    });
    const truth = Array<number>(45).fill(0);
    for (const alpha of [1 / 6, 1 / 2, 5 / 6]) {
      const point = zerosLike(image);
      point.data.forEach((_, i) => (point.data[i] = alpha * image.data[i]));
      const here = await activationOf(asked(), model.feature, point);
      const slope = numericGradient(functionOf(model, [0, 1, 0], model.feature, point), here.data);
      slope.forEach((v, i) => (truth[i] += v / 3));
    }
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });
});
