/** The family of class activation maps against their papers' formulas in float64. */
import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { firstSingularVector } from '../../src/lib/attribution/principal.ts';
import type { Value } from '../../src/lib/graph/graph.ts';
import { float32, full } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import { cams, planesOf, softmax, weightedMap } from '../reference/methods/cams.ts';
import { ref } from '../reference/tensor.ts';
import { ask, convModel, functionOf, gap, gaussian, modelOf } from './models.ts';

const x = gaussian([1, 2, 6, 6], 7);
const target = { kind: 'logit', index: 2 } as const;
const class2 = [0, 0, 1];
const model = convModel('Tanh');
const activation = evaluate([model.feature], new Map([[model.input, ref('float32', x.shape, x.data)]]))[0].data;
const a = planesOf(activation, 5);
const g = planesOf(numericGradient(functionOf(model, class2, model.feature, x), activation), 5);
const positive = (values: readonly number[]) => values.map((v) => Math.max(v, 0));

describe.each(Object.keys(cams))('%s', (id) => {
  const method = findMethod(id);
  const truth = cams[id](a, g);

  it('is its paper’s formula, and its positive part unless told otherwise', async () => {
    const signed = await method.explain(ask({ model, x, target, layer: model.feature }), { relu: false });
    expect(signed.scores.shape).toEqual([1, 1, 3, 3]);
    expect(gap(signed.scores.data, truth)).toBeLessThan(1e-5);
    expect(Math.min(...truth)).toBeLessThan(0);
    const { scores } = await method.explain(ask({ model, x, target, layer: model.feature }));
    expect(gap(scores.data, positive(truth))).toBeLessThan(1e-5);
  });

  it('is zero and no NaN for a layer that is constant', async () => {
    let layer: Value | null = null;
    const constant = modelOf([2, 6, 6], (g, image) => {
      layer = g.relu(g.sub(g.mul(image, 0), 1));
      return g.matmul(g.reduceMean(layer, [2, 3], false), g.constant(gaussian([2, 3], 3)));
    });
    const { scores } = await method.explain(ask({ model: constant, x, target, layer: layer! }));
    expect([...scores.data]).toEqual(Array(36).fill(0));
  });
});

/** A transformer's tokens: [N, 1 + 9, 4], the first of them without a place. */
function transformer() {
  let tokens: Value | null = null;
  const made = modelOf([1, 6, 6], (g, image) => {
    const batch = image.shape[0];
    const kernel = g.constant(gaussian([4, 1, 2, 2], 3));
    const patches = g.apply('Conv', [image, kernel], { kernel_shape: [2, 2], strides: [2, 2] });
    const token = g.expand(g.constant(gaussian([1, 1, 4], 4)), [batch, 1, 4]);
    tokens = g.concat([token, g.transpose(g.reshape(patches, [batch, 4, 9]))], 1);
    const mixed = g.tanh(g.matmul(g.constant(gaussian([1, 10, 10], 5)), tokens));
    return g.matmul(g.reduceMean(mixed, [1], false), g.constant(gaussian([4, 3], 6)));
  });
  return { ...made, tokens: tokens! };
}

describe('on the tokens of a transformer', () => {
  const vit = transformer();
  const image = gaussian([1, 1, 6, 6], 8);
  const values = evaluate([vit.tokens], new Map([[vit.input, ref('float32', image.shape, image.data)]]))[0].data;
  const slopes = numericGradient(functionOf(vit, class2, vit.tokens, image), values);
  const onGrid = (all: ArrayLike<number>) =>
    Array.from({ length: 4 }, (_, k) => Array.from({ length: 9 }, (_, p) => all[(1 + p) * 4 + k]));

  it.each(Object.keys(cams))('%s sees the grid alone', async (id) => {
    const truth = cams[id](onGrid(values), onGrid(slopes));
    const question = ask({ model: vit, x: image, target, layer: vit.tokens });
    expect(gap((await findMethod(id).explain(question, { relu: false })).scores.data, truth)).toBeLessThan(1e-5);
  });

  it('Ablation-CAM takes a feature from every token', async () => {
    const f = functionOf(vit, class2, vit.tokens, image);
    const whole = f(values);
    const weights = [0, 1, 2, 3].map((k) => (whole - f(values.map((v, i) => (i % 4 === k ? 0 : v)))) / Math.abs(whole));
    const truth = weightedMap(onGrid(values), weights);
    const question = ask({ model: vit, x: image, target, layer: vit.tokens });
    const { scores } = await findMethod('ablationcam').explain(question, { relu: false });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });
});

/** A convolution along a row of twelve places of three features, then pooling: [N, 4, 6]. */
function sequence() {
  let row: Value | null = null;
  const made = modelOf([3, 12], (g, input) => {
    const kernel = g.constant(gaussian([4, 3, 3], 21, 0.5));
    const along = g.apply('Conv', [input, kernel], { kernel_shape: [3], pads: [1, 1] });
    row = g.apply('MaxPool', [g.tanh(along)], { kernel_shape: [2], strides: [2] });
    const mixed = g.tanh(g.apply('Conv', [row, g.constant(gaussian([5, 4, 3], 22, 0.5))], { kernel_shape: [3] }));
    return g.matmul(g.reduceMean(mixed, [2], false), g.constant(gaussian([5, 3], 23)));
  });
  return { ...made, row: row! };
}

describe('on maps with one axis of positions', () => {
  const text = sequence();
  const words = gaussian([1, 3, 12], 24);
  const values = evaluate([text.row], new Map([[text.input, ref('float32', words.shape, words.data)]]))[0].data;
  const f = functionOf(text, class2, text.row, words);
  const slopes = numericGradient(f, values);
  const gradCam = (a: number[][], g: number[][]) =>
    weightedMap(
      a,
      g.map((plane) => plane.reduce((sum, v) => sum + v, 0) / plane.length),
    );

  it.each(['grad-cam', ...Object.keys(cams)])('%s has a number for each place of the row', async (id) => {
    const truth = (id === 'grad-cam' ? gradCam : cams[id])(planesOf(values, 4), planesOf(slopes, 4));
    const question = ask({ model: text, x: words, target, layer: text.row });
    const { scores } = await findMethod(id).explain(question, { relu: false });
    expect(scores.shape).toEqual([1, 1, 1, 6]);
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });

  it('Ablation-CAM takes a channel from the whole row', async () => {
    const whole = f(values);
    const weights = [0, 1, 2, 3].map(
      (k) => (whole - f(values.map((v, i) => (Math.floor(i / 6) === k ? 0 : v)))) / Math.abs(whole),
    );
    const question = ask({ model: text, x: words, target, layer: text.row });
    const { scores } = await findMethod('ablationcam').explain(question, { relu: false });
    expect(gap(scores.data, weightedMap(planesOf(values, 4), weights))).toBeLessThan(1e-5);
  });

  it('does not take the features of a sequence for its places', async () => {
    const dense = modelOf([3, 12], (g, input) => {
      const made = g.matmul(input, g.constant(gaussian([12, 4], 25)));
      return g.matmul(g.reduceMean(made, [1], false), g.constant(gaussian([4, 3], 26)));
    });
    const [layer] = dense.logits.producer!.inputs[0]!.producer!.inputs;
    const asked = findMethod('grad-cam').explain(ask({ model: dense, x: words, target, layer: layer! }));
    await expect(asked).rejects.toThrow(/has no positions/);
  });
});

describe('without gradients', () => {
  const f = functionOf(model, class2);
  const whole = f(Float64Array.from(x.data));

  /** 3 × 3 drawn at 6 × 6, centres of pixels on centres of pixels. */
  function drawn(plane: readonly number[]): number[] {
    const low = Math.min(...plane);
    const high = Math.max(...plane);
    const at = (row: number, column: number) =>
      plane[Math.min(2, Math.max(0, row)) * 3 + Math.min(2, Math.max(0, column))];
    return Array.from({ length: 36 }, (_, i) => {
      const [y, z] = [Math.max(0, (Math.floor(i / 6) + 0.5) / 2 - 0.5), Math.max(0, ((i % 6) + 0.5) / 2 - 0.5)];
      const [top, left] = [Math.floor(y), Math.floor(z)];
      const [dy, dz] = [y - top, z - left];
      const mixed =
        at(top, left) * (1 - dy) * (1 - dz) +
        at(top, left + 1) * (1 - dy) * dz +
        at(top + 1, left) * dy * (1 - dz) +
        at(top + 1, left + 1) * dy * dz;
      return (mixed - low) / (high - low);
    });
  }

  it.each([1, 3, 8])('Score-CAM weighs by the softmax of F through each channel, %d at once', async (batch) => {
    const through = a.map((plane) => {
      const mask = drawn(plane);
      return f(Float64Array.from(x.data, (v, i) => v * mask[i % 36]));
    });
    const truth = weightedMap(a, softmax(through));
    const question = ask({ model, x, target, layer: model.feature }, batch);
    const { scores, passes } = await findMethod('scorecam').explain(question, { relu: false });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
    expect(passes).toBe(7);
    expect(question.engine.alive()).toBe(0);
  });

  it.each([1, 3, 8])('Ablation-CAM weighs by what F loses, %d at once', async (batch) => {
    const from = functionOf(model, class2, model.feature, x);
    const weights = a.map(
      (_, k) => (whole - from(activation.map((v, i) => (Math.floor(i / 9) === k ? 0 : v)))) / whole,
    );
    const truth = weightedMap(a, weights);
    const question = ask({ model, x, target, layer: model.feature }, batch);
    const { scores } = await findMethod('ablationcam').explain(question, { relu: false });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
    expect(question.engine.alive()).toBe(0);
  });
});

describe('FullGrad', () => {
  const relu = convModel('Relu');
  const method = findMethod('fullgrad');

  it('is complete on a network of linear pieces', async () => {
    const { check, value } = await method.explain(ask({ model: relu, x, target }));
    expect(Math.abs(value)).toBeGreaterThan(0.01);
    expect(check!.relative).toBeLessThan(1e-6);
  });

  it('says by how much it is not on others', async () => {
    const { check } = await method.explain(ask({ model, x, target }));
    expect(check!.relative).toBeGreaterThan(1e-3);
  });

  it('sums the parts of the image and of each bias', async () => {
    // F = w · mean(relu(x + b)): the gradient is w/36 where x + b > 0.
    const bias = [0.3, -0.2];
    const shifted = modelOf([2, 6, 6], (g, image) => {
      const sum = g.add(image, g.constant(float32([1, 2, 1, 1], bias)));
      return g.matmul(g.reduceMean(g.relu(sum), [2, 3], false), g.constant(float32([2, 1], [1, -2])));
    });
    const slope = [...x.data].map((v, i) => {
      const k = Math.floor(i / 36);
      return v + Math.fround(bias[k]) > 0 ? [1, -2][k] / 36 : 0;
    });
    const truth = Array.from({ length: 36 }, (_, p) =>
      [0, 1].reduce((total, k) => {
        const i = k * 36 + p;
        return total + Math.abs(x.data[i] * slope[i]) + Math.abs(bias[k] * slope[i]);
      }, 0),
    );
    const question = ask({ model: shifted, x, target: { kind: 'logit', index: 0 } });
    const { scores, check } = await method.explain(question, { stretch: false });
    expect(scores.shape).toEqual([1, 1, 6, 6]);
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it('is no map of one channel for several images', () => {
    expect(method.unavailable(relu)).toBeNull();
    expect(method.unavailable({ ...relu, images: [relu.input, relu.input] })).toMatch(/one image/);
  });

  it('sees a normalisation’s shift as a bias', async () => {
    const normalised = modelOf([2, 6, 6], (g, image) => {
      const statistics = [1, 2, 3].map((seed) => g.constant(gaussian([2], seed)));
      const y = g.apply('BatchNormalization', [image, ...statistics, g.constant(full([2], 0.7))]);
      return g.matmul(g.reduceMean(g.relu(y), [2, 3], false), g.constant(gaussian([2, 3], 9)));
    });
    const { check } = await method.explain(ask({ model: normalised, x, target }));
    expect(check!.relative).toBeLessThan(1e-6);
  });
});

describe('firstSingularVector', () => {
  it.each([
    [1, 6],
    [6, 1],
    [5, 40],
    [60, 20],
    [200, 90],
  ])('of %d × %d is an eigenvector of MᵀM, the one of the largest eigenvalue', (rows, columns) => {
    const m = Float64Array.from(gaussian([rows, columns], rows).data);
    const v = firstSingularVector(m, rows, columns);
    const gram = (w: Float64Array) => {
      const out = new Float64Array(columns);
      for (let r = 0; r < rows; r++) {
        let along = 0;
        for (let c = 0; c < columns; c++) along += m[r * columns + c] * w[c];
        for (let c = 0; c < columns; c++) out[c] += along * m[r * columns + c];
      }
      return out;
    };
    const image = gram(v);
    const value = Math.hypot(...image);
    expect(Math.hypot(...v)).toBeCloseTo(1, 10);
    expect(
      gap(
        image,
        v.map((entry) => entry * value),
      ),
    ).toBeLessThan(1e-7);
    let power = Float64Array.from({ length: columns }, (_, i) => 1 + i / 3);
    for (let i = 0; i < 3000; i++) {
      const next = gram(power);
      const size = Math.hypot(...next);
      power = next.map((entry) => entry / size);
    }
    expect(Math.hypot(...gram(power))).toBeLessThan(value * (1 + 1e-9));
  });

  it('of nothing is nothing', () => {
    expect([...firstSingularVector(new Float64Array(6), 2, 3)]).toEqual([0, 0, 0]);
  });
});
