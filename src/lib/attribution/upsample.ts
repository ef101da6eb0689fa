/** @file A small map drawn at the size of the image, as in torch's interpolate with half-pixel centres. */
import { float32, sizeOf, type FloatTensor } from '../tensor/tensor.ts';

export type Interpolation = 'nearest' | 'bilinear';

interface Tap {
  readonly low: number;
  readonly high: number;
  /** Share of `high`. */
  readonly t: number;
}

const taps: Record<Interpolation, (from: number, to: number) => Tap[]> = {
  /** floor(i · from/to): the pixel that contains this one's upper left corner. */
  nearest: (from, to) => {
    const at = (i: number) => Math.min(from - 1, Math.floor((i * from) / to));
    return Array.from({ length: to }, (_, i) => ({ low: at(i), high: at(i), t: 0 }));
  },
  /** Centres of pixels on centres of pixels; the border is repeated. */
  bilinear: (from, to) =>
    Array.from({ length: to }, (_, i) => {
      const x = Math.max(0, ((i + 0.5) * from) / to - 0.5);
      const low = Math.min(from - 1, Math.floor(x));
      return { low, high: Math.min(from - 1, low + 1), t: Math.min(1, x - low) };
    }),
};

/** [..., h, w] → [..., height, width]. */
export function upsample(map: FloatTensor, height: number, width: number, mode: Interpolation): FloatTensor {
  const [h, w] = map.shape.slice(-2);
  const leading = map.shape.slice(0, -2);
  const [rows, columns] = [taps[mode](h, height), taps[mode](w, width)];
  const data = new Float32Array(sizeOf(leading) * height * width);
  let to = 0;
  for (let plane = 0; plane < map.data.length; plane += h * w) {
    for (const row of rows) {
      const [top, bottom] = [plane + row.low * w, plane + row.high * w];
      for (const column of columns) {
        const along = (start: number) => mix(map.data[start + column.low], map.data[start + column.high], column.t);
        data[to++] = mix(along(top), along(bottom), row.t);
      }
    }
  }
  return float32([...leading, height, width], data);
}

const mix = (a: number, b: number, t: number) => a * (1 - t) + b * t;
