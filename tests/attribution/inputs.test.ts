import { describe, expect, it } from 'vitest';
import { imagesBehind, join, pack, spatialLayers, split } from '../../src/lib/attribution/inputs.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import type { ModelGraph } from '../../src/lib/attribution/types.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { full, zerosLike, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { numericGradient, occlusion as slowOcclusion } from '../reference/methods/black-box.ts';
import { ref } from '../reference/tensor.ts';
import { ask, gap, gaussian } from './models.ts';

interface TwoInputs {
  readonly model: ModelGraph;
  /** F on both images, in float64, by the graph as it was before it was packed. */
  readonly f: (images: readonly ArrayLike<number>[]) => number;
}

type Logits = (g: Builder, left: Value, right: Value) => Value;

/** A model of two images, and the same model unpacked as a function in float64. */
function twoInputs(shapes: readonly (readonly number[])[], logitsOf: Logits, index = 0): TwoInputs {
  const g = new Builder();
  const inputs = shapes.map((shape, i) => new Value('float32', [N, ...shape], { name: ['left', 'right'][i] }));
  const original = logitsOf(g, inputs[0], inputs[1]);
  const { input, images, on } = pack(inputs, [original]);
  const logits = on(original);
  const graph = { name: 'test', inputs: [input], outputs: [logits] };
  const f: TwoInputs['f'] = (values) => {
    const feeds = values.map(
      (data, i) => [inputs[i], ref('float32', [1, ...shapes[i]], Float64Array.from(data))] as const,
    );
    return evaluate([original], new Map(feeds))[0].data[index];
  };
  return { model: { graph, input, images, logits, probabilities: g.softmax(logits, -1), batched: true }, f };
}

/** Σ left · right: each side's share of the product is one half. */
const dot = twoInputs(
  [
    [1, 3, 4],
    [1, 3, 4],
  ],
  (g, left, right) => g.reshape(g.reduceSum(g.mul(left, right), [1, 2, 3], false), [N, 1]),
);

const SHAPES = [
  [2, 6, 5],
  [1, 4, 4],
] as const;

/** A tower with weights of its own for each image, then a layer that sees both features. */
const towers = (activation: 'Relu' | 'Tanh'): TwoInputs =>
  twoInputs(
    SHAPES,
    (g, left, right) => {
      const tower = (image: Value, channels: number, name: string) => {
        const attrs = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
        const y = g.apply('Conv', [image, g.constant(gaussian([4, channels, 3, 3], 7 + channels, 0.6))], attrs);
        return g.reduceMean(g.apply(activation, [y], {}, { outputs: [name] }), [2, 3], false);
      };
      const features = g.concat([tower(left, 2, 'of left'), tower(right, 1, 'of right')], 1);
      const hidden = g.apply(activation, [g.matmul(features, g.constant(gaussian([8, 6], 3)))]);
      return g.matmul(hidden, g.constant(gaussian([6, 3], 4)));
    },
    2,
  );

const xs = SHAPES.map((shape, i) => gaussian([1, ...shape], 20 + i));
const baselines = xs.map((x, i) => full(x.shape, 0.3 * (i + 1)));
const target = { kind: 'logit', index: 2 } as const;
const numbers = (tensors: readonly FloatTensor[]) => tensors.map(({ data }) => Array.from(data));

/** F of one image while the other stands still. */
const along = (f: TwoInputs['f'], images: readonly FloatTensor[], i: number) => (values: ArrayLike<number>) =>
  f(numbers(images).map((own, k) => (k === i ? values : own)));

describe('several images as one vector', () => {
  it('come out as they went in', () => {
    const { model } = towers('Relu');
    const parts = split(model, join(xs));
    expect(parts.map(({ shape }) => shape)).toEqual([
      [1, 2, 6, 5],
      [1, 1, 4, 4],
    ]);
    expect(numbers(parts)).toEqual(numbers(xs));
  });

  it.each([1, 3])('give the F of the unpacked model, %i examples at a time', async (batch) => {
    const { model, f } = towers('Tanh');
    const { value } = await findMethod('occlusion').explain(
      ask({ model, x: join(xs), baseline: join(baselines), target }, batch),
      { window: 3, stride: 3 },
    );
    expect(value).toBeCloseTo(f(numbers(xs)), 5);
  });

  it('leaves a single image as it is', () => {
    const image = new Value('float32', [N, 3, 4, 4], { name: 'image' });
    const packed = pack([image], [image]);
    expect(packed.input).toBe(image);
    expect(packed.on(image)).toBe(image);
    expect(join([xs[0]])).toBe(xs[0]);
  });
});

describe('methods over two images', () => {
  it.each([0, 1])('Saliency of image %i is its gradient by central differences', async (i) => {
    const { model, f } = towers('Tanh');
    const { scores } = await findMethod('saliency').explain(ask({ model, x: join(xs), target }), { absolute: false });
    expect(gap(split(model, scores)[i].data, numericGradient(along(f, xs, i), xs[i].data))).toBeLessThan(1e-6);
  });

  it.each(['integrated-gradients', 'deeplift'])('%s shares a product equally between its factors', async (id) => {
    const [left, right] = [gaussian([1, 1, 3, 4], 1), gaussian([1, 1, 3, 4], 2)];
    const x = join([left, right]);
    const { scores, check } = await findMethod(id).explain(ask({ model: dot.model, x, baseline: zerosLike(x) }));
    const half = Array.from(left.data, (v, i) => (v * right.data[i]) / 2);
    split(dot.model, scores).forEach((part) => expect(gap(part.data, half)).toBeLessThan(1e-5));
    expect(check!.relative).toBeLessThan(1e-5);
  });

  it.each([
    ['integrated-gradients', 'Tanh', { steps: 200 }],
    ['deeplift', 'Relu', {}],
    ['deeplift', 'Tanh', {}],
  ] as const)('%s through %s sums to F(x) − F(x′) over both images, not over one', async (id, activation, options) => {
    const { model, f } = towers(activation);
    const asked = ask({ model, x: join(xs), baseline: join(baselines), target });
    const { scores } = await findMethod(id).explain(asked, options);
    const change = f(numbers(xs)) - f(numbers(baselines));
    const shares = split(model, scores).map(sum);
    expect(Math.abs(shares[0] + shares[1] - change)).toBeLessThan(1e-5 * Math.abs(change));
    shares.forEach((share) => expect(Math.abs(share - change)).toBeGreaterThan(1e-2 * Math.abs(change)));
  });

  it('Input × Gradient of a product sums to twice its value, once over each image', async () => {
    const images = [gaussian([1, 1, 3, 4], 1), gaussian([1, 1, 3, 4], 2)];
    const { scores } = await findMethod('input-x-gradient').explain(ask({ model: dot.model, x: join(images) }));
    split(dot.model, scores).forEach((part) => expect(sum(part)).toBeCloseTo(dot.f(numbers(images)), 5));
  });

  it.each([1, 4])('Occlusion covers each image in turn (%i at once)', async (batch) => {
    const { model, f } = towers('Relu');
    const asked = ask({ model, x: join(xs), baseline: join(baselines), target }, batch);
    const { scores } = await findMethod('occlusion').explain(asked, { window: 3, stride: 2 });
    split(model, scores).forEach((part, i) => {
      const [channels] = SHAPES[i];
      const windows = { window: [channels, 3, 3], strides: [Math.min(2, channels), 2, 2] };
      const truth = slowOcclusion(
        along(f, xs, i),
        Float64Array.from(xs[i].data),
        Float64Array.from(baselines[i].data),
        SHAPES[i],
        windows.window,
        windows.strides,
      );
      expect(gap(part.data, truth)).toBeLessThan(1e-6);
    });
  });

  it('SmoothGrad draws noise for each image by its own range of values', async () => {
    const { model } = dot;
    const [flat, wide] = [full([1, 1, 3, 4], 5), gaussian([1, 1, 3, 4], 2, 100)];
    const asked = ask({ model, x: join([flat, wide]) });
    const { scores } = await findMethod('smoothgrad').explain(asked, { type: 'vargrad', samples: 4 });
    const [left, right] = split(model, scores);
    // ∂F/∂left is right with its noise; ∂F/∂right is left, which has no range and so no noise.
    expect(Math.min(...left.data)).toBeGreaterThan(1);
    expect(Math.max(...right.data)).toBeLessThan(1e-3);
  });
});

describe('layers over two images', () => {
  const { model } = towers('Relu');
  const layer = (name: string) => spatialLayers(model).find((value) => value.name === name)!;

  it('know which image they depend on', () => {
    expect(imagesBehind(model.images, model.logits)(layer('of left'))).toEqual([model.images[0]]);
    expect(imagesBehind(model.images, model.logits)(layer('of right'))).toEqual([model.images[1]]);
    expect(imagesBehind(model.images, model.logits)(model.logits)).toEqual(model.images);
  });

  it('give Grad-CAM at their own size, whichever image they belong to', async () => {
    const of = (name: string) =>
      findMethod('grad-cam').explain(ask({ model, x: join(xs), target, layer: layer(name) }));
    expect((await of('of left')).scores.shape).toEqual([1, 1, 6, 5]);
    expect((await of('of right')).scores.shape).toEqual([1, 1, 4, 4]);
  });

  it('leave Guided Grad-CAM zero on an image that they do not depend on', async () => {
    const asked = ask({ model, x: join(xs), target, layer: layer('of right') });
    const parts = split(model, (await findMethod('guided-grad-cam').explain(asked)).scores);
    expect(parts[0].data.every((v) => v === 0)).toBe(true);
    const guided = await findMethod('guided-backpropagation').explain({ ...asked, layer: undefined });
    expect(split(model, guided.scores)[0].data.some((v) => v !== 0)).toBe(true);
  });
});
