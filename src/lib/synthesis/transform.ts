/**
 * @file Random small moves of the picture at each step, so that only what survives them is optimised (Olah, Mordvintsev &
 * Schubert 2017). A move is one affine map, resampled bilinearly; where it looks beyond the picture it sees grey.
 *
 * The resampling is linear, y = W x, with at most four weights a pixel. The host writes W and its transpose as tables of
 * indices and weights of fixed size, so one compiled program serves every draw, and the way back needs no scatter.
 */
import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import type { Random } from '../tensor/random.ts';
import { float32, makeTensor, type FloatTensor, type Tensor } from '../tensor/tensor.ts';
import type { PictureSize, Transform } from './types.ts';

/** What lies beyond the picture. */
export const GREY = 0.5;

/** From a pixel of the moved picture to a place in the picture: place = matrix · (pixel − centre) + shift + centre. */
export interface Move {
  /** [[a, b], [c, d]] row by row; x comes first. */
  readonly matrix: readonly [number, number, number, number];
  /** [x, y] in pixels. */
  readonly shift: readonly [number, number];
}

/** Row k of `indices` and `weights` holds the k-th share of each pixel; unused shares have weight 0. */
export interface Table {
  /** [shares, pixels] */
  readonly indices: Tensor<'int32'>;
  /** [shares, pixels] */
  readonly weights: FloatTensor;
}

/** A move, and its way back. */
export interface Tables {
  readonly forward: Table;
  readonly adjoint: Table;
}

export const FORWARD_SHARES = 4;

/**
 * How many pixels of the moved picture may read one of the picture's: they are points of the unit lattice within an open
 * square of side 2 · scale, turned by the angle. It fits an upright square, which holds at most ⌈side⌉ points an axis.
 */
export function adjointShares({ scales, degrees }: Transform): number {
  const spread = (angle: number) => Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle));
  const turned = Math.max(1, ...degrees.map((d) => spread((d / 180) * Math.PI)));
  return Math.ceil(2 * Math.max(1, ...scales) * turned) ** 2;
}

/** Draws jitter → scale → rotate → jitter on a padded picture, as Lucid orders them, cropped to the picture's own size. */
export function drawMove({ jitter, scales, degrees, lastJitter }: Transform, { uniform, below }: Random): Move {
  const shift = (most: number) => (most > 0 ? below(most + 1) - most / 2 : 0);
  const pick = (values: readonly number[], otherwise: number) =>
    values.length > 0 ? values[Math.floor(uniform() * values.length)] : otherwise;
  const first = [shift(jitter), shift(jitter)];
  const [scale, angle] = [pick(scales, 1), (pick(degrees, 0) / 180) * Math.PI];
  const last = [shift(lastJitter), shift(lastJitter)];
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  return {
    matrix: [cos, sin, -sin, cos],
    shift: [first[0] + cos * last[0] + sin * last[1], first[1] - sin * last[0] + cos * last[1]],
  };
}

/** The tables of a move: W and its transpose. Written into `into`, where tables of this size are at hand. */
export function tablesOf(move: Move, size: PictureSize, shares: number, into?: Tables): Tables {
  const pixels = size.height * size.width;
  const tables = into ?? { forward: emptyTable(FORWARD_SHARES, pixels), adjoint: emptyTable(shares, pixels) };
  // An unused share has weight 0, whatever its index.
  tables.forward.weights.data.fill(0);
  tables.adjoint.weights.data.fill(0);
  fill(tables, move, size, shares);
  return tables;
}

/**
 * Bilinear weights of the four pixels around the place that each pixel of the moved picture shows. One loop over plain
 * arrays: it runs at every step, over every pixel.
 */
function fill({ forward, adjoint }: Tables, move: Move, { height, width }: PictureSize, shares: number): void {
  const [a, b, c, d] = move.matrix;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const pixels = height * width;
  const [sources, weights] = [forward.indices.data, forward.weights.data];
  const [readers, readerWeights] = [adjoint.indices.data, adjoint.weights.data];
  const filled = new Uint8Array(pixels);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const atX = a * (x - middleX) + b * (y - middleY) + move.shift[0] + middleX;
      const atY = c * (x - middleX) + d * (y - middleY) + move.shift[1] + middleY;
      const left = Math.floor(atX);
      const top = Math.floor(atY);
      for (let share = 0; share < FORWARD_SHARES; share++) {
        const column = left + (share & 1);
        const row = top + (share >> 1);
        if (column < 0 || column >= width || row < 0 || row >= height) continue;
        const weight = (1 - Math.abs(atX - column)) * (1 - Math.abs(atY - row));
        if (weight === 0) continue;
        const source = row * width + column;
        const reader = filled[source]++;
        if (reader >= shares) throw new RangeError(`internal: pixel ${source} is read more than ${shares} times.`);
        sources[share * pixels + pixel] = source;
        weights[share * pixels + pixel] = weight;
        readers[reader * pixels + source] = pixel;
        readerWeights[reader * pixels + source] = weight;
      }
    }
  }
}

const emptyTable = (shares: number, pixels: number): Table => ({
  indices: makeTensor('int32', [shares, pixels], new Int32Array(shares * pixels)),
  weights: float32([shares, pixels], new Float32Array(shares * pixels)),
});

/** A table as inputs of a graph. */
export interface TableInputs {
  readonly indices: Value;
  readonly weights: Value;
}

/** W x for pictures [N, channels, height, width]; pixels without shares become 0. */
export function resample(g: Builder, x: Value, { indices, weights }: TableInputs): Value {
  const [examples, channels, height, width] = x.shape;
  const [shares, pixels] = indices.shape as number[];
  const flat = g.reshape(x, [examples, channels, (height as number) * (width as number)]);
  // onnxruntime reads single elements four times as fast as rows of three channels (docs/performance.md).
  const each = g.expand(g.reshape(indices, [1, 1, shares * pixels]), [examples, channels, shares * pixels]);
  const read = g.reshape(g.apply('GatherElements', [flat, each], { axis: 2 }), [examples, channels, shares, pixels]);
  return g.reshape(g.reduceSum(g.mul(read, weights), [2], false), x.shape);
}
