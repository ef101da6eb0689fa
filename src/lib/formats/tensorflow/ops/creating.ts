/** @file Tensors made from shapes and numbers, and casts. */
import type { Value } from '../../../graph/graph.ts';
import { axisOf, dims, int, takes, type Row, type Site } from '../site.ts';
import { inGraph } from '../tensors.ts';

const shape = ({ g, fed: [x] }: Site): Value => g.apply('Shape', [x]);

const filled = (value: number): Row => takes(1, ({ g, x: [x] }) => g.expand(g.scalar(value, x.dtype), x.shape));

function oneHot({ g, x: [indices, depth, on, off], attrs }: Site): Value {
  const axis = attrs.int('axis', -1);
  const values = g.concat([g.reshape(off, [1]), g.reshape(on, [1])], 0);
  const count = g.scalar(int(depth, 'the depth'), 'int64');
  return g.apply('OneHot', [indices, count, values], { axis: axisOf(axis, indices.shape.length + 1) });
}

/** From the type that is fed, so that an image of bytes becomes floats at once. */
function cast({ g, fed: [x], attrs }: Site): Value {
  return g.cast(x, inGraph(attrs.type('DstT')));
}

export const creating = {
  Cast: takes(1, cast),
  Shape: takes(1, shape),
  ShapeN: takes(1, ({ g, fed }) => fed.map((v) => g.apply('Shape', [v]))),
  Size: takes(1, ({ g, fed: [x] }) => g.apply('Size', [x])),
  Rank: takes(1, ({ g, fed: [x] }) => g.scalar(x.shape.length, 'int64')),
  Fill: takes(2, ({ g, x: [lengths, value] }) => g.expand(value, dims(lengths, 'the shape'))),
  ZerosLike: filled(0),
  OnesLike: filled(1),
  Range: takes(3, ({ g, x }) => g.apply('Range', x.slice(0, 3))),
  OneHot: takes(4, oneHot),
} satisfies Record<string, Row>;
