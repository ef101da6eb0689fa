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
  const columns = transformColumns(g, spectrum, height, halfWidth(width));
  const part = (start: number) => g.slice(columns, [start], [start + height], [2]);
  const { cosine, sine } = rowTransform(width);
  return g.sub(g.matmul(part(0), g.constant(cosine)), g.matmul(part(height), g.constant(sine)));
}

/**
 * The complex inverse transform of the columns, in two stages for a height that is a product n·m (Cooley & Tukey 1965):
 * over v₁ of v = m·v₁ + v₂, then, for each y₁ of y = y₁ + n·y₂, over v₂ with the twiddle factor e^{2πi v₂y₁/h} in the
 * matrix. It costs n + m in place of n·m products for each element.
 */
function transformColumns(g: Builder, spectrum: Value, height: number, columns: number): Value {
  const [examples, channels] = spectrum.shape;
  const [n, m] = factors(height);
  const swap = (x: Value) => g.transpose(x, [0, 1, 3, 2, 4]);
  const first = g.matmul(g.constant(firstStage(n)), g.reshape(spectrum, [examples, channels, 2 * n, m * columns]));
  const byRow = swap(g.reshape(first, [examples, channels, 2, n, m * columns]));
  const second = g.matmul(g.constant(secondStage(n, m)), g.reshape(byRow, [examples, channels, n, 2 * m, columns]));
  return g.reshape(swap(second), [examples, channels, 2 * height, columns]);
}

/** The two factors nearest to each other; 1 and itself for a prime. */
function factors(length: number): [number, number] {
  let n = Math.floor(Math.sqrt(length));
  while (length % n !== 0) n--;
  return [n, length / n];
}

/** e^{2πi v₁y₁/n} over stacked real and imaginary parts: [2n, 2n]. */
function firstStage(n: number): FloatTensor {
  const data = new Float32Array(4 * n * n);
  for (let y = 0; y < n; y++) for (let v = 0; v < n; v++) setComplex(data, 0, n, y, v, (v * y) % n, n, 1);
  return float32([2 * n, 2 * n], data);
}

/** e^{2πi v₂(y₁/h + y₂/m)} / h for each y₁, over stacked parts: [n, 2m, 2m]. */
function secondStage(n: number, m: number): FloatTensor {
  const data = new Float32Array(4 * n * m * m);
  const height = n * m;
  for (let row = 0; row < n; row++)
    for (let y = 0; y < m; y++)
      for (let v = 0; v < m; v++)
        setComplex(data, 4 * row * m * m, m, y, v, (v * (row + n * y)) % height, height, 1 / height);
  return float32([n, 2 * m, 2 * m], data);
}

/**
 * factor · e^{2πi turns/of} as a 2×2 block of a matrix over stacked parts, at row y and column v. `turns` is reduced before
 * it gets here: the product of two indices costs the cosine its digits.
 */
function setComplex(
  data: Float32Array,
  start: number,
  size: number,
  y: number,
  v: number,
  turns: number,
  of: number,
  factor: number,
): void {
  const angle = (2 * Math.PI * turns) / of;
  const [cos, sin] = [factor * Math.cos(angle), factor * Math.sin(angle)];
  const at = (row: number, column: number) => start + row * 2 * size + column;
  data[at(y, v)] = cos;
  data[at(y, size + v)] = -sin;
  data[at(size + y, v)] = sin;
  data[at(size + y, size + v)] = cos;
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
