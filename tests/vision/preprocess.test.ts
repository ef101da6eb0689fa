import { describe, expect, it } from 'vitest';
import {
  baselineTensor,
  cropOf,
  detectImageInput,
  modelView,
  normalize,
  preprocessingFor,
  presets,
} from '../../src/lib/vision/preprocess.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';

const solid = (width: number, height: number, rgb: readonly number[]): Pixels => ({
  width,
  height,
  data: Uint8ClampedArray.from({ length: width * height * 4 }, (_, k) => ((k & 3) === 3 ? 255 : rgb[k & 3])),
});
const nchw = { layout: 'NCHW', channels: 3, width: 4, height: 4 } as const;

describe('presets', () => {
  // What one pixel (200, 100, 50) becomes, worked out by hand from each pipeline's definition.
  it.each([
    ['torchvision', [(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225]],
    ['minus-one-to-one', [200 / 127.5 - 1, 100 / 127.5 - 1, 50 / 127.5 - 1]],
    ['caffe', [50 - 103.939, 100 - 116.779, 200 - 123.68]],
    ['inception-lucid', [200 - 117, 100 - 117, 50 - 117]],
    ['zero-to-one', [200 / 255, 100 / 255, 50 / 255]],
    ['zero-to-255', [200, 100, 50]],
    ['teachable-machine', [200 / 127 - 1, 100 / 127 - 1, 50 / 127 - 1]],
  ])('%s', (id, expected) => {
    const p = preprocessingFor(id, nchw);
    const x = normalize(modelView(solid(9, 7, [200, 100, 50]), p), p);
    expect(x.shape).toEqual([1, 3, 4, 4]);
    expected.forEach((v, c) => expect(x.data[c * 16 + 5]).toBeCloseTo(v, 3));
  });

  it('that are tested here are all there are', () =>
    expect(presets.map(({ id }) => id)).toEqual([
      'torchvision',
      'minus-one-to-one',
      'caffe',
      'inception-lucid',
      'zero-to-one',
      'zero-to-255',
      'teachable-machine',
    ]));

  it("Teachable Machine's sees the largest centre square, torchvision's 224 of the shorter side at 256", () => {
    const square = { ...nchw, width: 224, height: 224 };
    expect(cropOf({ width: 640, height: 480 }, preprocessingFor('teachable-machine', square))).toEqual({
      x: 80,
      y: 0,
      width: 480,
      height: 480,
    });
    const { width, height } = cropOf({ width: 640, height: 480 }, preprocessingFor('torchvision', square));
    expect([width, height]).toEqual([480 * (224 / 256), 480 * (224 / 256)]);
  });

  it('writes NHWC with the channels last and grey by luma', () => {
    const last = preprocessingFor('zero-to-255', { ...nchw, layout: 'NHWC' });
    expect(Array.from(normalize(modelView(solid(4, 4, [1, 2, 3]), last), last).data.slice(0, 6))).toEqual([
      1, 2, 3, 1, 2, 3,
    ]);
    const grey = preprocessingFor('zero-to-255', { ...nchw, channels: 1 });
    expect(normalize(modelView(solid(4, 4, [100, 50, 200]), grey), grey).data[0]).toBeCloseTo(
      0.299 * 100 + 0.587 * 50 + 0.114 * 200,
      3,
    );
  });

  it('names the known presets when asked for another', () => {
    expect(() => preprocessingFor('imagenet', nchw)).toThrow(
      `unknown preset "imagenet". Known: ${presets.map((p) => p.id).join(', ')}`,
    );
  });
});

describe('the part of the image that the model sees', () => {
  const p = preprocessingFor('torchvision', { ...nchw, width: 224, height: 224 });
  it('is the centre 224/256 of the shorter side for torchvision', () => {
    expect(cropOf({ width: 512, height: 256 }, p)).toEqual({ x: 144, y: 16, width: 224, height: 224 });
  });
  it('is everything when stretched', () => {
    expect(cropOf({ width: 512, height: 256 }, { ...p, resize: 'stretch' })).toEqual({
      x: 0,
      y: 0,
      width: 512,
      height: 256,
    });
  });
  it('overlaps the image when fitted, and the bars are zero in model space', () => {
    const fit = { ...p, resize: 'fit' as const };
    expect(cropOf({ width: 448, height: 224 }, fit)).toEqual({ x: 0, y: -112, width: 448, height: 448 });
    const x = normalize(modelView(solid(448, 224, [255, 255, 255]), fit), fit);
    expect(Math.abs(x.data[0])).toBeLessThan(1e-5);
    expect(x.data[112 * 224]).toBeCloseTo((1 - 0.485) / 0.229, 4);
  });
});

describe('detectImageInput', () => {
  it.each([
    [[3, 224, 224], 'NCHW', 3],
    [[224, 224, 3], 'NHWC', 3],
    [[1, 28, 28], 'NCHW', 1],
    [[28, 28, 1], 'NHWC', 1],
  ])('reads %j', (shape, layout, channels) => expect(detectImageInput(shape)).toMatchObject({ layout, channels }));
  it.each([[[784]], [[16, 224, 224]], [[2, 3, 4, 5]]])('finds no image in %j', (shape) =>
    expect(detectImageInput(shape)).toBeNull(),
  );
});

describe('baselines', () => {
  const p = preprocessingFor('zero-to-255', nchw);
  const view = modelView(solid(4, 4, [30, 60, 90]), p);
  it.each([
    ['black', 0],
    ['white', 255],
    ['mean', 30],
    ['blur', 30],
  ] as const)('%s is what its name says', (kind, red) =>
    expect(baselineTensor(kind, view, p, 1).data[0]).toBeCloseTo(red, 3),
  );
  it('noise repeats for the same seed and differs for another', () => {
    expect(baselineTensor('noise', view, p, 1)).toEqual(baselineTensor('noise', view, p, 1));
    expect(baselineTensor('noise', view, p, 1)).not.toEqual(baselineTensor('noise', view, p, 2));
  });
});
