/** @file What is optimised in place of pixels, and how it becomes a picture with values in 0…1. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { random } from '../tensor/random.ts';
import { map } from '../tensor/arithmetic.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { halfWidth, irfft2, radialFrequencies } from './spectrum.ts';
import type { ParametrisationKind, PictureSize } from './types.ts';

export interface Parametrisation {
  readonly title: string;
  readonly description: string;
  /** The parameters of one picture, without the batch axis. */
  shape(size: PictureSize): readonly number[];
  /** Standard deviation of the normal distribution that the parameters start from. */
  readonly deviation: number;
  /** Parameters [N, …] → pictures [N, channels, height, width] in 0…1. */
  picture(g: Builder, parameters: Value, size: PictureSize): Value;
}

const pixelShape = ({ channels, height, width }: PictureSize) => [channels, height, width];
const spectrumShape = ({ channels, height, width }: PictureSize) => [channels, 2 * height, halfWidth(width)];
const phaseShape = ({ channels, height, width }: PictureSize) => [channels, height, halfWidth(width)];

/**
 * Square root of the covariance of colours in ImageNet, over its largest column norm (Olah, Mordvintsev & Schubert 2017,
 * https://distill.pub/2017/feature-visualization). Rows are red, green, blue.
 */
export const COLOUR_CORRELATION: readonly (readonly number[])[] = [
  [0.562829, 0.194825, 0.043295],
  [0.584476, 0, -0.108236],
  [0.584476, -0.194825, 0.064942],
];

/** What the inverse transform is divided by, so that a spectrum of deviation 0.01 gives pixels of deviation 0.02. */
const MAGIC = 4;

/** Exponent of the 1/f fall of natural images' spectra. */
const DECAY = 1;

export const parametrisations: Readonly<Record<ParametrisationKind, Parametrisation>> = {
  /** Each pixel for itself. */
  pixels: {
    title: 'Pixels',
    description: 'Each pixel for itself: the raw gradient, with its grain.',
    shape: pixelShape,
    deviation: 0.01,
    picture: (g, parameters, size) => g.sigmoid(correlate(g, parameters, size)),
  },

  /** A spectrum, scaled by 1/f, of decorrelated colours (Olah, Mordvintsev & Schubert 2017). */
  fourier: {
    title: 'Fourier',
    description: 'A spectrum whose steps favour coarse shapes, in decorrelated colours.',
    shape: spectrumShape,
    deviation: 0.01,
    picture(g, parameters, size) {
      const spectrum = g.mul(parameters, g.constant(stacked(fourierScale(size.height, size.width))));
      return g.sigmoid(correlate(g, g.mul(irfft2(g, spectrum, size.height, size.width), 1 / MAGIC), size));
    },
  },

  /**
   * MACO: the phase of a spectrum whose magnitude is that of natural images and stays (Fel et al. 2023,
   * arXiv:2306.06805).
   */
  maco: {
    title: 'MACO',
    description: 'Only the phase is free; the strength of each frequency is that of natural images.',
    shape: phaseShape,
    deviation: 1,
    picture(g, parameters, size) {
      const phase = standardise(g, parameters);
      const magnitude = g.constant(naturalMagnitude(size));
      const part = (f: 'Cos' | 'Sin') => g.mul(g.apply(f, [phase]), magnitude);
      const image = irfft2(g, g.concat([part('Cos'), part('Sin')], 2), size.height, size.width);
      return g.sigmoid(correlate(g, standardise(g, image), size));
    },
  },
};

/** √(w·h) / max(f, 1/max(w, h))^decay: [height, ⌊width/2⌋ + 1]. */
export function fourierScale(height: number, width: number): FloatTensor {
  const lowest = 1 / Math.max(width, height);
  return map(radialFrequencies(height, width), (f) => Math.sqrt(width * height) / Math.max(f, lowest) ** DECAY);
}

/**
 * Mean magnitude of natural photographs' spectra in decorrelated colours, by frequency: it falls with f^−1.25 below 1/64 cycles
 * a pixel, f^−1.45 up to 1/8 and f^−2.2 above. [channels, height, ⌊width/2⌋ + 1]; a common factor does not matter.
 */
export function naturalMagnitude({ channels, height, width }: PictureSize): FloatTensor {
  const frequencies = radialFrequencies(height, width);
  const lowest = 1 / Math.max(width, height);
  const fall = map(frequencies, (f) => radialFall(Math.max(f, lowest)));
  const strengths = channels === 1 ? [1] : CHANNEL_STRENGTH;
  return float32(
    [channels, ...fall.shape],
    strengths.flatMap((strength) => Array.from(fall.data, (v) => v * strength)),
  );
}

const CHANNEL_STRENGTH = [1, 1.035, 0.816];
const BENDS: readonly { readonly from: number; readonly slope: number }[] = [
  { from: 0, slope: -1.25 },
  { from: 1 / 64, slope: -1.45 },
  { from: 1 / 8, slope: -2.2 },
];

/** Pieces of power laws that meet at the bends. */
function radialFall(f: number): number {
  let value = 1;
  BENDS.forEach(({ from, slope }, i) => {
    const start = Math.max(from, BENDS[1].from / 64);
    const end = Math.min(f, BENDS[i + 1]?.from ?? Infinity);
    if (end > start) value *= (end / start) ** slope;
  });
  return value;
}

/** Real and imaginary parts are scaled alike. */
const stacked = (scale: FloatTensor): FloatTensor =>
  float32([2 * scale.shape[0], scale.shape[1]], [...scale.data, ...scale.data]);

/** From decorrelated colours to red, green and blue; grey stays. */
function correlate(g: Builder, image: Value, { channels, height, width }: PictureSize): Value {
  if (channels === 1) return image;
  const matrix = g.constant(float32([3, 3], COLOUR_CORRELATION.flat()));
  const flat = g.reshape(image, [image.shape[0], channels, height * width]);
  return g.reshape(g.matmul(matrix, flat), image.shape);
}

const EPSILON = 1e-5;

/** Mean 0 and standard deviation 1 over all elements of each example. */
function standardise(g: Builder, x: Value): Value {
  const axes = x.shape.slice(1).map((_, i) => i + 1);
  const centred = g.sub(x, g.reduceMean(x, axes));
  return g.div(centred, g.add(g.sqrt(g.reduceMean(g.square(centred), axes)), EPSILON));
}

/**
 * Parameters to start from, [batch, …]. Picture i is drawn from `seeds[i]` alone, so that it does not depend on its
 * neighbours.
 */
export function initialParameters(kind: ParametrisationKind, size: PictureSize, seeds: readonly number[]): FloatTensor {
  const { shape, deviation } = parametrisations[kind];
  const one = shape(size);
  const length = one.reduce((a, b) => a * b, 1);
  const data = new Float32Array(length * seeds.length);
  seeds.forEach((seed, i) => {
    const { normal } = random(seed);
    for (let k = 0; k < length; k++) data[i * length + k] = deviation * normal();
  });
  return float32([seeds.length, ...one], data);
}
