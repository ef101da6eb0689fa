/** @file Pooling, window by window. */
import {
  add,
  at,
  build,
  clone,
  indices,
  list,
  num,
  text,
  type Family,
  type ReferenceOp,
  type RefTensor,
} from '../tensor.ts';
import type { Attributes } from '../../../src/lib/graph/graph.ts';
import { geometry } from './convolution.ts';

interface Window {
  /** Places in the input, in row-major order. */
  readonly inside: readonly number[][];
  /** How many of the kernel's places lie within the input and its padding. */
  readonly padded: number;
}

function pool(x: RefTensor, attrs: Attributes): { output: number[]; window: (place: readonly number[]) => Window } {
  const [, , ...input] = x.shape;
  const kernel = list(attrs, 'kernel_shape', []);
  const { strides, dilations, begin, end } = geometry(input, kernel, attrs);
  const ceil = num(attrs, 'ceil_mode', 0) === 1 && text(attrs, 'auto_pad', 'NOTSET') === 'NOTSET';
  const output = input.map((length, i) => {
    const steps = (length + begin[i] + end[i] - (kernel[i] - 1) * dilations[i] - 1) / strides[i];
    if (!ceil) return Math.floor(steps) + 1;
    const windows = Math.ceil(steps) + 1;
    return (windows - 1) * strides[i] < length + begin[i] ? windows : windows - 1;
  });
  const window = (place: readonly number[]): Window => {
    const places = [...indices(kernel)].map((k) =>
      place.map((p, i) => p * strides[i] + k[i] * dilations[i] - begin[i]),
    );
    return {
      inside: places.filter((p) => p.every((v, i) => v >= 0 && v < input[i])),
      padded: places.filter((p) => p.every((v, i) => v >= -begin[i] && v < input[i] + end[i])).length,
    };
  };
  return { output, window };
}

const spatial = (x: RefTensor): number[] => x.shape.slice(2);
const everyPlace = (x: RefTensor): number[][] => [...indices(spatial(x))];

/** The first place with the largest element. */
function firstMaximum(x: RefTensor, n: number, c: number, places: readonly number[][]): number[] {
  return places.reduce((best, place) => (at(x, [n, c, ...place]) > at(x, [n, c, ...best]) ? place : best));
}

const maxPool: ReferenceOp = ([x], attrs, node) => {
  const { output, window } = pool(x, attrs);
  const shape = [x.shape[0], x.shape[1], ...output];
  const winner = ([n, c, ...place]: readonly number[]) => [n, c, ...firstMaximum(x, n, c, window(place).inside)];
  const best = build(x.dtype, shape, (index) => at(x, winner(index)));
  if (node.outputs.length === 1) return [best];
  const flat = build('int64', shape, (index) => winner(index).reduce((offset, p, i) => offset * x.shape[i] + p, 0));
  return [best, flat];
};

const maxPoolGrad: ReferenceOp = ([x, dy], attrs) => {
  const { window } = pool(x, attrs);
  const dx = clone({ ...x, data: x.data.map(() => 0) });
  for (const [n, c, ...place] of indices(dy.shape)) {
    add(dx, [n, c, ...firstMaximum(x, n, c, window(place).inside)], at(dy, [n, c, ...place]));
  }
  return [dx];
};

const averagePool: ReferenceOp = ([x], attrs) => {
  const { output, window } = pool(x, attrs);
  const includePad = num(attrs, 'count_include_pad', 0) === 1;
  return [
    build(x.dtype, [x.shape[0], x.shape[1], ...output], ([n, c, ...place]) => {
      const { inside, padded } = window(place);
      return inside.reduce((sum, p) => sum + at(x, [n, c, ...p]), 0) / (includePad ? padded : inside.length);
    }),
  ];
};

const globalShape = (x: RefTensor): number[] => x.shape.map((d, i) => (i < 2 ? d : 1));

export const pooling: Family = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGrad,
  AveragePool: averagePool,
  GlobalAveragePool: ([x]) => [
    build(x.dtype, globalShape(x), ([n, c]) => {
      const places = everyPlace(x);
      return places.reduce((sum, p) => sum + at(x, [n, c, ...p]), 0) / places.length;
    }),
  ],
  GlobalMaxPool: ([x]) => [
    build(x.dtype, globalShape(x), ([n, c]) => at(x, [n, c, ...firstMaximum(x, n, c, everyPlace(x))])),
  ],
};
