/** @file Real two-dimensional Fourier synthesis as matrix products, which every device runs. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';

/** Columns of a half spectrum: the frequencies 0 … ⌊width/2⌋ of a real signal. */
export const halfWidth = (width: number): number => (width >> 1) + 1;

/** Cycles per pixel of spectrum row or column `index` out of `length`, signed as `fftfreq` gives them. */
export const frequency = (index: number, length: number): number =>
  (index <= (length - 1) >> 1 ? index : index - length) / length;

/** √(fx² + fy²) of each element of a half spectrum, in cycles per pixel: [height, ⌊width/2⌋ + 1]. */
export function radialFrequencies(height: number, width: number): FloatTensor {
  const columns = halfWidth(width);
  return float32(
    [height, columns],
    Array.from({ length: height * columns }, (_, i) =>
      // The last column of an even width is the Nyquist frequency, whose sign does not matter.
      Math.hypot(frequency(Math.floor(i / columns), height), (i % columns) / width),
    ),
  );
}

/**
 * The inverse real Fourier transform of half spectra: [N, C, 2·height, ⌊width/2⌋ + 1] → [N, C, height, width]. The upper
 * half of the rows holds real parts, the lower half imaginary parts. Normalised as `irfft2` with norm "backward": 1/(h·w).
 */
export function irfft2(g: Builder, spectrum: Value, height: number, width: number): Value {
  const columns = g.matmul(g.constant(columnTransform(height)), spectrum);
  const part = (start: number) => g.slice(columns, [start], [start + height], [2]);
  const { cosine, sine } = rowTransform(width);
  return g.sub(g.matmul(part(0), g.constant(cosine)), g.matmul(part(height), g.constant(sine)));
}

/** The complex inverse transform of the columns, over stacked real and imaginary parts: [2h, 2h]. */
function columnTransform(height: number): FloatTensor {
  const size = 2 * height;
  const data = new Float32Array(size * size);
  for (let y = 0; y < height; y++) {
    for (let v = 0; v < height; v++) {
      // Reduced before it is multiplied out: the product of two indices costs the cosine its digits.
      const angle = (2 * Math.PI * ((v * y) % height)) / height;
      const [cos, sin] = [Math.cos(angle) / height, Math.sin(angle) / height];
      data[y * size + v] = cos;
      data[y * size + height + v] = -sin;
      data[(height + y) * size + v] = sin;
      data[(height + y) * size + height + v] = cos;
    }
  }
  return float32([size, size], data);
}

/** Real part of the inverse transform of half rows: each frequency but 0 and Nyquist stands for two. */
function rowTransform(width: number): { cosine: FloatTensor; sine: FloatTensor } {
  const columns = halfWidth(width);
  const [cosine, sine] = [new Float32Array(columns * width), new Float32Array(columns * width)];
  for (let u = 0; u < columns; u++) {
    const times = u === 0 || 2 * u === width ? 1 : 2;
    for (let x = 0; x < width; x++) {
      const angle = (2 * Math.PI * ((u * x) % width)) / width;
      cosine[u * width + x] = (times * Math.cos(angle)) / width;
      sine[u * width + x] = (times * Math.sin(angle)) / width;
    }
  }
  return { cosine: float32([columns, width], cosine), sine: float32([columns, width], sine) };
}
