import { readFileSync, existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { AttributionRequest, ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { requestOn } from './request.ts';

/** A seeded picture instead of a browser's decoder: the first byte of the "file" is the seed. */
async function decode(_: string, bytes: ArrayBuffer): Promise<{ pixels: Pixels; width: number; height: number }> {
  const rng = random(new Uint8Array(bytes)[0]);
  const [width, height] = [48, 40];
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) =>
    (i & 3) === 3 ? 255 : 256 * rng.uniform(),
  );
  return { pixels: { width, height, data }, width, height };
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const copy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
const silent = () => undefined;

describe('the lab, on WASM in Node', () => {
  const lab = new LabCore({ version: 'test', decode });
  let info: ModelInfo;
  beforeAll(async () => {
    value(await lab.start({ choice: 'wasm', ortBase: '' }));
    info = value(
      await lab.openModel(1, [{ name: 'cnn_plain.onnx', bytes: copy(fixture('onnx/cnn_plain.onnx')) }], silent),
    );
    value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  });

  const request = (change: Partial<AttributionRequest> = {}): AttributionRequest =>
    requestOn(info, { method: 'integrated-gradients', ...change });

  it('tells what the model is and that its numbers agree with onnxruntime', () => {
    expect(info).toMatchObject({
      format: 'onnx',
      classes: 10,
      preprocessing: { layout: 'NCHW', width: 32, height: 32 },
    });
    expect(info.forwardDifference).toBeLessThan(1e-5);
    expect(info.layers.map((l) => l.shape)).toContainEqual([10, 16, 16]);
  });

  it('predicts probabilities that sum to one, most probable first', async () => {
    const { top, classes } = value(await lab.predict(2, 1, info.preprocessing));
    expect(classes).toBe(10);
    expect(top.reduce((s, t) => s + t.probability, 0)).toBeCloseTo(1, 5);
    expect(top.map((t) => t.probability)).toEqual(top.map((t) => t.probability).toSorted((a, b) => b - a));
  });

  it('tells what it answers by each preset, which is what it predicts when it is fed so', async () => {
    const answers = value(await lab.tryPresets(2, [{ image: 1, preprocessing: info.preprocessing }], 0));
    expect(answers.map(({ preset }) => preset)).toEqual((await lab.presets()).map(({ id }) => id));
    for (const { preset, label, probability } of answers) {
      const { top } = value(await lab.predict(2, 1, value(await lab.preprocessing(preset))));
      expect([preset, label, probability]).toEqual([preset, top[0].label, top[0].probability]);
    }
    expect(new Set(answers.map(({ probability }) => probability)).size).toBeGreaterThan(4);
    const refused = await lab.tryPresets(2, [{ image: 1, preprocessing: info.preprocessing }], 1);
    expect(refused).toMatchObject({ ok: false, message: expect.stringMatching(/has 1 inputs, number 2 is asked for/) });
  });

  it('explains with every method, and the map is the sum of the scores over the channels', async () => {
    for (const method of info.methods.filter((m) => !m.unavailable && !m.needs.images)) {
      const result = value(await lab.attribute(3, request({ method: method.id }), silent));
      const [, height, width] = result.map.shape;
      expect(result.scores.shape.slice(1), method.id).toEqual([height, width]);
      const sums = Float32Array.from({ length: height * width }, (_, i) =>
        Array.from({ length: result.scores.shape[0] }, (_, c) => result.scores.data[c * height * width + i]).reduce(
          (a, b) => a + b,
          0,
        ),
      );
      result.map.data.forEach((v, i) => expect(v, method.id).toBeCloseTo(sums[i], 4));
      expect(
        result.map.data.some((v) => v !== 0),
        method.id,
      ).toBe(true);
    }
  });

  it('compares with the other open images, of which the explained one is none', async () => {
    for (const image of [7, 8])
      value(await lab.openImage(image, { name: 'b.png', bytes: Uint8Array.of(image).buffer }));
    const against = (images: number[], change: Partial<AttributionRequest> = {}) =>
      lab.attribute(3, request({ ...change, baseline: { kind: 'images', images } }), silent);
    const of = async (image: number) => {
      const ablated = request({ method: 'feature-ablation', baseline: { kind: 'image', image } });
      return value(await lab.attribute(3, ablated, silent)).map.data;
    };
    const [one, other] = [await of(7), await of(8)];
    const found = value(await against([7, 1, 8], { method: 'feature-permutation' }));
    found.map.data.forEach((v, i) => expect(v).toBeCloseTo((one[i] + other[i]) / 2, 5));
    const shap = value(await against([7, 1, 8], { method: 'deeplift-shap' }));
    expect(shap.check!.relative).toBeLessThan(1e-4);
    const ends = [7, 8].map((image) => request({ method: 'deeplift', baseline: { kind: 'image', image } }));
    const [first, second] = [
      value(await lab.attribute(3, ends[0], silent)),
      value(await lab.attribute(3, ends[1], silent)),
    ];
    expect(shap.baselineValue).toBeCloseTo((first.baselineValue! + second.baselineValue!) / 2, 5);
    expect(value(await against([8, 7], { method: 'deeplift' })).scores.data).toEqual(second.scores.data);
    for (const images of [[], [1]])
      expect(await against(images, { method: 'feature-permutation' })).toMatchObject({
        ok: false,
        message: expect.stringMatching(/no image is open beside the one that is explained. Open more images/) as string,
      });
  });

  it('keeps completeness through preprocessing, baseline and method', async () => {
    const { check, value: fx, baselineValue } = value(await lab.attribute(4, request({ method: 'deeplift' }), silent));
    expect(baselineValue).not.toBe(fx);
    expect(check!.relative).toBeLessThan(1e-4);
  });

  it('explains a layer in place of the image, at the layer’s own size', async () => {
    const { id } = info.layers.find(({ shape }) => shape.join() === '10,16,16')!;
    const { scores, map, check } = value(await lab.attribute(4, request({ method: 'deeplift', layer: id }), silent));
    expect(scores.shape).toEqual([10, 16, 16]);
    expect(map.shape).toEqual([1, 16, 16]);
    expect(sum(map)).toBeCloseTo(sum(scores), 4);
    expect(check!.relative).toBeLessThan(1e-4);
  });

  it('stops a cancelled job and stays usable', async () => {
    const slow = lab.attribute(5, request({ options: { steps: 500 } }), () => void lab.cancel(5));
    expect(await slow).toMatchObject({ ok: false, reason: 'cancelled' });
    expect((await lab.attribute(6, request({ method: 'saliency' }), silent)).ok).toBe(true);
  });

  it.each([
    [{ method: 'gradcam' }, /Unknown method "gradcam"\. Known: integrated-gradients/],
    [{ target: { kind: 'logit', index: 10 } as const }, /10 elements, element 10 is asked for/],
    [{ image: 99 }, /the image is no longer open/],
    [{ method: 'grad-cam', layer: 'nowhere' }, /Layer "nowhere" is not among the \d+ layers/],
    [{ options: { steps: -1 } }, /steps is -1/],
  ])('answers %j with a reason', async (change, message) => {
    const outcome = await lab.attribute(7, request(change), silent);
    expect(outcome).toMatchObject({ ok: false, reason: 'failed', message: expect.stringMatching(message) });
  });

  it('keeps the open model when the next file is no model', async () => {
    const outcome = await lab.openModel(
      8,
      [{ name: 'notes.onnx', bytes: new TextEncoder().encode('<!doctype html>').buffer as ArrayBuffer }],
      silent,
    );
    expect(outcome).toMatchObject({ ok: false, message: expect.stringContaining('notes.onnx') });
    expect((await lab.predict(9, 1, info.preprocessing)).ok).toBe(true);
  });
});

const squeezenet = new URL('../../../shared/real/onnx/squeezenet_fp16.onnx', import.meta.url);
describe.skipIf(!existsSync(squeezenet))(
  'a public half-precision SqueezeNet (skipped where ../shared/real is absent)',
  () => {
    it('opens with its softmax taken off, and agrees with onnxruntime to half precision', async () => {
      const lab = new LabCore({ version: 'test', decode });
      value(await lab.start({ choice: 'wasm', ortBase: '' }));
      const info = value(
        await lab.openModel(1, [{ name: 'squeezenet_fp16.onnx', bytes: copy(readFileSync(squeezenet)) }], silent),
      );
      expect(info.classes).toBe(1000);
      expect(info.forwardDifference).toBeLessThan(2e-2);
      value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
      const { top } = value(await lab.predict(2, 1, info.preprocessing));
      expect(top[0].logit).not.toBeCloseTo(top[0].probability, 3);
    });
  },
);
