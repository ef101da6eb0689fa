/** @file Antialiased resampling of float planes: the same picture whatever the browser, unlike a canvas. */
import type { Pixels, Rect } from './types.ts';

/** One output sample: a weighted run of input samples. */
interface Tap {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Weights of the triangle filter, widened by the scale when shrinking so that every input pixel counts (what PIL and
 * torchvision call antialiased bilinear). Maps [start, start + length) of the input to `size` output samples; samples
 * outside 0…`limit` − 1 are left out and the rest renormalised.
 */
export function triangleTaps(start: number, length: number, limit: number, size: number): Tap[] {
  const scale = length / size;
  const support = Math.max(scale, 1);
  return Array.from({ length: size }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.min(Math.max(Math.floor(centre - support + 0.5), 0), limit - 1);
    const end = Math.max(Math.min(Math.floor(centre + support + 0.5), limit), first + 1);
    const weights = Float32Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / support)),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    return { first, weights: total > 0 ? weights.map((w) => w / total) : weights.fill(1 / weights.length) };
  });
}

/** Interleaved channels, 0…255, row-major. */
export interface FloatImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** The part `from` of an image at `width` × `height`, as RGB over white where it is transparent. */
export function resample(pixels: Pixels, from: Rect, width: number, height: number): FloatImage {
  const columns = triangleTaps(from.x, from.width, pixels.width, width);
  const rows = triangleTaps(from.y, from.height, pixels.height, height);
  const firstRow = rows[0].first;
  const lastRow = rows.reduce((last, tap) => Math.max(last, tap.first + tap.weights.length), 0);
  const narrow = new Float32Array((lastRow - firstRow) * width * 3);
  const line = new Float32Array(pixels.width * 3);
  for (let y = firstRow; y < lastRow; y++) {
    opaqueLine(pixels, y, line);
    resampleLine(line, columns, narrow, (y - firstRow) * width * 3);
  }
  const data = new Float32Array(width * height * 3);
  rows.forEach(({ first, weights }, y) => {
    const out = data.subarray(y * width * 3, (y + 1) * width * 3);
    weights.forEach((w, k) => {
      const row = (first + k - firstRow) * width * 3;
      for (let i = 0; i < out.length; i++) out[i] += w * narrow[row + i];
    });
  });
  return { width, height, channels: 3, data };
}

/** A float image at another size, each channel by itself; as it is where the size is the same. */
export function resized(image: FloatImage, width: number, height: number): FloatImage {
  const { channels } = image;
  const columns = triangleTaps(0, image.width, image.width, width);
  const rows = triangleTaps(0, image.height, image.height, height);
  const narrow = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++)
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++)
        weights.forEach((w, k) => {
          narrow[(y * width + x) * channels + c] += w * image.data[(y * image.width + first + k) * channels + c];
        });
    });
  const line = width * channels;
  const data = new Float32Array(height * line);
  rows.forEach(({ first, weights }, y) =>
    weights.forEach((w, k) => {
      for (let i = 0; i < line; i++) data[y * line + i] += w * narrow[(first + k) * line + i];
    }),
  );
  return { width, height, channels, data };
}

/** Row `y` as RGB, transparency blended with white. */
function opaqueLine({ data, width }: Pixels, y: number, line: Float32Array): void {
  for (let x = 0, i = y * width * 4, o = 0; x < width; x++, i += 4, o += 3) {
    const alpha = data[i + 3] / 255;
    const white = 255 * (1 - alpha);
    line[o] = data[i] * alpha + white;
    line[o + 1] = data[i + 1] * alpha + white;
    line[o + 2] = data[i + 2] * alpha + white;
  }
}

function resampleLine(line: Float32Array, columns: readonly Tap[], out: Float32Array, offset: number): void {
  columns.forEach(({ first, weights }, x) => {
    let [r, g, b] = [0, 0, 0];
    for (let k = 0, i = first * 3; k < weights.length; k++, i += 3) {
      const w = weights[k];
      r += w * line[i];
      g += w * line[i + 1];
      b += w * line[i + 2];
    }
    out.set([r, g, b], offset + x * 3);
  });
}

/** Gaussian blur of standard deviation `sigma` pixels, edges extended; separable, truncated at 3σ. */
export function gaussianBlur(image: FloatImage, sigma: number): FloatImage {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((a, b) => a + b, 0);
  const { width, height, channels } = image;
  const along = (source: Float32Array, length: number, step: number, starts: number[]) => {
    const out = new Float32Array(source.length);
    for (const start of starts) {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) {
          const j = Math.min(Math.max(i + k, 0), length - 1);
          sum += kernel[k + radius] * source[start + j * step];
        }
        out[start + i * step] = sum / total;
      }
    }
    return out;
  };
  const lanes = (count: number, stride: number) =>
    Array.from({ length: count * channels }, (_, i) => Math.floor(i / channels) * stride + (i % channels));
  const rows = along(image.data, width, channels, lanes(height, width * channels));
  return { ...image, data: along(rows, height, width * channels, lanes(width, channels)) };
}
