/** @file The graph around one operator. */
import { constant, graphDef, node, placeholder } from './tensorflow-file.ts';
import type { Case } from './tensorflow-inputs.ts';

/** The graph of one operator. `open`: the first axis of what is fed is. */
export function graphOf(op: string, { inputs, attrs }: Case, open: boolean) {
  const named = inputs.map((input, i) => [`in${i}`, input] as const);
  const nodes = named.map(([name, { fed, tensor }]) =>
    fed
      ? placeholder(name, open ? [-1, ...tensor.shape.slice(1)] : tensor.shape, tensor.dtype)
      : constant(name, tensor),
  );
  const feeds = new Map(named.filter(([, { fed }]) => fed).map(([name, { tensor }]) => [name, tensor]));
  const constants = new Map(named.filter(([, { fed }]) => !fed).map(([name, { tensor }]) => [name, tensor]));
  return {
    graph: graphDef([
      ...nodes,
      node(
        op,
        'y',
        named.map(([name]) => name),
        attrs,
      ),
    ]),
    feeds,
    constants,
  };
}
