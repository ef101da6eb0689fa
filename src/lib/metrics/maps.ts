/** @file Maps on the places of the image: from scores to one number for each place, ranks, areas under curves. */
import type { Features } from '../attribution/features.ts';
import { placesIn } from '../attribution/layout.ts';
import { upsample } from '../attribution/upsample.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import type { Subject } from './types.ts';

export interface Places {
  readonly height: number;
  readonly width: number;
  readonly count: number;
  readonly channels: number;
  /** Of each element of x: its place, row by row. */
  readonly of: Int32Array;
}

/** The places of an image [1, channels, height, width] or [1, height, width, channels]. Throws a RangeError for anything else. */
export function placesOf(x: FloatTensor): Places {
  const places = placesIn(x);
  if (!places || x.shape[0] !== 1)
    throw new RangeError(
      `Metrics: the input has the shape [${x.shape}], which is not one image. Metrics judge models with one image, [1, channels, height, width] or [1, height, width, channels].`,
    );
  const { height, width, channels, of } = places;
  return { height, width, channels, count: height * width, of: Int32Array.from(x.data, (_, i) => of(i)) };
}

/** Each place is a feature: all its channels are kept or replaced together. */
export const asFeatures = ({ count, of }: Places): Features => ({ count, of });

/** One score for each place of the input, as the page draws it: summed over channels, enlarged bilinearly. */
export function mapOnPlaces(subject: Subject, scores = subject.explanation.scores): Float32Array {
  const { height, width } = placesOf(subject.question.x);
  const map = subject.mapOf(scores);
  const [h, w] = map.shape.slice(-2);
  if (map.data.length !== h * w)
    throw new RangeError(`Metrics: the map has the shape [${map.shape}], it must be one number for each place.`);
  if (h === height && w === width) return map.data;
  return upsample(float32([h, w], map.data), height, width, 'bilinear').data;
}

export const isConstant = (map: ArrayLike<number>): boolean => {
  for (let i = 1; i < map.length; i++) if (map[i] !== map[0]) return false;
  return true;
};

export const isZero = (map: ArrayLike<number>): boolean => isConstant(map) && !(map.length > 0 && map[0] !== 0);

/** Places from the highest score to the lowest; equal scores keep the order of the rows. */
export const descending = (map: Float32Array): Uint32Array =>
  Uint32Array.from(map.keys()).sort((a, b) => map[b] - map[a] || a - b);

/** The mean height of a curve by the trapezoidal rule over its own points. x ascends. */
export function areaUnder(x: readonly number[], y: readonly number[]): number {
  let area = 0;
  for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
  return area / (x[x.length - 1] - x[0]);
}

export const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
