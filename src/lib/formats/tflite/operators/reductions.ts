/** @file Reductions, ranking and picking by position. */
import type { Value } from '../../../graph/graph.ts';
import { int64, stridesOf } from '../../../tensor/tensor.ts';
import * as options from '../options.ts';
import { axisOf, constant, define, input, number, numbers, type Operator } from './define.ts';

const reduction = (op: string): Operator =>
  define(options.reducer, (site) => {
    const x = input(site, 0);
    const axes = [...new Set(numbers(site, 1).map((axis) => axisOf(axis, x.shape.length)))].sort((a, b) => a - b);
    if (axes.length === 0) return x;
    return site.g.apply(op, [x, site.g.ints(axes)], { keepdims: site.options.keepDims });
  });

const arg = (op: string): Operator =>
  define(options.none, (site) => {
    const x = input(site, 0);
    return site.g.apply(op, [x], { axis: axisOf(number(site, 1), x.shape.length), keepdims: 0 });
  });

const topK = define(options.none, (site) => {
  const k = site.g.ints([number(site, 1)]);
  return site.g.applyAll('TopK', [input(site, 0), k], { axis: -1 }, { outputs: ['', ''] });
});

const cumSum = define(options.cumSum, (site) => {
  const x = input(site, 0);
  const axis = site.g.scalar(axisOf(number(site, 1), x.shape.length), 'int64');
  const { exclusive, reverse } = site.options;
  return site.g.apply('CumSum', [x, axis], { exclusive, reverse });
});

const gather = define(options.gather, (site) => {
  const x = input(site, 0);
  if (site.options.batchDims !== 0)
    throw new RangeError(`it has batch_dims ${site.options.batchDims}; 0 is supported. Export the model without them.`);
  return site.g.apply('Gather', [x, input(site, 1)], { axis: axisOf(site.options.axis, x.shape.length) });
});

/** Inputs: positions, depth, the number at a position, the number elsewhere. */
const oneHot = define(options.axis, (site) => {
  const { g } = site;
  const scalar = (i: number): Value => g.reshape(input(site, i), [1]);
  const values = g.concat([scalar(3), scalar(2)], 0);
  const depth = g.scalar(number(site, 1), 'int64');
  return g.apply('OneHot', [input(site, 0), depth, values], { axis: site.options.axis });
});

/** Where a condition that stands in the file holds. */
const where = define(options.none, (site) => {
  const { shape, data } = constant(site, 0);
  const strides = stridesOf(shape);
  const found = Array.from(data as ArrayLike<number | bigint>, Number).flatMap((v, i) => (v ? [i] : []));
  const positions = found.flatMap((i) => shape.map((length, axis) => Math.floor(i / strides[axis]) % length));
  return site.g.constant(int64([found.length, shape.length], positions));
});

export const reductions = {
  MEAN: reduction('ReduceMean'),
  SUM: reduction('ReduceSum'),
  REDUCE_MAX: reduction('ReduceMax'),
  REDUCE_MIN: reduction('ReduceMin'),
  REDUCE_PROD: reduction('ReduceProd'),
  ARG_MAX: arg('ArgMax'),
  ARG_MIN: arg('ArgMin'),
  TOPK_V2: topK,
  CUMSUM: cumSum,
  GATHER: gather,
  GATHER_ND: define(options.none, (site) => site.g.apply('GatherND', [input(site, 0), input(site, 1)])),
  ONE_HOT: oneHot,
  WHERE: where,
} satisfies Record<string, Operator>;
