/** @file A small map drawn at the size of the image, as in torch's interpolate with half-pixel centres. */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { float32, sizeOf, zeros, type FloatTensor } from '../tensor/tensor.ts';

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

/** The same as a graph: rows and columns are mixed by constant matrices. [N, C, h, w] → [N, C, height, width]. */
export function upsampleGraph(g: Builder, map: Value, height: number, width: number, mode: Interpolation): Value {
  const [h, w] = map.shape.slice(-2) as number[];
  return g.matmul(
    g.matmul(g.constant(mixing(taps[mode](h, height), h)), map),
    transposed(g, mixing(taps[mode](w, width), w)),
  );
}

/** [to, from]: the shares of each tap. */
function mixing(list: readonly Tap[], from: number): FloatTensor {
  const matrix = zeros('float32', [list.length, from]);
  list.forEach(({ low, high, t }, i) => {
    matrix.data[i * from + low] += 1 - t;
    matrix.data[i * from + high] += t;
  });
  return matrix;
}

const transposed = (g: Builder, { shape: [rows, columns], data }: FloatTensor): Value =>
  g.constant(
    float32(
      [columns, rows],
      data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
    ),
  );

const mix = (a: number, b: number, t: number) => a * (1 - t) + b * t;
