/** @file Where a file was exported for one example and its batch size of 1 is baked in, N is put back. */
import { isBatch, type Dim } from '../../graph/dim.ts';
import { knownInts, type Value } from '../../graph/graph.ts';
import { reopenConcat, reopenReshape } from '../../graph/reopen.ts';
import type { Builder } from '../../ops/builder.ts';
import { change, withInput, type Draft } from './normalize/draft.ts';

type Reopen = (g: Builder, node: Draft) => Draft;

const hasBatch = (v: Value | null | undefined): boolean => v?.shape.some(isBatch) ?? false;

const reshape: Reopen = (g, node) => {
  const [x, target] = node.inputs;
  const lengths = knownInts(target);
  const open = x && lengths && reopenReshape(x.shape, lengths, node.attrs.allowzero === 1);
  return open ? withInput(node, 1, g.ints(open)) : node;
};

/** A class token has one row; it is joined to every example. */
const concat: Reopen = (g, node) => {
  const axis = node.attrs.axis as number;
  const shapes = node.inputs.map((v) => v!.shape);
  const expanded = reopenConcat(shapes, axis < 0 ? axis + shapes[0].length : axis);
  return change(node, { inputs: node.inputs.map((v, i) => (expanded[i] ? g.expand(v!, expanded[i]) : v)) });
};

/** Sizes name every axis, also those that stay. */
const resize: Reopen = (g, node) => {
  const [x, , , sizes] = node.inputs;
  const lengths = knownInts(sizes);
  if (!lengths || node.attrs.axes || lengths.length !== x!.shape.length) return node;
  return withInput(
    node,
    3,
    g.ints(
      lengths.map((length, i): Dim => {
        const d = x!.shape[i];
        return isBatch(d) && d.times === length ? d : length;
      }),
    ),
  );
};

const reopeners: Readonly<Record<string, Reopen>> = { Reshape: reshape, Concat: concat, Resize: resize };

/** The node for N examples where its file means one; unchanged where nothing depends on the batch. */
export function reopen(g: Builder, node: Draft): Draft {
  const run = node.domain === '' && Object.hasOwn(reopeners, node.op) ? reopeners[node.op] : null;
  return run && node.inputs.some(hasBatch) ? run(g, node) : node;
}
