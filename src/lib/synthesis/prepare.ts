import type { Value } from '../graph/graph.ts';
import type { Builder } from '../ops/builder.ts';
import { float32 } from '../tensor/tensor.ts';
import type { Preprocessing } from '../vision/types.ts';

/** What `normalize` of vision/ does, as a graph: pictures [N, channels, height, width] in 0…1 → the model's input. */
export function prepare(g: Builder, picture: Value, { order, scale, mean, std, layout }: Preprocessing): Value {
  const ordered = order === 'BGR' ? g.apply('Gather', [picture, g.ints([2, 1, 0])], { axis: 1 }) : picture;
  const each = (values: readonly number[]) => g.constant(float32([values.length, 1, 1], values));
  const factor = std.map((s) => scale / s);
  const offset = mean.map((m, c) => -m / std[c]);
  const fed = g.add(g.mul(ordered, each(factor)), each(offset));
  return layout === 'NCHW' ? fed : g.transpose(fed, [0, 2, 3, 1]);
}
