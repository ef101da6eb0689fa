/** @file What is drawn of a weight: the filters of a convolution one by one, or a window of the tensor as a matrix. */
import type { FloatTensor } from '../tensor/tensor.ts';
import type { Weight, WeightInfo } from './weights.ts';

/**
 * Of a kernel: `colour`: each filter on three input channels, as they are; `input`: each filter on one input channel;
 * `norm`: each filter's length over its input channels, √Σ w², at each place; `filter`: one filter on each input channel.
 * Of any tensor: `window`: `rows` × `columns` of the tensor as its `matrix` from `row` and `column` on, in a picture of at most `most` ×
 * `most`; where more come together in a dot, the one of greatest magnitude stands for all.
 */
export type WeightView =
  | { readonly kind: 'colour' }
  | { readonly kind: 'input'; readonly input: number }
  | { readonly kind: 'norm' }
  | { readonly kind: 'filter'; readonly filter: number }
  | {
      readonly kind: 'window';
      readonly row: number;
      readonly rows: number;
      readonly column: number;
      readonly columns: number;
      readonly most: number;
    };

/** Tiles of equal size; `data` is [tiles, planes, height, width]. */
export interface WeightPicture {
  readonly view: WeightView;
  readonly tiles: number;
  /** 3 for the three input channels of `colour`, else 1. */
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Throws a RangeError where the weight has no such view. */
export function pictureOf({ info, tensor }: Weight, view: WeightView): WeightPicture {
  if (view.kind === 'window') return windowPicture(info, tensor, view);
  if (info.role !== 'kernel')
    throw new RangeError(
      `${info.id}: is asked for "${view.kind}", which convolutions have; it is a ${info.role}. Ask for a window.`,
    );
  return { view, ...kernelTiles(kernelAxes(info, tensor), view, info.id) };
}

type Tiles = Omit<WeightPicture, 'view'>;

/** A kernel with its filters first, wherever the file has them. */
interface Kernel {
  readonly data: Float32Array;
  readonly filters: number;
  readonly inputs: number;
  readonly height: number;
  readonly width: number;
  /** Where the tile of a filter and an input channel begins. */
  readonly at: (filter: number, input: number) => number;
}

function kernelAxes({ shape, channelAxis }: WeightInfo, { data }: FloatTensor): Kernel {
  const [first, second, ...places] = shape;
  const width = places[places.length - 1];
  const size = places.reduce((a, b) => a * b, 1);
  return channelAxis === 1
    ? { data, filters: second, inputs: first, height: size / width, width, at: (f, i) => (i * second + f) * size }
    : { data, filters: first, inputs: second, height: size / width, width, at: (f, i) => (f * second + i) * size };
}

function kernelTiles(kernel: Kernel, view: Exclude<WeightView, { kind: 'window' }>, id: string): Tiles {
  const { filters, inputs } = kernel;
  const every = (n: number) => Array.from({ length: n }, (_, i) => i);
  const within = (what: string, index: number, n: number) => {
    if (!Number.isInteger(index) || index < 0 || index >= n)
      throw new RangeError(`${id}: ${what} ${index} is asked for, it has ${n}. Ask for one of 0 … ${n - 1}.`);
    return index;
  };
  switch (view.kind) {
    case 'colour':
      if (inputs !== 3)
        throw new RangeError(
          `${id}: a picture in colour is asked for, it has ${inputs} input channels. Ask for "norm".`,
        );
      return gather(
        kernel,
        every(filters).map((f) => [0, 1, 2].map((i) => [f, i])),
      );
    case 'input': {
      const input = within('input channel', view.input, inputs);
      return gather(
        kernel,
        every(filters).map((f) => [[f, input]]),
      );
    }
    case 'filter': {
      const filter = within('filter', view.filter, filters);
      return gather(
        kernel,
        every(inputs).map((i) => [[filter, i]]),
      );
    }
    case 'norm':
      return normTiles(kernel);
  }
}

/** `tiles`: for each tile the filter and input channel of each of its planes. */
function gather({ data, height, width, at }: Kernel, tiles: readonly (readonly (readonly number[])[])[]): Tiles {
  const planes = tiles[0].length;
  const size = height * width;
  const out = new Float32Array(tiles.length * planes * size);
  tiles.flat().forEach(([f, i], k) => out.set(data.subarray(at(f, i), at(f, i) + size), k * size));
  return { tiles: tiles.length, planes, height, width, data: out };
}

function normTiles({ data, filters, inputs, height, width, at }: Kernel): Tiles {
  const size = height * width;
  const out = new Float32Array(filters * size);
  for (let f = 0; f < filters; f++) {
    const squares = new Float64Array(size);
    for (let i = 0; i < inputs; i++) {
      const start = at(f, i);
      for (let p = 0; p < size; p++) squares[p] += data[start + p] ** 2;
    }
    out.set(squares.map(Math.sqrt), f * size);
  }
  return { tiles: filters, planes: 1, height, width, data: out };
}

function windowPicture(
  info: WeightInfo,
  { data }: FloatTensor,
  view: Extract<WeightView, { kind: 'window' }>,
): WeightPicture {
  const { row, rows, column, columns, most } = view;
  const [height, width] = info.matrix;
  const counts = [row, rows, column, columns, most];
  const inside = counts.every((n) => Number.isInteger(n) && n >= 0) && rows > 0 && columns > 0 && most > 0;
  if (!inside || row + rows > height || column + columns > width)
    throw new RangeError(
      `${info.id}: rows ${row} to ${row + rows} and columns ${column} to ${column + columns} are asked for, it has ${height} × ${width}. Ask for a window within them.`,
    );
  const tall = Math.min(rows, most);
  const wide = Math.min(columns, most);
  const out = new Float32Array(tall * wide);
  for (let y = 0; y < rows; y++) {
    const start = (row + y) * width + column;
    const target = Math.floor((y * tall) / rows) * wide;
    if (wide === columns && tall === rows) out.set(data.subarray(start, start + columns), target);
    else strongest(data.subarray(start, start + columns), out.subarray(target, target + wide));
  }
  return { view, tiles: 1, planes: 1, height: tall, width: wide, data: out };
}

/** Each dot of `out` takes what has the greatest magnitude among its part of `row` and itself; NaN outweighs all. */
function strongest(row: Float32Array, out: Float32Array): void {
  for (let x = 0; x < row.length; x++) {
    const at = Math.floor((x * out.length) / row.length);
    const v = row[x];
    if (Math.abs(v) > Math.abs(out[at]) || Number.isNaN(v)) out[at] = v;
  }
}
