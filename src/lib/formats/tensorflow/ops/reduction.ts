/** @file Reductions, running sums and ranks. */
import type { Value } from '../../../graph/graph.ts';
import { axisOf, int, ints, takes, type Row, type Site } from '../site.ts';

/** TensorFlow reduces along no axis where none is given, ONNX along all. */
function reduced(op: string, { g, x: [x, axes], attrs }: Site, input: Value): Value {
  const along = [...new Set(ints(axes, 'the axes').map((axis) => axisOf(axis, x.shape.length)))];
  const keepdims = Number(attrs.bool('keep_dims', attrs.bool('keepdims')));
  return along.length === 0 ? input : g.apply(op, [input, g.ints(along)], { keepdims });
}

const as = (op: string): Row => takes(2, (site) => reduced(op, site, site.x[0]));

/** Of booleans: the least and the greatest of 0 and 1. */
const truth = (op: string): Row =>
  takes(2, (site) => site.g.cast(reduced(op, site, site.g.cast(site.x[0], 'int64')), 'bool'));

const rank = (op: string): Row =>
  takes(1, ({ g, x: [x, axis] }) => {
    const along = axis ? int(axis, 'the axis') : 0;
    return g.apply(op, [x], { axis: axisOf(along, x.shape.length), keepdims: 0 });
  });

function topK({ g, x: [x, k] }: Site): readonly Value[] {
  const count = g.ints([int(k, 'k')]);
  return g.applyAll('TopK', [x, count], { axis: -1, largest: 1, sorted: 1 }, { outputs: ['', ''] });
}

function cumsum({ g, x: [x, axis], attrs }: Site): Value {
  const along = g.scalar(axisOf(int(axis, 'the axis'), x.shape.length), 'int64');
  const [exclusive, reverse] = [Number(attrs.bool('exclusive')), Number(attrs.bool('reverse'))];
  return g.apply('CumSum', [x, along], { exclusive, reverse });
}

export const reduction = {
  Sum: as('ReduceSum'),
  Mean: as('ReduceMean'),
  Max: as('ReduceMax'),
  Min: as('ReduceMin'),
  Prod: as('ReduceProd'),
  EuclideanNorm: as('ReduceL2'),
  All: truth('ReduceMin'),
  Any: truth('ReduceMax'),
  ArgMax: rank('ArgMax'),
  ArgMin: rank('ArgMin'),
  Cumsum: takes(2, cumsum),
  TopKV2: takes(2, topK),
} satisfies Record<string, Row>;
