/** @file Presets, and from pixels to the tensor that a model is fed. */
import { makeTensor, type FloatTensor } from '../tensor/tensor.ts';
import { random } from '../tensor/random.ts';
import { gaussianBlur, resample, type FloatImage } from './resize.ts';
import type { ChannelOrder, Layout, Pixels, Preprocessing, PresetInfo, Rect } from './types.ts';

type Recipe = Pick<Preprocessing, 'resize' | 'cropFraction' | 'scale' | 'mean' | 'std'> & {
  readonly order: 'RGB' | 'BGR';
};
type Preset = PresetInfo & { readonly recipe: Recipe };

const plain: Recipe = {
  order: 'RGB',
  resize: 'centre-crop',
  cropFraction: 1,
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

/** What the common training pipelines feed; `docs/models.md` says where each comes from. */
const presetTable: readonly Preset[] = [
  {
    id: 'torchvision',
    title: 'torchvision',
    description: 'RGB 0…1, minus the ImageNet mean, over its standard deviation; shorter side 256, centre 224',
    recipe: { ...plain, cropFraction: 224 / 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  {
    id: 'minus-one-to-one',
    title: 'TensorFlow −1…1',
    description: 'RGB scaled to −1…1',
    recipe: { ...plain, scale: 2, mean: [1, 1, 1] },
  },
  {
    id: 'caffe',
    title: 'Caffe BGR',
    description: 'BGR 0…255 minus the mean 103.939, 116.779, 123.68',
    recipe: { ...plain, order: 'BGR', scale: 255, mean: [103.939, 116.779, 123.68] },
  },
  {
    id: 'inception-lucid',
    title: 'Inception (Lucid)',
    description: 'RGB 0…255 minus 117, as Inception 5h and Lucid feed it',
    recipe: { ...plain, scale: 255, mean: [117, 117, 117] },
  },
  { id: 'zero-to-one', title: '0…1', description: 'RGB scaled to 0…1', recipe: plain },
  { id: 'zero-to-255', title: '0…255', description: 'RGB as stored, 0…255', recipe: { ...plain, scale: 255 } },
  {
    id: 'teachable-machine',
    title: 'Teachable Machine',
    description: 'RGB, largest centre square, pixel/127 − 1',
    recipe: { ...plain, scale: 255 / 127, mean: [1, 1, 1] },
  },
];

export const presets: readonly PresetInfo[] = presetTable.map(({ id, title, description }) => ({
  id,
  title,
  description,
}));

/** The geometry of a model's image input. */
export interface ImageInput {
  readonly layout: Layout;
  readonly channels: 1 | 3;
  readonly width: number;
  readonly height: number;
}

/**
 * Layout and size from an input shape without its batch axis, as [3, 224, 224] or [224, 224, 3]. null when it is no
 * image: not rank 3, or neither end is 1 or 3 channels long.
 */
export function detectImageInput(shape: readonly number[]): ImageInput | null {
  if (shape.length !== 3) return null;
  const [a, b, c] = shape;
  const isChannels = (n: number) => n === 1 || n === 3;
  if (isChannels(a) && !(isChannels(c) && b > a && !isChannels(b) && a === 1 && c === 3))
    return { layout: 'NCHW', channels: a as 1 | 3, height: b, width: c };
  return isChannels(c) ? { layout: 'NHWC', channels: c as 1 | 3, height: a, width: b } : null;
}

/** A preset for a model's input. Grey models take the channel mean of its numbers. Throws a RangeError for an unknown id. */
export function preprocessingFor(preset: string, input: ImageInput): Preprocessing {
  const found = presetTable.find((p) => p.id === preset);
  if (!found) throw new RangeError(`unknown preset "${preset}". Known: ${presetTable.map((p) => p.id).join(', ')}`);
  const { recipe } = found;
  const grey = input.channels === 1;
  const average = (v: readonly number[]) => [v.reduce((a, b) => a + b, 0) / v.length];
  return {
    ...recipe,
    preset,
    layout: input.layout,
    width: input.width,
    height: input.height,
    order: grey ? 'grey' : recipe.order,
    mean: grey ? average(recipe.mean) : recipe.mean,
    std: grey ? average(recipe.std) : recipe.std,
  };
}

/** How far apart two numbers of a preset may be, in steps of a pixel. */
const SAME = 1e-2;

/**
 * The preset that makes (pixel − mean) / deviation of pixels of 0…255, else one of the input's own. One number each stands for all
 * channels; there is one for each otherwise.
 */
export function normalizedBy(
  { mean, deviation }: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
  input: ImageInput,
): Preprocessing {
  const own = { mean: filled(mean, input.channels), std: filled(deviation, input.channels) };
  const same = presets
    .map(({ id }) => preprocessingFor(id, input))
    .find(({ order, scale, ...numbers }) =>
      order === 'BGR' ? false : [0, 1, 2].every((c) => c >= input.channels || isSame(numbers, scale, own, c)),
    );
  return same ?? { ...preprocessingFor('zero-to-255', input), ...own, preset: 'custom' };
}

type Numbers = Pick<Preprocessing, 'mean' | 'std'>;

const filled = (values: readonly number[], count: number): readonly number[] =>
  Array.from({ length: count }, (_, c) => values[values.length === count ? c : 0]);

const isSame = (preset: Numbers, scale: number, own: Numbers, c: number): boolean =>
  Math.abs((preset.mean[c] * 255) / scale - own.mean[c]) < SAME &&
  Math.abs((preset.std[c] * 255) / scale - own.std[c]) < SAME;

/** The part of an image that the model sees, in image pixels; larger than the image where `fit` adds bars. */
export function cropOf({ width, height }: { width: number; height: number }, p: Preprocessing): Rect {
  if (p.resize === 'stretch') return { x: 0, y: 0, width, height };
  const pick = p.resize === 'fit' ? Math.max : Math.min;
  const unit = pick(width / p.width, height / p.height) * (p.resize === 'centre-crop' ? p.cropFraction : 1);
  const [w, h] = [unit * p.width, unit * p.height];
  return { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h };
}

/** The model's view of the image: RGB at the model's size, 0…255. */
export function modelView(pixels: Pixels, p: Preprocessing): FloatImage {
  const crop = cropOf(pixels, p);
  if (p.resize !== 'fit') return resample(pixels, crop, p.width, p.height);
  const inner = {
    width: Math.max(1, Math.round((pixels.width / crop.width) * p.width)),
    height: Math.max(1, Math.round((pixels.height / crop.height) * p.height)),
  };
  const small = resample(pixels, { x: 0, y: 0, width: pixels.width, height: pixels.height }, inner.width, inner.height);
  return letterbox(small, p);
}

function letterbox(small: FloatImage, p: Preprocessing): FloatImage {
  const bar = meanColour(p);
  const data = Float32Array.from({ length: p.width * p.height * 3 }, (_, i) => bar[i % 3]);
  const [left, top] = [(p.width - small.width) >> 1, (p.height - small.height) >> 1];
  for (let y = 0; y < small.height; y++) {
    const row = small.data.subarray(y * small.width * 3, (y + 1) * small.width * 3);
    data.set(row, ((top + y) * p.width + left) * 3);
  }
  return { width: p.width, height: p.height, channels: 3, data };
}

/** The colour that preprocessing maps to zero, clipped to what a pixel can be; RGB 0…255. */
function meanColour({ order, mean, scale }: Preprocessing): number[] {
  const rgb = order === 'BGR' ? mean.toReversed() : order === 'grey' ? [mean[0], mean[0], mean[0]] : mean;
  return rgb.map((m) => Math.min(255, Math.max(0, (m / scale) * 255)));
}

/** The tensor [1, …] in the model's layout, from the model's view of the image. */
export function normalize(view: FloatImage, p: Preprocessing): FloatTensor {
  const channels = p.order === 'grey' ? 1 : 3;
  const area = p.width * p.height;
  const data = new Float32Array(area * channels);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < channels; c++) {
      const v = (sample(view.data, i, c, p.order) / 255) * p.scale;
      data[p.layout === 'NCHW' ? c * area + i : i * channels + c] = (v - p.mean[c]) / p.std[c];
    }
  }
  return makeTensor(
    'float32',
    p.layout === 'NCHW' ? [1, channels, p.height, p.width] : [1, p.height, p.width, channels],
    data,
  );
}

/** Channel `c` in the model's order; grey by the luma weights of ITU-R BT.601, as PIL converts. */
function sample(rgb: Float32Array, pixel: number, c: number, order: ChannelOrder): number {
  const i = pixel * 3;
  if (order === 'grey') return 0.299 * rgb[i] + 0.587 * rgb[i + 1] + 0.114 * rgb[i + 2];
  return rgb[i + (order === 'BGR' ? 2 - c : c)];
}

export type BaselineKind = 'black' | 'white' | 'mean' | 'blur' | 'noise';

/** Blur of the "blur" baseline, as a share of the model's input width: coarse shape gone, colour kept. */
const BLUR_SIGMA = 0.08;

/**
 * x′ made from a colour or from the image itself, in model space. `mean` is the image's own mean colour; `noise` is
 * uniform over 0…255 per pixel and channel.
 */
export function baselineTensor(kind: BaselineKind, view: FloatImage, p: Preprocessing, seed: number): FloatTensor {
  return normalize(baselineView(kind, view, seed), p);
}

function baselineView(kind: BaselineKind, view: FloatImage, seed: number): FloatImage {
  const fill = (f: (i: number) => number) => ({ ...view, data: Float32Array.from(view.data, (_, i) => f(i)) });
  if (kind === 'black') return fill(() => 0);
  if (kind === 'white') return fill(() => 255);
  if (kind === 'blur') return gaussianBlur(view, BLUR_SIGMA * view.width);
  if (kind === 'noise') {
    const rng = random(seed);
    return fill(() => 255 * rng.uniform());
  }
  const mean = [0, 1, 2].map(
    (c) => view.data.reduce((sum, v, i) => (i % 3 === c ? sum + v : sum), 0) / (view.data.length / 3),
  );
  return fill((i) => mean[i % 3]);
}
