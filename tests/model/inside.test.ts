import { describe, expect, it } from 'vitest';
import { activationsOf } from '../../src/lib/model/activations.ts';
import { Checkup } from '../../src/lib/model/health.ts';
import { lookInside } from '../../src/lib/model/inside.ts';
import { spectralNorm, summaryOf, weightsOf, windowOf } from '../../src/lib/model/weights.ts';
import '../../src/lib/ops/index.ts';
import { Counter } from '../../src/lib/tensor/histogram.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { convModel, functionOf, gap, gaussian, modelOf } from '../attribution/models.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import { referenceEngine } from '../reference/engine.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';

const model = convModel('Tanh');
const x = gaussian([1, 2, 6, 6], 4);
const at = (m: ReturnType<typeof modelOf>) => ({
  model: m,
  engine: { ...referenceEngine(), dispose: () => Promise.resolve() },
  info: { name: 'test.onnx' } as never,
});
const truth = (value: typeof model.feature) =>
  Array.from(evaluate([value], new Map([[model.input, ref('float32', x.shape, x.data)]]), 1)[0].data, Number);

describe('the activations of a model', () => {
  it('are those with a name, in forward order, with their channels and positions', () => {
    expect(activationsOf(model).map(({ info }) => [info.id, info.channels, info.height, info.width])).toEqual([
      ['first', 4, 6, 6],
      ['feature', 5, 3, 3],
    ]);
  });
});

describe('looking inside', () => {
  it('gives each layer as the model computes it, and counts over its channels', async () => {
    const inside = await lookInside(at(model), x);
    const { data, channels, whole } = await inside.maps('feature');
    const expected = truth(model.feature);
    expect(gap(data, expected)).toBeLessThan(1e-6);
    const second = expected.slice(9, 18);
    expect(channels[1].min).toBeCloseTo(Math.min(...second), 6);
    expect(channels[1].max).toBeCloseTo(Math.max(...second), 6);
    expect(channels[1].mean).toBeCloseTo(second.reduce((a, b) => a + b) / 9, 6);
    expect(whole.mean).toBeCloseTo(expected.reduce((a, b) => a + b) / 45, 6);
    expect(whole.zeros).toBe(0);
  });

  it('says what a channel adds to the score: activation times gradient', async () => {
    const inside = await lookInside(at(model), x);
    const found = await inside.contributions('feature', { kind: 'logit', index: 2 });
    const activation = truth(model.feature);
    const slope = numericGradient(functionOf(model, [0, 0, 1], model.feature, x), activation);
    const expected = [0, 1, 2, 3, 4].map((c) =>
      activation.slice(9 * c, 9 * c + 9).reduce((sum, a, i) => sum + a * slope[9 * c + i], 0),
    );
    expect(gap(found, expected)).toBeLessThan(1e-5);
  });

  it('puts channels first, wherever the file has them', async () => {
    const last = modelOf([2, 4, 4], (g, v) => {
      const moved = g.transpose(v, [0, 2, 3, 1]);
      const scaled = g.apply('Mul', [moved, g.scalar(2)], {}, { outputs: ['channels last'] });
      return g.reshape(scaled, [v.shape[0], 32]);
    });
    const image = gaussian([1, 2, 4, 4], 8);
    const inside = await lookInside(at(last), image);
    const { layer, data } = await inside.maps('channels last');
    expect([layer.channels, layer.height, layer.width]).toEqual([2, 4, 4]);
    expect(
      gap(
        data,
        image.data.map((v) => 2 * v),
      ),
    ).toBeLessThan(1e-6);
  });

  it('names the layer that is not there', async () => {
    const inside = await lookInside(at(model), x);
    await expect(inside.maps('third')).rejects.toThrow(/test\.onnx: has no layer "third" among its 2 activations/);
  });
});

describe('weights', () => {
  it('are listed with what they are for', () => {
    expect(weightsOf(model.graph).map(({ info }) => [info.op, info.role, info.shape.join('×')])).toEqual([
      ['Conv', 'kernel', '4×2×3×3'],
      ['Conv', 'vector', '4'],
      ['Conv', 'kernel', '5×4×3×3'],
      ['Conv', 'vector', '5'],
      ['MatMul', 'matrix', '5×3'],
    ]);
  });

  it('have the spectral norm of their matrix', () => {
    // diag(3, 1) turned on either side: singular values 3 and 1.
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    expect(spectralNorm(float32([2, 2], [3 * c, 3 * s, -s, c]))).toBeCloseTo(3, 5);
    expect(spectralNorm(float32([2, 2, 1], [0, 0, 0, 0]))).toBe(0);
    expect(spectralNorm(float32([3, 1], [1, 2, 2]))).toBeCloseTo(3, 5);
  });

  it('are given by window, and refused beyond their end', () => {
    const [kernel] = weightsOf(model.graph);
    expect(windowOf(kernel, 70, 2)).toEqual(kernel.tensor.data.slice(70, 72));
    expect(() => windowOf(kernel, 70, 3)).toThrow(/70 to 73 .* it has 72/);
    const summary = summaryOf(kernel);
    expect(summary.histogram.counts.reduce((a, b) => a + b)).toBe(72);
  });
});

describe('a histogram of numbers of unknown range', () => {
  it('counts every number in its bin, however the range grows', () => {
    const { data } = gaussian([5000], 3);
    const values = data.map((v, i) => v * (1 + i / 100));
    const counter = new Counter();
    counter.add([0, 0, NaN]);
    counter.add(values);
    const { from, to, counts } = counter.histogram();
    const width = (to - from) / counts.length;
    const all = [0, 0, ...values];
    counts.forEach((n, i) => {
      const [low, high] = [from + i * width, from + (i + 1) * width];
      expect(n).toBe(all.filter((v) => v >= low && v < high).length);
    });
    expect(counts.reduce((a, b) => a + b)).toBe(5002);
    expect(counter.nonFinite).toBe(1);
    expect(counts.length).toBeGreaterThan(40);
  });

  it('of nothing but zeros has one bin', () => {
    const counter = new Counter();
    counter.add([0, 0]);
    expect(counter.histogram()).toEqual({ from: 0, to: 1, counts: [2] });
  });
});

describe('a check-up', () => {
  it('has the norm of the gradient at each layer, over all images', async () => {
    const loaded = at(model);
    const checkup = new Checkup(loaded, { kind: 'logit', index: 1 });
    const images = [x, gaussian([1, 2, 6, 6], 5)];
    for (const image of images) await checkup.add(await lookInside(loaded, image), image);
    const feature = checkup.layers().find(({ layer }) => layer.id === 'feature')!;
    const squares = images.map((image) => {
      const [a] = evaluate([model.feature], new Map([[model.input, ref('float32', image.shape, image.data)]]), 1);
      const slope = numericGradient(functionOf(model, [0, 1, 0], model.feature, image), Array.from(a.data, Number));
      return slope.reduce((sum: number, v: number) => sum + v * v, 0);
    });
    expect(feature.gradientNorm).toBeCloseTo(Math.sqrt((squares[0] + squares[1]) / 2), 5);
    expect(feature.histogram.counts.reduce((a, b) => a + b)).toBe(2 * 45);
  });

  it('finds channels that are silent for every image, and flat ends', async () => {
    const silent = modelOf([2, 3, 3], (g, v) => {
      const weights = g.constant(float32([1, 2, 1, 1], [1, -1]));
      const scaled = g.mul(v, g.reshape(weights, [1, 2, 1, 1]));
      const relu = g.apply('Relu', [scaled], {}, { outputs: ['relu'] });
      const flat = g.apply('Sigmoid', [g.mul(relu, 10)], {}, { outputs: ['sigmoid'] });
      return g.reduceSum(flat, [2, 3], false);
    });
    const loaded = at(silent);
    const checkup = new Checkup(loaded, { kind: 'logit', index: 0 });
    const image = float32([1, 2, 3, 3], Array<number>(18).fill(1));
    await checkup.add(await lookInside(loaded, image), image);
    const [relu, sigmoid] = ['relu', 'sigmoid'].map((id) => checkup.layers().find(({ layer }) => layer.id === id)!);
    expect([relu.dead, relu.zeros, relu.saturated]).toEqual([1, 0.5, null]);
    expect([sigmoid.dead, sigmoid.saturated]).toEqual([0, 0.5]);
  });
});
