/** @file Writing along one axis: the transpose of reading it by known positions (Slice, Gather, Pad by reflection). */
import { constantValue, type Value } from '../graph/graph.ts';
import { int64 } from '../tensor/tensor.ts';
import type { Builder } from './builder.ts';

/** Positions first, first + step, …: `count` of them, read from position `at` of the flow. */
interface Run {
  readonly at: number;
  readonly count: number;
  readonly first: number;
  readonly step: number;
}

/** Up to this many slices and pads are cheaper than one scatter between two transpositions. */
const MANY_RUNS = 4;

/**
 * z with z[…, targets[i], …] = Σ dy[…, i, …] along `axis`, whose length becomes `length`.
 * Each of `targets` is a position in [0, length); positions that none names get 0.
 */
export function scatterAlong(g: Builder, dy: Value, axis: number, targets: readonly number[], length: number): Value {
  const runs = runsOf(targets);
  if (runs.length > MANY_RUNS) return scatterRows(g, dy, axis, targets, length);
  return runs.map((run) => spread(g, dy, axis, run, targets.length, length)).reduce(g.add);
}

/** Maximal runs of constant step. */
function runsOf(targets: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < targets.length;) {
    const step = at + 1 < targets.length ? targets[at + 1] - targets[at] : 1;
    let count = 1;
    while (at + count < targets.length && targets[at + count] - targets[at + count - 1] === step) count++;
    runs.push({ at, count, first: targets[at], step });
    at += count;
  }
  return runs;
}

function spread(
  g: Builder,
  dy: Value,
  axis: number,
  { at, count, first, step }: Run,
  from: number,
  length: number,
): Value {
  let part = count === from ? dy : g.slice(dy, [at], [at + count], [axis]);
  let low = first;
  if (step < 0 && count > 1) {
    part = reverse(g, part, axis, count);
    low = first + (count - 1) * step;
  }
  const stride = Math.abs(step);
  let covered = count;
  if (step === 0 && count > 1) {
    part = g.reduceSum(part, [axis]);
    covered = 1;
  } else if (stride > 1 && count > 1) {
    part = zeroStuff(g, part, axis, count, stride);
    covered = count * stride;
  }
  return padAxis(g, part, axis, low, length - low - covered);
}

const reverse = (g: Builder, x: Value, axis: number, length: number): Value =>
  g.slice(x, [length - 1], [-length - 1], [axis], [-1]);

/** stride − 1 zeros after each element. */
function zeroStuff(g: Builder, x: Value, axis: number, count: number, stride: number): Value {
  const apart = g.reshape(x, x.shape.toSpliced(axis + 1, 0, 1));
  return g.reshape(padAxis(g, apart, axis + 1, 0, stride - 1), x.shape.with(axis, count * stride));
}

function padAxis(g: Builder, x: Value, axis: number, begin: number, end: number): Value {
  const none = x.shape.map(() => 0);
  return g.pad(x, [...none.with(axis, begin), ...none.with(axis, end)]);
}

/** The rows of `dy` along `axis` added to zeros at known rows. */
function scatterRows(g: Builder, dy: Value, axis: number, targets: readonly number[], length: number): Value {
  return scatterAtIndices(g, dy, axis, constantValue(int64([targets.length, 1], targets)), length);
}

/** As `scatterAlong`, with the positions in a value of shape [dy.shape[axis], 1]. */
export function scatterAtIndices(g: Builder, dy: Value, axis: number, indices: Value, length: number): Value {
  const others = dy.shape.map((_, i) => i).filter((i) => i !== axis);
  const perm = [axis, ...others];
  const rows = g.transpose(dy, perm);
  const zeros = g.expand(g.scalar(0), rows.shape.with(0, length));
  const sums = g.apply('ScatterND', [zeros, indices, rows], { reduction: 'add' });
  return g.transpose(
    sums,
    perm.map((_, i) => perm.indexOf(i)),
  );
}
