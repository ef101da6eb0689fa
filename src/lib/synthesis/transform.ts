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

/** The tables of a move: W and its transpose. */
export function tablesOf(move: Move, size: PictureSize, shares: number): { forward: Table; adjoint: Table } {
  const { height, width } = size;
  const forward = emptyTable(FORWARD_SHARES, height * width);
  const adjoint = emptyTable(shares, height * width);
  const filled = new Uint8Array(height * width);
  eachShare(move, size, (pixel, share, source, weight) => {
    set(forward, share, pixel, source, weight);
    set(adjoint, filled[source]++, source, pixel, weight);
  });
  return { forward, adjoint };
}

/** Calls `visit` for each pixel of the moved picture and each of the four pixels around the place that it shows. */
function eachShare(
  { matrix: [a, b, c, d], shift }: Move,
  { height, width }: PictureSize,
  visit: (pixel: number, share: number, source: number, weight: number) => void,
): void {
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const atX = a * (x - middleX) + b * (y - middleY) + shift[0] + middleX;
      const atY = c * (x - middleX) + d * (y - middleY) + shift[1] + middleY;
      const [left, top] = [Math.floor(atX), Math.floor(atY)];
      for (let share = 0; share < FORWARD_SHARES; share++) {
        const [column, row] = [left + (share & 1), top + (share >> 1)];
        const weight = (1 - Math.abs(atX - column)) * (1 - Math.abs(atY - row));
        if (weight > 0 && column >= 0 && column < width && row >= 0 && row < height)
          visit(y * width + x, share, row * width + column, weight);
      }
    }
  }
}

const emptyTable = (shares: number, pixels: number): Table => ({
  indices: makeTensor('int32', [shares, pixels], new Int32Array(shares * pixels)),
  weights: float32([shares, pixels], new Float32Array(shares * pixels)),
});

function set({ indices, weights }: Table, share: number, pixel: number, source: number, weight: number): void {
  const [shares, pixels] = indices.shape;
  if (share >= shares) throw new RangeError(`internal: a move gives pixel ${pixel} more than ${shares} shares.`);
  indices.data[share * pixels + pixel] = source;
  weights.data[share * pixels + pixel] = weight;
}

/** A table as inputs of a graph. */
export interface TableInputs {
  readonly indices: Value;
  readonly weights: Value;
}

/** W x for pictures [N, channels, height, width]; pixels without shares become 0. */
export function resample(g: Builder, x: Value, { indices, weights }: TableInputs): Value {
  const [examples, channels, height, width] = x.shape;
  const pixels = (height as number) * (width as number);
  // Pixels first, so that a share is read with all its channels in one stretch.
  const rows = g.transpose(g.reshape(x, [examples, channels, pixels]), [2, 0, 1]);
  const shares = g.apply('Gather', [rows, indices], { axis: 0 });
  const weighted = g.mul(shares, g.reshape(weights, [...weights.shape, 1, 1]));
  return g.reshape(g.transpose(g.reduceSum(weighted, [0], false), [1, 2, 0]), x.shape);
}
