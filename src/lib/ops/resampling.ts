/**
 * @file Resize along one axis as numbers: which input elements make each output element, and with what weights.
 * Coordinates are computed in float32 as runtimes do, since rounding decides which element "nearest" is.
 */
import type { FloatTensor } from '../tensor/tensor.ts';
import { float32 } from '../tensor/tensor.ts';

export interface ResampleOptions {
  readonly mode: string;
  readonly coordinateTransformationMode: string;
  readonly nearestMode: string;
  readonly cubicCoeffA: number;
  readonly excludeOutside: number;
  readonly antialias: number;
}

export interface ResampledAxis {
  /** Length before. */
  readonly from: number;
  /** Length after. */
  readonly to: number;
  /** to/from, or the scale that was asked for before rounding. */
  readonly scale: number;
  /** Region of tf_crop_and_resize, in parts of the length. */
  readonly start: number;
  readonly end: number;
}

const f32 = Math.fround;

/** Where output element `i` lies among the input's elements. Throws a RangeError for an unknown mode. */
function inputCoordinate(i: number, { from, to, scale, start, end }: ResampledAxis, mode: string): number {
  const center = f32(f32(f32(i + 0.5) / f32(scale)) - 0.5);
  switch (mode) {
    case 'half_pixel':
      return center;
    case 'half_pixel_symmetric':
      return f32(center + (from / 2) * (1 - to / (scale * from)));
    case 'pytorch_half_pixel':
      return to > 1 ? center : 0;
    case 'align_corners':
      return to > 1 ? f32(f32(i * (from - 1)) / (to - 1)) : 0;
    case 'asymmetric':
      return f32(i / f32(scale));
    case 'tf_half_pixel_for_nn':
      return f32(f32(i + 0.5) / f32(scale));
    case 'tf_crop_and_resize':
      return to > 1
        ? f32(start * (from - 1) + (i * (end - start) * (from - 1)) / (to - 1))
        : f32(0.5 * (start + end) * (from - 1));
    default:
      throw new RangeError(`coordinate_transformation_mode "${mode}" is not one that ONNX defines.`);
  }
}

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

/** Keys' cubic convolution kernel (1981) with parameter a. */
function keys(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

type Tap = readonly [index: number, weight: number];

/** Input elements around `at` and their weights, before the ends of the input are considered. */
function taps(at: number, scale: number, options: ResampleOptions): readonly Tap[] {
  if (options.mode === 'nearest') {
    const round = roundings[options.nearestMode];
    if (!round) throw new RangeError(`nearest_mode "${options.nearestMode}" is not one that ONNX defines.`);
    return [[round(at), 1]];
  }
  if (options.mode !== 'linear' && options.mode !== 'cubic')
    throw new RangeError(`mode "${options.mode}" is not one of nearest, linear, cubic.`);
  const [reach, kernel] = options.mode === 'linear' ? [1, triangle] : [2, (d: number) => keys(d, options.cubicCoeffA)];
  // Antialiasing widens the kernel by the factor that the input is shrunk by.
  const narrow = options.antialias ? Math.min(scale, 1) : 1;
  const base = Math.floor(at);
  const first = base + Math.floor(-reach / narrow) + 1;
  const last = 2 * base + 1 - first;
  const found = Array.from({ length: last - first + 1 }, (_, k): Tap => [first + k, kernel((first + k - at) * narrow)]);
  return narrow === 1 ? found : normalized(found);
}

function normalized(found: readonly Tap[]): readonly Tap[] {
  const total = found.reduce((sum, [, weight]) => sum + weight, 0);
  return found.map(([index, weight]) => [index, weight / total]);
}

/** The matrix [to, from] that resamples one axis. A row of zeros marks an output element outside of the region. */
export function resampleMatrix(axis: ResampledAxis, options: ResampleOptions): FloatTensor {
  const { from, to } = axis;
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = inputCoordinate(i, axis, options.coordinateTransformationMode);
    if (options.coordinateTransformationMode === 'tf_crop_and_resize' && (at < 0 || at > from - 1)) continue;
    let found = taps(at, axis.scale, options);
    if (options.excludeOutside) found = normalized(found.filter(([index]) => index >= 0 && index < from));
    // Beyond its ends the input goes on with its last element.
    for (const [index, weight] of found) data[i * from + Math.min(Math.max(index, 0), from - 1)] += weight;
  }
  return float32([to, from], data);
}

/** k where every input element is repeated k times in its place; 0 for any other matrix. */
export function repeats({ shape: [to, from], data }: FloatTensor): number {
  const k = to / from;
  if (!Number.isInteger(k)) return 0;
  for (let i = 0; i < to; i++) {
    for (let j = 0; j < from; j++) if (data[i * from + j] !== (Math.floor(i / k) === j ? 1 : 0)) return 0;
  }
  return k;
}
