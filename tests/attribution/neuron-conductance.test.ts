/** A class through a neuron: the part of Integrated Gradients that passes there, and what all neurons of a layer make together. */
import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import type { ModelGraph, Target } from '../../src/lib/attribution/types.ts';
import { topologicalOrder, type Value } from '../../src/lib/graph/graph.ts';
import { add } from '../../src/lib/tensor/arithmetic.ts';
import { float32, full, zerosLike, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { denseNet, neuronConductance } from '../reference/methods/dense.ts';
import { ask, convModel, denseModel, gap, gaussian, modelOf } from './models.ts';

const smooth = denseNet([5, 9, 6, 3], 'tanh', 21);
const x = gaussian([1, 5], 3);
const baseline = gaussian([1, 5], 4, 0.5);
const class1: Target = { kind: 'logit', index: 1 };
const seed1 = [0, 1, 0];

/** The activations of a dense model, in forward order. */
const layersOf = (model: ModelGraph): Value[] =>
  topologicalOrder([model.logits])
    .filter(({ op }) => op === 'Tanh')
    .map(({ outputs }) => outputs[0]);

describe('Neuron conductance', () => {
  const method = findMethod('neuron-conductance');

  it.each([1, 7])('agrees with ten thousand midpoint steps of the chain rule, %i points a run', async (batch) => {
    const model = denseModel(smooth);
    for (const at of [0, 1]) {
      const through = { layer: layersOf(model)[at], index: 4 };
      const truth = neuronConductance(smooth, [[...x.data], [...baseline.data]], seed1, { at, neuron: 4 }, 10_000);
      const question = ask({ model, x, baseline, target: class1, through }, batch);
      const { scores, check, passes } = await method.explain(question, { steps: 48 });
      expect(gap(scores.data, truth)).toBeLessThan(1e-5);
      expect([check, passes]).toEqual([undefined, 50]);
      expect(question.engine.alive()).toBe(0);
    }
  });

  it('of tanh(x₀x₁)·3 + x₀² through the tanh leaves out what goes around it', async () => {
    let layer: Value | null = null;
    const model = modelOf([2], (g, v) => {
      const part = (i: number) => g.slice(v, [i], [i + 1], [1]);
      layer = g.tanh(g.mul(part(0), part(1)));
      return g.add(g.mul(layer, 3), g.square(part(0)));
    });
    const question = ask({
      model,
      x: float32([1, 2], [0.8, 0.5]),
      baseline: full([1, 2], 0),
      through: { layer: layer!, index: 0 },
    });
    const { scores, value } = await method.explain(question, { steps: 24 });
    // The product is of second degree, so both inputs have half of 3 tanh(0.4).
    const half = 1.5 * Math.tanh(0.4);
    expect(gap(scores.data, [half, half])).toBeLessThan(1e-6);
    expect(value).toBeCloseTo(2 * half + 0.64, 5);
  });

  it('over all neurons of a layer that everything passes sums to Integrated Gradients', async () => {
    const model = convModel('Tanh');
    const image = gaussian([1, 2, 6, 6], 7);
    const asked = { model, x: image, baseline: full(image.shape, 0.1), target: class1 };
    let total: FloatTensor = zerosLike(image);
    for (let index = 0; index < 5 * 3 * 3; index++) {
      const question = ask({ ...asked, through: { layer: model.feature, index } }, 4);
      total = add(total, (await method.explain(question, { steps: 6 })).scores);
    }
    const whole = await findMethod('integrated-gradients').explain(ask(asked), { steps: 6 });
    expect(gap(total.data, whole.scores.data)).toBeLessThan(1e-5);
  });

  it('asks for a neuron', async () => {
    const question = ask({ model: denseModel(smooth), x, baseline, target: class1 });
    await expect(method.explain(question)).rejects.toThrow(/Neuron conductance: there is no neuron to go through/);
  });
});
