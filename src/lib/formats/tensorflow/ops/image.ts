/** @file Images resized, and blocks of pixels as channels or as examples. */
import { divDim, product, type Dim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import { channelsFirst, channelsLast, resizing } from '../../channels-last.ts';
import { ints, length, refuseRank, takes, type Row, type Site } from '../site.ts';
import { inLayout, refuseOtherRank } from './window.ts';

function resize(mode: 'nearest' | 'linear', { g, x: [x, size], attrs, name }: Site): Value {
  refuseOtherRank(x, 4);
  const corners = attrs.bool('align_corners') ? 'align_corners' : 'asymmetric';
  const coordinates = attrs.bool('half_pixel_centers') ? 'half_pixel' : corners;
  return resizing(g, x, { mode, size: ints(size, 'the size'), coordinates }, name);
}

const resizer = (mode: 'nearest' | 'linear'): Row => takes(2, (site) => resize(mode, site));

/** Blocks of channels as blocks of pixels, or the other way. */
const blocks = (op: string): Row =>
  takes(1, (site) => {
    refuseOtherRank(site.x[0], 4);
    const blocksize = site.attrs.int('block_size');
    const { g, name } = site;
    return inLayout(site, site.x[0], (x) =>
      channelsLast(g, g.apply(op, [channelsFirst(g, x)], { blocksize }, { name })),
    );
  });

/** The block of each blocked axis, and [begin, end] of what is added or cut off there. */
function blocked([x, block, pairs]: readonly Value[], what: string): { sizes: number[]; margins: number[][] } {
  const sizes = ints(block, 'the block');
  const flat = ints(pairs, what);
  refuseRank(x, sizes.length + 1);
  if (flat.length !== 2 * sizes.length || sizes.some((b) => !(b >= 1)))
    throw new RangeError(`blocks [${sizes}] and ${what} [${flat}] do not fit: each block needs two.`);
  return { sizes, margins: sizes.map((_, i) => flat.slice(2 * i, 2 * i + 2)) };
}

/**
 * Each block of pixels spread over as many examples. The examples made of one stand together, where TensorFlow lays them
 * apart: what is between this operator and its inverse treats examples alike, and so do the batches here.
 */
function spaceToBatch({ g, x }: Site): Value {
  const { sizes, margins } = blocked(x, 'the paddings');
  const rest = x[0].shape.length - sizes.length - 1;
  const none = new Array<number>(rest).fill(0);
  const pads = [0, 1].flatMap((end) => [0, ...margins.map((m) => m[end]), ...none]);
  const padded = g.pad(x[0], pads);
  const [batch, ...lengths] = padded.shape;
  const cells = sizes.flatMap((b, i): Dim[] => [length(lengths[i]) / b, b]);
  const inner = lengths.slice(sizes.length);
  const apart = g.reshape(padded, [batch, ...cells, ...inner]);
  const perm = [
    0,
    ...sizes.map((_, i) => 2 * i + 2),
    ...sizes.map((_, i) => 2 * i + 1),
    ...inner.map((_, i) => 2 * sizes.length + 1 + i),
  ];
  const outer = sizes.map((_, i) => cells[2 * i]);
  return g.reshape(g.transpose(apart, perm), [product([batch, ...sizes]), ...outer, ...inner]);
}

function batchToSpace({ g, x }: Site): Value {
  const { sizes, margins } = blocked(x, 'the crops');
  const [batch, ...lengths] = x[0].shape;
  const count = product(sizes) as number;
  const examples = divDim(batch, count);
  if (examples === null) throw new RangeError(`${batch} examples do not make blocks of [${sizes}].`);
  const outer = lengths.slice(0, sizes.length);
  const inner = lengths.slice(sizes.length);
  const apart = g.reshape(x[0], [examples, ...sizes, ...outer, ...inner]);
  const n = sizes.length;
  const perm = [0, ...sizes.flatMap((_, i) => [n + 1 + i, 1 + i]), ...inner.map((_, i) => 2 * n + 1 + i)];
  const joined = g.reshape(g.transpose(apart, perm), [
    examples,
    ...sizes.map((b, i) => length(outer[i]) * b),
    ...inner,
  ]);
  const none = new Array<number>(inner.length).fill(0);
  return g.pad(
    joined,
    [0, 1].flatMap((end) => [0, ...margins.map((m) => -m[end]), ...none]),
  );
}

export const image = {
  ResizeBilinear: resizer('linear'),
  ResizeNearestNeighbor: resizer('nearest'),
  DepthToSpace: blocks('DepthToSpace'),
  SpaceToDepth: blocks('SpaceToDepth'),
  SpaceToBatchND: takes(3, spaceToBatch),
  BatchToSpaceND: takes(3, batchToSpace),
} satisfies Record<string, Row>;
