/** @file The Gaussian as SciPy has it, on which other people's numbers rest. */
import type { FloatImage } from './resize.ts';

/** Weights at 0, 1, … pixels from the middle, cut off at 4σ; all of them, on both sides, sum to 1. */
export function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: radius + 1 }, (_, t) =>
    t === 0 ? 1 : Math.exp(-0.5 * (t / sigma) ** 2),
  );
  const total = weights.reduce((sum, w, t) => sum + (t === 0 ? w : 2 * w), 0);
  return weights.map((w) => w / total);
}

/** Blur with mirrored edges, … 1 0 | 0 1 2 …, each channel by itself, in double precision. */
export function mirroredBlur({ width, height, channels, data }: FloatImage, sigma: number): Float64Array {
  const kernel = gaussianKernel(sigma);
  const along = (source: ArrayLike<number>, length: number, step: number): Float64Array =>
    Float64Array.from(source, (own, at) => {
      const i = Math.floor(at / step) % length;
      const start = at - i * step;
      let sum = kernel[0] * own;
      for (let t = 1; t < kernel.length; t++) {
        const [before, after] = [mirrored(i - t, length), mirrored(i + t, length)];
        sum += kernel[t] * (source[start + before * step] + source[start + after * step]);
      }
      return sum;
    });
  return along(along(data, width, channels), height, width * channels);
}

/** The pixel that stands at `i` beyond the edges of n pixels. */
function mirrored(i: number, n: number): number {
  const at = ((i % (2 * n)) + 2 * n) % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}
