/** @file Resize: each output element from the input elements near its coordinate, one axis after the other. */
import {
  at,
  build,
  list,
  num,
  replaceAt,
  text,
  wrapAxis,
  type Family,
  type ReferenceOp,
  type RefTensor,
} from '../tensor.ts';
import type { Attributes } from '../../../src/lib/graph/graph.ts';

interface Axis {
  readonly axis: number;
  readonly scale: number;
  readonly to: number;
  readonly roi: readonly [number, number];
}

function axes([x, roi, scales, sizes]: readonly RefTensor[], attrs: Attributes): Axis[] {
  const chosen = list(
    attrs,
    'axes',
    x.shape.map((_, i) => i),
  ).map((a) => wrapAxis(a, x.shape.length));
  const policy = text(attrs, 'keep_aspect_ratio_policy', 'stretch');
  const region = (i: number): [number, number] =>
    roi && roi.data.length > 0 ? [roi.data[i], roi.data[chosen.length + i]] : [0, 1];
  if (!sizes) {
    return chosen.map((axis, i) => ({
      axis,
      scale: scales.data[i],
      to: Math.floor(Math.fround(x.shape[axis] * scales.data[i])),
      roi: region(i),
    }));
  }
  const ratios = chosen.map((axis, i) => sizes.data[i] / x.shape[axis]);
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return chosen.map((axis, i) => {
    const scale = policy === 'stretch' ? ratios[i] : common;
    return {
      axis,
      scale,
      to: policy === 'stretch' ? sizes.data[i] : Math.round(x.shape[axis] * common),
      roi: region(i),
    };
  });
}

function coordinate(i: number, from: number, { scale, to, roi: [start, end] }: Axis, mode: string): number {
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / (scale * from)) + (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
    case 'asymmetric':
      return i / scale;
    case 'tf_crop_and_resize':
      return to > 1
        ? start * (from - 1) + (i * (end - start) * (from - 1)) / (to - 1)
        : 0.5 * (start + end) * (from - 1);
    default:
      throw new Error(`reference: coordinate_transformation_mode ${mode}`);
  }
}

function nearest(at: number, mode: string): number {
  const down = Math.floor(at);
  if (mode === 'floor') return down;
  if (mode === 'ceil') return Math.ceil(at);
  const rest = at - down;
  if (rest === 0.5) return mode === 'round_prefer_ceil' ? down + 1 : down;
  return rest < 0.5 ? down : down + 1;
}

function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** Weights, which are float32 everywhere, of the places −radius … from + radius − 1 around a coordinate. */
function weights(at: number, from: number, scale: number, attrs: Attributes): Map<number, number> {
  const mode = text(attrs, 'mode', 'nearest');
  if (mode === 'nearest') return new Map([[nearest(at, text(attrs, 'nearest_mode', 'round_prefer_floor')), 1]]);
  const squeeze = num(attrs, 'antialias', 0) === 1 ? Math.min(1, scale) : 1;
  const radius = Math.ceil(2 / squeeze) + 1;
  const found = new Map<number, number>();
  for (let j = -radius; j < from + radius; j++) {
    const distance = (j - at) * squeeze;
    const w =
      mode === 'linear' ? Math.max(0, 1 - Math.abs(distance)) : cubic(distance, num(attrs, 'cubic_coeff_a', -0.75));
    const kept = num(attrs, 'exclude_outside', 0) === 0 || (j >= 0 && j < from);
    if (w !== 0 && kept) found.set(j, w);
  }
  const total = [...found.values()].reduce((a, b) => a + b, 0);
  return new Map([...found].map(([j, w]) => [j, Math.fround(w / total)]));
}

const resize: ReferenceOp = (inputs, attrs) => {
  const mode = text(attrs, 'coordinate_transformation_mode', 'half_pixel');
  const outside = num(attrs, 'extrapolation_value', 0);
  const along = (x: RefTensor, a: Axis): RefTensor => {
    const from = x.shape[a.axis];
    return build(x.dtype, replaceAt(x.shape, a.axis, a.to), (index) => {
      const place = coordinate(index[a.axis], from, a, mode);
      if (mode === 'tf_crop_and_resize' && (place < 0 || place > from - 1)) return outside;
      const near = [...weights(place, from, a.scale, attrs)];
      return near.reduce(
        (sum, [j, w]) => sum + w * at(x, replaceAt(index, a.axis, Math.min(Math.max(j, 0), from - 1))),
        0,
      );
    });
  };
  return [axes(inputs, attrs).reduce(along, inputs[0])];
};

export const resizing: Family = { Resize: resize };
