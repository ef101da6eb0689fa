/** @file Parts of tensors, by ranges and by indices. */
import { addDim, isBatch, type Dim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import { axisOf, dims, int, ints, takes, type Row, type Site } from '../site.ts';

/** To the end, whatever the length; and before the start, going backwards. */
const FAR = 2 ** 31 - 1;
const FRONT = -(2 ** 31);

/** A size of −1 goes to the end. */
function slice({ g, x: [x, begin, size] }: Site): Value {
  const [from, sizes] = [ints(begin, 'the beginning'), dims(size, 'the size')];
  const rank = x.shape.length;
  if (from.length !== rank || sizes.length !== rank)
    throw new RangeError(`beginning [${from}] and size [${sizes}] do not fit [${x.shape}]: each axis needs one.`);
  const ends = sizes.map((n, i): Dim => (n === -1 ? FAR : addDim(n, from[i])));
  const axes = from.map((_, i) => i).filter((i) => from[i] !== 0 || (ends[i] !== FAR && ends[i] !== x.shape[i]));
  if (axes.length === 0) return x;
  return g.apply('Slice', [x, g.ints(axes.map((i) => from[i])), g.ints(axes.map((i) => ends[i])), g.ints(axes)]);
}

interface Cut {
  readonly axis: number;
  readonly from: number;
  readonly to: Dim;
  readonly step: number;
}

/** What a strided slice does: cuts, then the axes that a single index removes, then the axes that it adds. */
interface Plan {
  readonly cuts: readonly Cut[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

/** Bit i of a mask is about entry i of begin, end and strides. */
function planOf({ x: [x, begin, end, strides], attrs }: Site): Plan {
  const [from, to, steps] = [ints(begin, 'begin'), dims(end, 'end'), ints(strides, 'strides')];
  if (to.length !== from.length || steps.length !== from.length || from.length > 32)
    throw new RangeError(
      `begin [${from}], end [${to}] and strides [${steps}] differ in length, or name too many axes.`,
    );
  const mask = (name: string) => {
    const bits = attrs.int(`${name}_mask`, 0);
    return (i: number) => Math.floor(bits / 2 ** i) % 2 === 1;
  };
  const [begins, ends, ellipsis, added, single] = ['begin', 'end', 'ellipsis', 'new_axis', 'shrink_axis'].map(mask);
  const plan = { cuts: [] as Cut[], removed: [] as number[], added: [] as number[] };
  const consumed = from.filter((_, i) => !ellipsis(i) && !added(i)).length;
  let axis = 0;
  let place = 0;
  from.forEach((start, i) => {
    if (ellipsis(i)) {
      const covered = Math.max(0, x.shape.length - consumed);
      axis += covered;
      place += covered;
    } else if (added(i)) plan.added.push(place++);
    else {
      const step = steps[i];
      if (axis >= x.shape.length) throw new RangeError(`it slices more axes than [${x.shape}] has.`);
      if (single(i)) {
        plan.cuts.push({ axis, from: start, to: start === -1 ? FAR : start + 1, step: 1 });
        plan.removed.push(axis);
      } else {
        const first = begins(i) ? (step > 0 ? 0 : FAR) : start;
        const last = ends(i) ? (step > 0 ? FAR : FRONT) : to[i];
        plan.cuts.push({ axis, from: first, to: last, step });
        place++;
      }
      axis++;
    }
  });
  return plan;
}

const isWhole = ({ from, to, step, axis }: Cut, x: Value): boolean =>
  from === 0 && step === 1 && (to === x.shape[axis] || (!isBatch(to) && to >= FAR));

function stridedSlice(site: Site): Value {
  const { g } = site;
  const [x] = site.x;
  const { cuts, removed, added } = planOf(site);
  const real = cuts.filter((c) => !isWhole(c, x));
  const column = (f: (c: Cut) => Dim) => g.ints(real.map(f));
  const sliced =
    real.length === 0
      ? x
      : g.apply('Slice', [x, column((c) => c.from), column((c) => c.to), column((c) => c.axis), column((c) => c.step)]);
  const squeezed = removed.length > 0 ? g.apply('Squeeze', [sliced, g.ints(removed)]) : sliced;
  return added.length > 0 ? g.apply('Unsqueeze', [squeezed, g.ints(added)]) : squeezed;
}

/** With leading axes in common, each of them picks from its own row. */
function gather(site: Site): Value {
  const { g, x, attrs } = site;
  const axis = x[2] ? axisOf(int(x[2], 'the axis'), x[0].shape.length) : 0;
  const shared = attrs.int('batch_dims', 0);
  if (shared === 0) return g.apply('Gather', [x[0], x[1]], { axis });
  if (shared !== axis || x[1].shape.length !== axis + 1)
    throw new RangeError(
      `batch_dims ${shared} with axis ${axis} and indices [${x[1].shape}] is not supported. Export the model with tf.gather without batch_dims.`,
    );
  const rest = x[0].shape.slice(axis + 1);
  const wide = g.reshape(x[1], [...x[1].shape, ...rest.map(() => 1)]);
  return g.apply('GatherElements', [x[0], g.expand(wide, [...x[1].shape, ...rest])], { axis });
}

export const slicing = {
  Slice: takes(3, slice),
  StridedSlice: takes(4, stridedSlice),
  Gather: takes(2, gather),
  GatherV2: takes(2, gather),
  GatherNd: takes(2, ({ g, x: [x, indices] }) => g.apply('GatherND', [x, indices])),
} satisfies Record<string, Row>;
