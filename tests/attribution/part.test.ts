/** Layers in place of images, neurons in place of classes, against differences of float64 functions. */
import { describe, expect, it } from 'vitest';
import { findMethod, methods } from '../../src/lib/attribution/index.ts';
import { activationOf, fromLayer, upTo } from '../../src/lib/attribution/part.ts';
import type { ModelGraph } from '../../src/lib/attribution/types.ts';
import type { Value } from '../../src/lib/graph/graph.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { full } from '../../src/lib/tensor/tensor.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';
import { ask, convModel, functionOf, gap, gaussian, modelOf } from './models.ts';

const x = gaussian([1, 2, 6, 6], 7);
const target = { kind: 'logit', index: 1 } as const;
const class1 = [0, 1, 0];

/** F = Σ w · (tanh(a) ⊙ x + a²), where the layer a = tanh(Wx) is bypassed by x. */
function bypassed(): ModelGraph & { readonly layer: Value } {
  let layer: Value | null = null;
  const model = modelOf([4], (g, input) => {
    const product = g.matmul(input, g.constant(gaussian([4, 4], 11)));
    layer = g.apply('Tanh', [product], {}, { outputs: ['layer'] });
    const mixed = g.add(g.mul(g.tanh(layer), input), g.square(layer));
    return g.matmul(mixed, g.constant(gaussian([4, 3], 12)));
  });
  return { ...model, layer: layer! };
}

describe('a method asked about a layer', () => {
  it('differentiates by the layer, what bypasses it being fixed', async () => {
    const model = bypassed();
    const input = gaussian([1, 4], 13);
    const question = ask({ model, x: input, target, layer: model.layer });
    const { scores } = await findMethod('saliency').explain(question, { absolute: false });
    const activation = await activationOf(question, model.layer);
    const f = functionOf(model, class1, model.layer, input);
    expect(gap(scores.data, numericGradient(f, activation.data))).toBeLessThan(1e-5);
  });

  it('integrates from the layer on the baseline to the layer on the image', async () => {
    const model = bypassed();
    const [input, baseline] = [gaussian([1, 4], 13), gaussian([1, 4], 14)];
    const question = ask({ model, x: input, baseline, target, layer: model.layer });
    const [to, from] = [await activationOf(question, model.layer), await activationOf(question, model.layer, baseline)];
    const f = functionOf(model, class1, model.layer, input);
    const steps = 2000;
    const truth = Array<number>(4).fill(0);
    for (let k = 0; k < steps; k++) {
      const at = Float64Array.from(to.data, (v, i) => from.data[i] + ((k + 0.5) / steps) * (v - from.data[i]));
      numericGradient(f, at).forEach((slope, i) => (truth[i] += (slope * (to.data[i] - from.data[i])) / steps));
    }
    for (const batch of [1, 4]) {
      const again = { ...question, engine: ask({ model, x: input }, batch).engine };
      const { scores, value, baselineValue } = await findMethod('integrated-gradients').explain(again, { steps: 40 });
      expect(gap(scores.data, truth)).toBeLessThan(1e-5);
      expect(value).toBeCloseTo(f(Float64Array.from(to.data)), 5);
      expect(baselineValue).toBeCloseTo(f(Float64Array.from(from.data)), 5);
      expect(again.engine.alive()).toBe(0);
    }
  });

  it('gives scores in the layer’s shape, whichever method can', async () => {
    const model = convModel('Relu');
    const able = methods.filter(({ layers, needs }) => layers && !needs.layer);
    expect(able.length).toBeGreaterThan(3);
    for (const method of able) {
      const question = ask({ model, x, baseline: full(x.shape, 0), target, layer: model.feature });
      const { scores } = await method.explain(question);
      expect(scores.shape, method.id).toEqual([1, 5, 3, 3]);
    }
  });

  it('sums to the same whether the image or a layer without a way around it is explained', async () => {
    const model = convModel('Relu');
    const question = ask({ model, x, baseline: full(x.shape, 0), target });
    const method = findMethod('deeplift');
    const [image, layer] = [
      await method.explain(question),
      await method.explain({ ...question, layer: model.feature }),
    ];
    expect(sum(layer.scores)).toBeCloseTo(sum(image.scores), 5);
  });

  it('refuses one that it cannot explain', async () => {
    const model = convModel('Relu');
    const question = ask({ model, x, target, layer: model.feature });
    await expect(findMethod('deconvolution').explain(question)).rejects.toThrow(
      /explains the image and no layer, "feature"/,
    );
    await expect(fromLayer(question, model.probabilities)).rejects.toThrow(/the output does not depend on it/);
  });
});

describe('a neuron in place of a class', () => {
  it('is explained by its own gradient', async () => {
    const model = convModel('Tanh');
    const index = 3 * 9 + 4;
    const { scores, value } = await findMethod('saliency').explain(upTo(ask({ model, x }), model.feature, index), {
      absolute: false,
    });
    const neuron = (at: ArrayLike<number>) =>
      evaluate([model.feature], new Map([[model.input, ref('float32', x.shape, at)]]))[0].data[index];
    expect(gap(scores.data, numericGradient(neuron, x.data))).toBeLessThan(1e-5);
    expect(value).toBeCloseTo(neuron(x.data), 5);
  });
});
