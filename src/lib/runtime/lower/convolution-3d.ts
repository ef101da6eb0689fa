/** @file WebGPU has neither ConvTranspose nor groups in three dimensions; a convolution without groups stands in for both. */
import type { Graph, Node, Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import { mirroredWeights } from '../../ops/convolution.ts';
import { spread } from './strided.ts';

const isVolume = (node: Node): boolean => node.inputs[0]?.shape.length === 5;

const isPlainTransposed = (node: Node): boolean =>
  node.op === 'ConvTranspose' && (node.attrs.auto_pad ?? 'NOTSET') === 'NOTSET' && !node.attrs.output_shape;

/** ConvTranspose as Conv, then each group of a Conv as a Conv of its own. */
export function volumesWithoutGroups(graph: Graph, g: Builder): Graph {
  const transposed = rewriteGraph(graph, (node, inputs) => {
    if (!isPlainTransposed(node) || !isVolume(node)) return null;
    return [transposedAsConv(g, node, inputs as readonly Value[])];
  });
  return rewriteGraph(transposed, (node, inputs) => {
    const group = (node.attrs.group as number | undefined) ?? 1;
    return node.op === 'Conv' && isVolume(node) && group > 1
      ? [groupByGroup(g, node, inputs as readonly Value[], group)]
      : null;
  });
}

/** Zeros between the elements of x, then a convolution with the mirrored weights. */
function transposedAsConv(g: Builder, node: Node, [x, w, bias]: readonly Value[]): Value {
  const group = (node.attrs.group as number | undefined) ?? 1;
  const kernel = (w.shape as readonly number[]).slice(2);
  const perAxis = (name: string, other: number, count = kernel.length) =>
    (node.attrs[name] as readonly number[] | undefined) ?? new Array<number>(count).fill(other);
  const [strides, dilations, extra, pads] = [
    perAxis('strides', 1),
    perAxis('dilations', 1),
    perAxis('output_padding', 0),
    perAxis('pads', 0, 2 * kernel.length),
  ];
  const apart = strides.reduce((value, s, i) => spread(g, value, i + 2, s), x);
  const reach = kernel.map((k, i) => (k - 1) * dilations[i]);
  const wanted = [...reach.map((r, i) => r - pads[i]), ...reach.map((r, i) => r - pads[i + kernel.length] + extra[i])];
  const cropped = g.pad(apart, [
    0,
    0,
    ...wanted.slice(0, kernel.length).map(negative),
    0,
    0,
    ...wanted.slice(kernel.length).map(negative),
  ]);
  return g.apply('Conv', [cropped, mirroredWeights(g, w, group), ...(bias ? [bias] : [])], {
    kernel_shape: kernel,
    strides: kernel.map(() => 1),
    dilations,
    pads: wanted.map((p) => Math.max(p, 0)),
    group,
  });
}

const negative = (p: number): number => Math.min(p, 0);

function groupByGroup(g: Builder, node: Node, [x, w, bias]: readonly Value[], group: number): Value {
  const part = (value: Value, axis: number, index: number) => {
    const size = (value.shape[axis] as number) / group;
    return g.slice(value, [index * size], [(index + 1) * size], [axis]);
  };
  const parts = Array.from({ length: group }, (_, i) =>
    g.apply('Conv', [part(x, 1, i), part(w, 0, i), ...(bias ? [part(bias, 0, i)] : [])], { ...node.attrs, group: 1 }),
  );
  return g.concat(parts, 1);
}
