import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { spatialLayers } from '../../src/lib/attribution/inputs.ts';
import { layoutOf } from '../../src/lib/attribution/layout.ts';
import { occlude } from '../../src/lib/attribution/occlusion.ts';
import { upsample } from '../../src/lib/attribution/upsample.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { float32, full } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { gradCam as slowGradCam, occlusion as slowOcclusion } from '../reference/methods/black-box.ts';
import { denseNet } from '../reference/methods/dense.ts';
import { ref } from '../reference/tensor.ts';
import { ask, convModel, denseModel, functionOf, gap, gaussian, modelOf } from './models.ts';

const x = gaussian([1, 2, 6, 6], 7);
const target = { kind: 'logit', index: 2 } as const;

describe('Grad-CAM', () => {
  const method = findMethod('grad-cam');
  const model = convModel('Tanh');
  const [layer] = evaluate([model.feature], new Map([[model.input, ref('float32', x.shape, x.data)]]));
  const truth = slowGradCam(functionOf(model, [0, 0, 1], model.feature, x), layer.data, 5);

  it('is the sum of channels weighted by their mean gradient', async () => {
    const { scores } = await method.explain(ask({ model, x, target, layer: model.feature }), { relu: false });
    expect(scores.shape).toEqual([1, 1, 3, 3]);
    expect(gap(scores.data, truth)).toBeLessThan(1e-6);
    expect(Math.min(...truth)).toBeLessThan(0);
  });

  it('keeps only what speaks for the class unless told otherwise', async () => {
    const { scores } = await method.explain(ask({ model, x, target, layer: model.feature }));
    expect(
      gap(
        scores.data,
        truth.map((v) => Math.max(v, 0)),
      ),
    ).toBeLessThan(1e-6);
  });

  it('leaves class tokens out and lays the others on the grid of patches', async () => {
    let tokens: Value | null = null;
    const transformer = modelOf([1, 6, 6], (g, image) => {
      const batch = image.shape[0];
      const patches = g.reshape(
        g.apply('Conv', [image, g.constant(gaussian([4, 1, 2, 2], 3))], { kernel_shape: [2, 2], strides: [2, 2] }),
        [batch, 4, 9],
      );
      const token = g.expand(g.constant(gaussian([1, 1, 4], 4)), [batch, 1, 4]);
      tokens = g.concat([token, g.transpose(patches)], 1);
      const mixed = g.tanh(g.matmul(g.constant(gaussian([1, 10, 10], 5)), tokens));
      return g.matmul(g.reduceMean(mixed, [1], false), g.constant(gaussian([4, 3], 6)));
    });
    const image = gaussian([1, 1, 6, 6], 8);
    const [activation] = evaluate([tokens!], new Map([[transformer.input, ref('float32', image.shape, image.data)]]));
    const channelsFirst = Float64Array.from(
      { length: 36 },
      (_, i) => activation.data[(1 + (i % 9)) * 4 + Math.floor(i / 9)],
    );
    const f = functionOf(transformer, [0, 0, 1], tokens!, image);
    const onGrid = (values: Float64Array) => {
      const all = activation.data.slice();
      values.forEach((v, i) => (all[(1 + (i % 9)) * 4 + Math.floor(i / 9)] = v));
      return f(all);
    };
    const { scores } = await method.explain(ask({ model: transformer, x: image, target, layer: tokens! }), {
      relu: false,
    });
    expect(scores.shape).toEqual([1, 1, 3, 3]);
    expect(gap(scores.data, slowGradCam(onGrid, channelsFirst, 4))).toBeLessThan(1e-6);
  });

  it('is not offered where no layer has positions, and refuses a layer that has none', async () => {
    expect(method.unavailable(model)).toBeNull();
    expect(method.unavailable(denseModel(denseNet([5, 4, 3], 'tanh', 1)))).toMatch(/^No layer/);
    await expect(method.explain(ask({ model, x, layer: model.logits }))).rejects.toThrow('has no positions');
    await expect(method.explain(ask({ model, x }))).rejects.toThrow('Grad-CAM: there is no layer.');
  });
});

describe('Guided Grad-CAM', () => {
  it('is Guided Backpropagation times the Grad-CAM map at the size of the input', async () => {
    const model = convModel('Relu');
    const question = ask({ model, x, target, layer: model.feature });
    const guided = await findMethod('guided-backpropagation').explain({ ...question, layer: undefined });
    const cam = await findMethod('grad-cam').explain(question);
    for (const interpolation of ['nearest', 'bilinear'] as const) {
      const { scores } = await findMethod('guided-grad-cam').explain(question, { interpolation });
      const mask = upsample(cam.scores, 6, 6, interpolation).data;
      expect(
        gap(
          scores.data,
          guided.scores.data.map((v, i) => v * mask[i % 36]),
        ),
      ).toBeLessThan(1e-6);
      expect(Math.max(...scores.data.map(Math.abs))).toBeGreaterThan(0);
    }
  });
});

describe('Occlusion', () => {
  const model = convModel('Tanh');
  const baseline = gaussian([1, 2, 6, 6], 9, 0.3);
  const f = functionOf(model, [0, 0, 1]);
  const slow = (window: number[], strides: number[]) =>
    slowOcclusion(f, Float64Array.from(x.data), Float64Array.from(baseline.data), [2, 6, 6], window, strides);

  it.each([
    [
      [2, 3, 3],
      [2, 1, 1],
    ],
    [
      [2, 4, 4],
      [2, 3, 3],
    ],
    [
      [1, 2, 3],
      [1, 2, 2],
    ],
    [
      [1, 5, 2],
      [1, 4, 2],
    ],
    [
      [2, 2, 2],
      [2, 3, 3],
    ],
  ])(
    'with window %j and strides %j is the mean drop over the windows that cover each element',
    async (window, strides) => {
      for (const batch of [1, 4]) {
        const { scores } = await occlude(ask({ model, x, baseline, target }, batch), [{ window, strides }]);
        expect(gap(scores.data, slow(window, strides))).toBeLessThan(1e-6);
      }
    },
  );

  it('slides over rows and columns and covers all channels', async () => {
    const { scores, passes } = await findMethod('occlusion').explain(ask({ model, x, baseline, target }), {
      window: 3,
      stride: 2,
    });
    expect(gap(scores.data, slow([2, 3, 3], [2, 2, 2]))).toBeLessThan(1e-6);
    expect(passes).toBe(10);
  });

  it('of a sum is each element minus its baseline', async () => {
    const total = modelOf([1, 4, 4], (g, v) => g.reshape(g.reduceSum(v, [1, 2, 3], false), [v.shape[0], 1]));
    const image = gaussian([1, 1, 4, 4], 1);
    const { scores } = await findMethod('occlusion').explain(
      ask({ model: total, x: image, baseline: full([1, 1, 4, 4], 0.5) }),
      { window: 1, stride: 1 },
    );
    expect(
      gap(
        scores.data,
        image.data.map((v) => v - 0.5),
      ),
    ).toBeLessThan(1e-5);
  });

  it('with a window larger than the image covers all of it once', async () => {
    const { scores, value } = await findMethod('occlusion').explain(ask({ model, x, baseline, target }), {
      window: 100,
      stride: 100,
    });
    const drop = value - f(Float64Array.from(baseline.data));
    expect(
      gap(
        scores.data,
        x.data.map(() => drop),
      ),
    ).toBeLessThan(1e-6);
  });

  it('stops at the next window when cancelled', async () => {
    const stop = new AbortController();
    const question = ask({
      model,
      x,
      baseline,
      signal: stop.signal,
      onProgress: ({ done }) => done === 2 && stop.abort(),
    });
    await expect(findMethod('occlusion').explain(question, { window: 2, stride: 2 })).rejects.toThrow('abort');
    expect(question.engine.alive()).toBe(0);
  });
});

describe('layouts', () => {
  const image = new Value('float32', [N, 3, 224, 224]);
  const of = (shape: number[], input = image) => layoutOf(new Value('float32', [N, ...shape]), input);

  it.each([
    [[64, 56, 56], { channels: 1, prefix: 0, height: 56, width: 56 }],
    [[7, 7, 768], { channels: 3, prefix: 0, height: 7, width: 7 }],
    [[197, 768], { channels: 2, prefix: 1, height: 14, width: 14 }],
    [[196, 768], { channels: 2, prefix: 0, height: 14, width: 14 }],
    [[201, 384], { channels: 2, prefix: 5, height: 14, width: 14 }],
  ])('%j has positions %j', (shape, layout) => {
    expect(of(shape)).toMatchObject(layout);
  });

  it.each([[[1000]], [[3]], [[512, 1, 1]], [[2, 3, 4, 5]]])('%j has none', (shape) => {
    expect(of(shape)).toBeNull();
  });

  it('does not take attention for a feature map, nor a feature map made of tokens for attention', () => {
    const g = new Builder();
    const tokens = g.matmul(new Value('float32', [N, 196, 48]), g.constant(gaussian([48, 48], 1)));
    const heads = g.transpose(g.reshape(tokens, [N, 196, 3, 16]), [0, 2, 1, 3]);
    const weights = g.softmax(g.mul(g.matmul(heads, g.transpose(heads)), 0.25), -1);
    expect(layoutOf(g.mul(heads, 0.25), image)).toBeNull();
    expect(layoutOf(weights, image)).toBeNull();
    expect(layoutOf(g.matmul(weights, heads), image)).toBeNull();
    const map = g.reshape(g.transpose(tokens), [N, 48, 14, 14]);
    expect(layoutOf(g.relu(g.add(map, map)), image)).toMatchObject({ channels: 1, height: 14, width: 14 });
  });

  it("gives tokens the image's aspect ratio, channels last or first", () => {
    const wide = new Value('float32', [N, 32, 64, 3]);
    expect(of([33, 8], wide)).toMatchObject({ prefix: 1, height: 4, width: 8 });
    expect(of([8, 16, 24], wide)).toMatchObject({ channels: 3, height: 8, width: 16 });
  });

  it('finds the layers of a model that have positions, in forward order', () => {
    expect(
      spatialLayers(convModel('Relu'))
        .map((v) => v.name)
        .filter(Boolean),
    ).toEqual(['first', 'feature']);
  });
});

describe('upsampling', () => {
  const map = float32([1, 1, 2, 2], [0, 1, 2, 3]);

  it('nearest takes the pixel at floor(i · from / to)', () => {
    expect([...upsample(map, 3, 4, 'nearest').data]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('bilinear puts centres on centres and repeats the border', () => {
    const rows = [0, 0.25, 0.75, 1].map((t) => t * 2);
    const expected = rows.flatMap((r) => [0, 0.25, 0.75, 1].map((c) => r + c));
    expect([...upsample(map, 4, 4, 'bilinear').data]).toEqual(expected);
  });

  it('to the same size changes nothing', () => {
    const noise = gaussian([1, 2, 3, 5], 2);
    for (const mode of ['nearest', 'bilinear'] as const) expect(upsample(noise, 3, 5, mode)).toEqual(noise);
  });
});
