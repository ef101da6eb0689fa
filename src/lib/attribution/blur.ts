/**
 * @file Gaussian blur as nodes. With edges mirrored about the border of the outermost pixels, a symmetric kernel w multiplies each cosine
 * of the discrete cosine transform C (DCT-II, orthonormal) by a number and changes nothing else:
 *
 *     blur(X) = Cₕᵀ (λₕ λᵥᵀ ⊙ Cₕ X Cᵥᵀ) Cᵥ,    λₖ = Σₜ w(t) cos(π k t / n)
 *
 * So all blurs of an image are four products of matrices with different numbers between them, exact to rounding, of any σ.
 */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { gaussianKernel } from '../vision/gaussian.ts';
import { imageAxes } from './layout.ts';

/** λ: by what a blur of `sigma` pixels multiplies the cosines along an axis of `length` pixels. */
export function blurSpectrum(length: number, sigma: number): Float64Array {
  const kernel = gaussianKernel(sigma);
  const turn = Float64Array.from({ length: 2 * length }, (_, j) => Math.cos((Math.PI * j) / length));
  return Float64Array.from({ length }, (_, k) =>
    kernel.reduce((sum, w, t) => sum + (t === 0 ? w : 2 * w * turn[(k * t) % (2 * length)]), 0),
  );
}

/** C: row k holds the cosine of k half waves at the centres of `n` pixels; C Cᵀ = 1. */
export function cosines(n: number): FloatTensor {
  const size = (k: number) => Math.sqrt((k === 0 ? 1 : 2) / n);
  const at = (k: number, i: number) => size(k) * Math.cos((Math.PI * k * (2 * i + 1)) / (2 * n));
  return float32(
    [n, n],
    Array.from({ length: n * n }, (_, j) => at(Math.floor(j / n), j % n)),
  );
}

/** An image whose blurs can be made: give it numbers that broadcast against [N, channels, height, width]. */
export type Blurrable = (spectrum: Value) => Value;

/** `image`: [N, channels, height, width] or [N, height, width, channels]; null where it is none. */
export function blurrable(g: Builder, image: Value): Blurrable | null {
  const axes = imageAxes(image);
  if (!axes) return null;
  const last = axes[0] === 1;
  const [down, across] = axes.map((axis) => g.constant(cosines(image.shape[axis] as number)));
  const planes = last ? g.transpose(image, [0, 3, 1, 2]) : image;
  const waves = g.matmul(g.matmul(down, planes), g.transpose(across));
  return (spectrum) => {
    const blurred = g.matmul(g.matmul(g.transpose(down), g.mul(waves, spectrum)), across);
    return last ? g.transpose(blurred, [0, 2, 3, 1]) : blurred;
  };
}

/** The numbers of one blur after the other for an image: [σs, 1, height, 1] and [σs, 1, 1, width]. */
export function spectraOf(image: Value, sigmas: readonly number[]): readonly [FloatTensor, FloatTensor] {
  const [height, width] = imageAxes(image)!.map((axis) => image.shape[axis] as number);
  const table = (length: number) => sigmas.flatMap((sigma) => Array.from(blurSpectrum(length, sigma)));
  return [float32([sigmas.length, 1, height, 1], table(height)), float32([sigmas.length, 1, 1, width], table(width))];
}
