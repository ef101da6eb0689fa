/** @file Normalisations: each element against the statistics of the set that it belongs to. */
import {
  at,
  atBroadcast,
  build,
  indices,
  list,
  num,
  replaceAt,
  wrapAxis,
  type Family,
  type ReferenceOp,
  type RefTensor,
} from '../tensor.ts';

/** The elements that share every index but those of `axes` with the element at `index`. */
function peers(x: RefTensor, index: readonly number[], axes: readonly number[]): number[] {
  return [...indices(axes.map((axis) => x.shape[axis]))].map((inner) =>
    at(
      x,
      axes.reduce<number[]>((place, axis, i) => replaceAt(place, axis, inner[i]), [...index]),
    ),
  );
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: readonly number[]): number => mean(values.map((v) => (v - mean(values)) ** 2));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const batchNormalization: ReferenceOp = ([x, scale, b, mu, sigma2], attrs) => [
  build(x.dtype, x.shape, (index) => {
    const c = x.shape.length > 1 ? index[1] : 0;
    return (
      ((at(x, index) - mu.data[c]) / Math.sqrt(sigma2.data[c] + num(attrs, 'epsilon', 1e-5))) * scale.data[c] +
      b.data[c]
    );
  }),
];

const instanceNormalization: ReferenceOp = ([x, scale, b], attrs) => [
  build(x.dtype, x.shape, (index) => {
    const map = peers(x, index, range(2, x.shape.length));
    return (
      ((at(x, index) - mean(map)) / Math.sqrt(variance(map) + num(attrs, 'epsilon', 1e-5))) * scale.data[index[1]] +
      b.data[index[1]]
    );
  }),
];

const groupNormalization: ReferenceOp = ([x, scale, b], attrs) => {
  const size = x.shape[1] / num(attrs, 'num_groups', 1);
  return [
    build(x.dtype, x.shape, (index) => {
      const first = Math.floor(index[1] / size) * size;
      const group = range(first, first + size).flatMap((c) =>
        peers(x, replaceAt(index, 1, c), range(2, x.shape.length)),
      );
      return (
        ((at(x, index) - mean(group)) / Math.sqrt(variance(group) + num(attrs, 'epsilon', 1e-5))) *
          scale.data[index[1]] +
        b.data[index[1]]
      );
    }),
  ];
};

const layerNormalization: ReferenceOp = ([x, scale, b], attrs, node) => {
  const first = wrapAxis(num(attrs, 'axis', -1), x.shape.length);
  const layer = (index: readonly number[]) => peers(x, index, range(first, x.shape.length));
  const inverse = (values: readonly number[]) => 1 / Math.sqrt(variance(values) + num(attrs, 'epsilon', 1e-5));
  const statistics = x.shape.map((d, i) => (i < first ? d : 1));
  const outputs = [
    build(x.dtype, x.shape, (index) => {
      const values = layer(index);
      return (
        (at(x, index) - mean(values)) * inverse(values) * atBroadcast(scale, index) + (b ? atBroadcast(b, index) : 0)
      );
    }),
    build(x.dtype, statistics, (index) => mean(layer(index))),
    build(x.dtype, statistics, (index) => inverse(layer(index))),
  ];
  return outputs.slice(0, node.outputs.length);
};

const rmsNormalization: ReferenceOp = ([x, scale], attrs) => {
  const axes = range(wrapAxis(num(attrs, 'axis', -1), x.shape.length), x.shape.length);
  return [
    build(x.dtype, x.shape, (index) => {
      const power = mean(peers(x, index, axes).map((v) => v * v));
      return (at(x, index) / Math.sqrt(power + num(attrs, 'epsilon', 1e-5))) * atBroadcast(scale, index);
    }),
  ];
};

const lpNormalization: ReferenceOp = ([x], attrs) => {
  const axis = wrapAxis(num(attrs, 'axis', -1), x.shape.length);
  const p = num(attrs, 'p', 2);
  const norm = (values: readonly number[]) => values.reduce((sum, v) => sum + Math.abs(v) ** p, 0) ** (1 / p);
  return [build(x.dtype, x.shape, (index) => at(x, index) / norm(peers(x, index, [axis])))];
};

const meanVarianceNormalization: ReferenceOp = ([x], attrs) => {
  const axes = list(attrs, 'axes', [0, 2, 3]).map((axis) => wrapAxis(axis, x.shape.length));
  return [
    build(x.dtype, x.shape, (index) => {
      const values = peers(x, index, axes);
      return (at(x, index) - mean(values)) / (Math.sqrt(variance(values)) + 1e-9);
    }),
  ];
};

/** The window reaches from c − ⌊(size − 1)/2⌋ to c + ⌈(size − 1)/2⌉. */
const lrn: ReferenceOp = ([x], attrs) => {
  const [alpha, beta, bias, size] = [
    num(attrs, 'alpha', 1e-4),
    num(attrs, 'beta', 0.75),
    num(attrs, 'bias', 1),
    num(attrs, 'size', 1),
  ];
  return [
    build(x.dtype, x.shape, (index) => {
      const low = Math.max(0, index[1] - Math.floor((size - 1) / 2));
      const high = Math.min(x.shape[1] - 1, index[1] + Math.ceil((size - 1) / 2));
      const squares = range(low, high + 1).reduce((sum, c) => sum + at(x, replaceAt(index, 1, c)) ** 2, 0);
      return at(x, index) / (bias + (alpha / size) * squares) ** beta;
    }),
  ];
};

export const normalization: Family = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: lrn,
};
