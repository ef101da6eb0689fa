/** Blur Integrated Gradients against SciPy, PAIR's library, a literal version, and what the path promises. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blurrable, cosines, spectraOf } from '../../src/lib/attribution/blur.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { pack } from '../../src/lib/attribution/inputs.ts';
import type { ModelGraph } from '../../src/lib/attribution/types.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { float32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { blurIntegratedGradients, blurPlane, type Plane } from '../reference/methods/blur.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import { ref } from '../reference/tensor.ts';
import { ask, convModel, denseModel, functionOf, gap, gaussian, modelOf } from './models.ts';

interface Golden {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly net: { readonly w1: number[][]; readonly b1: number[]; readonly w2: number[] };
  readonly image: number[];
  readonly blurs: readonly { readonly sigma: number; readonly values: number[] }[];
  readonly maxSigma: number;
  readonly scores: number[];
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/saliency/blur.json'), 'utf8')) as Golden;
const { height, width, channels } = golden;
const method = findMethod('blur-integrated-gradients');

/** [1, channels, height, width] of [1, height, width, channels]. */
const channelsFirst = (data: ArrayLike<number>): FloatTensor =>
  float32(
    [1, channels, height, width],
    Array.from(data, (_, i) => data[(i % (height * width)) * channels + Math.floor(i / (height * width))]),
  );
const planesOf = ({ shape: [, count, rows, columns], data }: FloatTensor): Plane[] =>
  Array.from({ length: count }, (_, c) =>
    Array.from({ length: rows }, (_, y) =>
      Array.from({ length: columns }, (_, x) => data[(c * rows + y) * columns + x]),
    ),
  );

describe('blur', () => {
  it('has cosines that are orthonormal', () => {
    const { data } = cosines(9);
    for (let a = 0; a < 9; a++)
      for (let b = 0; b < 9; b++) {
        const product = data.subarray(9 * a, 9 * a + 9).reduce((total, v, i) => total + v * data[9 * b + i], 0);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 6);
      }
  });

  it.each(golden.blurs)('of σ = $sigma is SciPy’s, for either layout', ({ sigma, values }) => {
    const last = float32([1, height, width, channels], golden.image);
    for (const [x, wanted] of [
      [last, values],
      [channelsFirst(golden.image), [...channelsFirst(values).data]],
    ] as const) {
      const g = new Builder();
      const input = new Value('float32', x.shape, { name: 'x' });
      const [down, across] = spectraOf(input, [sigma]).map((table) => g.constant(table));
      const [blurred] = evaluate(
        [blurrable(g, input)!(g.mul(down, across))],
        new Map([[input, ref('float32', x.shape, x.data)]]),
      );
      expect(gap(blurred.data, wanted)).toBeLessThan(1e-6);
    }
    const planes = planesOf(channelsFirst(golden.image)).map((plane) => blurPlane(plane, sigma));
    expect(gap(planes.flat(2), channelsFirst(values).data)).toBeLessThan(1e-6);
  });
});

describe('Blur Integrated Gradients', () => {
  const model = convModel('Tanh');
  const x = gaussian([1, 2, 6, 6], 7);
  const target = { kind: 'logit', index: 1 } as const;
  const slopes = (at: readonly number[]) => numericGradient(functionOf(model, [0, 1, 0]), at);

  it('tends to what PAIR’s library tends to', async () => {
    const { w1, b1, w2 } = golden.net;
    const net = denseModel([
      { weight: w1, bias: b1, activation: 'tanh' },
      { weight: [w2], bias: [0], activation: 'none' },
    ]);
    const flat = modelOf([height, width, channels], (g, image) => {
      const values = g.reshape(image, [image.shape[0], height * width * channels]);
      const w = g.constant(float32([w1.length, w1[0].length], w1.flat()));
      const hidden = g.tanh(g.add(g.matmul(values, g.transpose(w)), g.constant(float32([b1.length], b1))));
      return g.matmul(hidden, g.constant(float32([w2.length, 1], w2)));
    });
    const image = float32([1, height, width, channels], golden.image);
    const options = { steps: 500, maxSigma: golden.maxSigma };
    const { scores } = await method.explain(ask({ model: flat, x: image }, 50), options);
    expect(gap(scores.data, golden.scores)).toBeLessThan(2e-3);
    expect(method.unavailable(flat)).toBeNull();
    expect(method.unavailable(net)).toMatch(/^Only images can be blurred/);
  });

  it.each([
    ['quadratic', 5, 1],
    ['linear', 7, 3],
    ['square-root', 7, 40],
  ] as const)(
    'spaced %s is its sum written out pixel by pixel, %i steps, %i at once',
    async (spacing, steps, batch) => {
      const power = { quadratic: 2, linear: 1, 'square-root': 0.5 }[spacing];
      const truth = blurIntegratedGradients(slopes, planesOf(x), steps, (t) => 4 * t ** power);
      for (const batched of [true, false]) {
        const question = ask({ model: convModel('Tanh', { batched }), x, target }, batch);
        const { scores, passes } = await method.explain(question, { steps, spacing, maxSigma: 4 });
        expect(gap(scores.data, truth)).toBeLessThan(1e-5);
        expect(passes).toBe(steps + 2);
        expect(question.engine.alive()).toBe(0);
      }
    },
  );

  it('is the same for channels last', async () => {
    const last = modelOf([6, 6, 2], (g, image) => functionOfPlanes(g, g.transpose(image, [0, 3, 1, 2])));
    const first = modelOf([2, 6, 6], functionOfPlanes);
    const turned = float32(
      [1, 6, 6, 2],
      Array.from(x.data, (_, i) => x.data[(i % 2) * 36 + Math.floor(i / 2)]),
    );
    const [a, b] = [
      await method.explain(ask({ model: first, x }, 4)),
      await method.explain(ask({ model: last, x: turned }, 4)),
    ];
    expect(
      gap(
        b.scores.data,
        Array.from(turned.data, (_, i) => a.scores.data[(i % 2) * 36 + Math.floor(i / 2)]),
      ),
    ).toBeLessThan(1e-5);
  });

  it('of a linear function is w ⊙ (x − x′), where x′ is the image as blurred as it gets', async () => {
    const weights = gaussian([72, 1], 9);
    const linear = modelOf([2, 6, 6], (g, v) => g.matmul(g.reshape(v, [v.shape[0], 72]), g.constant(weights)));
    const blurred = planesOf(x).flatMap((plane) => blurPlane(plane, 50).flat());
    const { scores, baselineValue, check } = await method.explain(ask({ model: linear, x }), { steps: 2 });
    expect(
      gap(
        scores.data,
        blurred.map((v, i) => weights.data[i] * (x.data[i] - v)),
      ),
    ).toBeLessThan(1e-5);
    expect(baselineValue).toBeCloseTo(
      blurred.reduce((total, v, i) => total + weights.data[i] * v, 0),
      4,
    );
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it('sums to F(x) − F(x′), with an error that falls with the square of the steps', async () => {
    for (const spacing of ['quadratic', 'linear']) {
      const deltaOf = async (steps: number) => {
        const { scores, value, baselineValue, check } = await method.explain(ask({ model, x, target }, 8), {
          steps,
          spacing,
          maxSigma: 5,
        });
        expect(check!.delta).toBeCloseTo(sum(scores) - (value - baselineValue!), 5);
        return Math.abs(check!.delta);
      };
      expect(await deltaOf(64)).toBeLessThan(0.1 * (await deltaOf(16)));
    }
  });

  it('says nothing of an image without detail', async () => {
    const flat = float32(
      x.shape,
      x.data.map((_, i) => (i < 36 ? 0.3 : -0.8)),
    );
    const { scores } = await method.explain(ask({ model, x: flat, target }, 4));
    expect(Math.max(...scores.data.map(Math.abs))).toBeLessThan(1e-6);
  });

  it('blurs every image of a model, and leaves alone what is none', async () => {
    const { model: several, shapes } = imagesAndNumbers();
    const parts = shapes.map((shape, i) => gaussian([1, ...shape], 30 + i));
    const joined = float32(
      [1, 2 * 9 + 4 * 5 + 6],
      parts.flatMap(({ data }) => [...data]),
    );
    for (const batch of [1, 6]) {
      const question = ask({ model: several, x: joined }, batch);
      const { scores, check } = await method.explain(question, { steps: 64, maxSigma: 3 });
      expect(check!.relative).toBeLessThan(2e-3);
      expect([...scores.data.subarray(38)]).toEqual(Array(6).fill(0));
      const images = [scores.data.subarray(0, 18), scores.data.subarray(18, 38)];
      images.forEach((own) => expect(own.some((v) => v !== 0)).toBe(true));
    }
  });

  it('refuses a layer, and stops when it is cancelled', async () => {
    await expect(method.explain(ask({ model, x, layer: model.feature }))).rejects.toThrow(/explains the image and no/);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('enough'));
    const question = ask({ model, x, target, signal: stop.signal, onProgress }, 2);
    await expect(method.explain(question)).rejects.toThrow('enough');
    expect(question.engine.runs()).toBe(1);
    expect(question.engine.alive()).toBe(0);
  });
});

/** tanh of a convolution, averaged. */
function functionOfPlanes(g: Builder, planes: Value): Value {
  const y = g.apply('Conv', [planes, g.constant(gaussian([4, 2, 3, 3], 1, 0.5))], { kernel_shape: [3, 3] });
  return g.matmul(g.reduceMean(g.tanh(y), [2, 3], false), g.constant(gaussian([4, 1], 3)));
}

/** A model of an image with channels first, one with channels last and six numbers. */
function imagesAndNumbers(): { readonly model: ModelGraph; readonly shapes: readonly (readonly number[])[] } {
  const shapes = [[2, 3, 3], [5, 4, 1], [6]];
  const g = new Builder();
  const inputs = shapes.map((shape, i) => new Value('float32', [N, ...shape], { name: `input ${i}` }));
  const flat = inputs.map((input, i) => g.reshape(input, [N, shapes[i].reduce((a, b) => a * b)]));
  const hidden = g.tanh(g.matmul(g.concat(flat, 1), g.constant(gaussian([44, 5], 2, 0.3))));
  const original = g.matmul(hidden, g.constant(gaussian([5, 2], 3)));
  const { input, images, on } = pack(inputs, [original]);
  const logits = on(original);
  const graph = { name: 'test', inputs: [input], outputs: [logits] };
  return { model: { graph, input, images, logits, probabilities: g.softmax(logits, -1), batched: true }, shapes };
}
