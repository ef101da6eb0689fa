/**
 * @file What LRP calls a layer: an operator with weights, and the additions and scalings by constants that follow it. A
 * BatchNormalization behind a convolution is such a scaling, and a bias may be a node of its own; the rules see one layer
 * y = W′x + b′ whichever way a file writes it.
 */
import { dependents, topologicalOrder, type Node, type Value } from '../../graph/graph.ts';
import { sameShape } from '../../graph/dim.ts';
import { float32, full } from '../../tensor/tensor.ts';
import type { Builder } from '../../ops/builder.ts';
import { attributesOf, findOp, type BackwardRule, type LayerKind } from '../../ops/define.ts';

export interface Layer {
  readonly node: Node;
  readonly kind: LayerKind;
  /** Which of the node's inputs depends on the image, 0 or 1; the other is the weights. */
  readonly at: 0 | 1;
  /** Nodes that belong to the layer, in order; the last one's output is y. */
  readonly tail: readonly Node[];
  /** No layer comes before it; none comes after it. */
  readonly first: boolean;
  readonly last: boolean;
}

/** The layers between `input` and `output`. `folding`: whether what follows an operator with weights is a part of it. */
export function layersBetween(input: Value, output: Value, folding: boolean): Layer[] {
  const nodes = topologicalOrder([output]);
  const onPath = dependents([input], [output]);
  const uses = usesOf(nodes, output);
  const weighted = nodes.flatMap((node) => {
    const [kind, at] = [findOp(node.op, node.domain)?.layer, placeOf(node, onPath)];
    return kind && at !== null ? [{ node, kind, at }] : [];
  });
  const before = new Set(topologicalOrder(weighted.map(({ node, at }) => node.inputs[at]!)));
  const behind = dependents(
    weighted.flatMap(({ node }) => node.outputs),
    [output],
  );
  return weighted.map((layer) => ({
    ...layer,
    first: !behind.has(layer.node.inputs[layer.at]!),
    last: !before.has(layer.node),
    tail: folding ? tailOf(layer, onPath, uses) : [],
  }));
}

/** Which of the first two inputs alone depends on the image; null where none does, or both. */
function placeOf({ inputs }: Node, onPath: ReadonlySet<Value>): 0 | 1 | null {
  const depends = inputs.map((v) => v !== null && onPath.has(v));
  if (inputs.length < 2 || depends.filter(Boolean).length !== 1) return null;
  return depends[0] ? 0 : depends[1] ? 1 : null;
}

/** The nodes that read each value; the output counts as read by more than one. */
function usesOf(nodes: readonly Node[], output: Value): ReadonlyMap<Value, readonly Node[]> {
  const uses = new Map<Value, Node[]>();
  for (const node of nodes) for (const v of node.inputs) if (v) uses.set(v, [...(uses.get(v) ?? []), node]);
  return uses.set(output, []);
}

type Weighted = Pick<Layer, 'node' | 'at'>;

function tailOf(
  layer: Weighted,
  onPath: ReadonlySet<Value>,
  uses: ReadonlyMap<Value, readonly Node[]>,
): readonly Node[] {
  const tail: Node[] = [];
  const channels = channelShape(layer);
  if (!channels) return tail;
  for (let y = layer.node.outputs[0]; ; y = tail[tail.length - 1].outputs[0]) {
    const [next, ...others] = uses.get(y) ?? [];
    if (!next || others.length > 0 || !belongs(next, y, channels, onPath)) return tail;
    tail.push(next);
  }
}

/** The shape of one number a channel beside the layer's output; null where weights cannot be scaled by channel. */
function channelShape({ node, at }: Weighted): readonly number[] | null {
  const { shape } = node.outputs[0];
  const axis = scaledAxis(node, at) === null ? null : node.op.startsWith('Conv') ? 1 : shape.length - 1;
  return axis === null ? null : shape.map((d, i) => (i === axis ? (d as number) : 1));
}

/** Which axis of the weights is the output's channels. */
function scaledAxis({ op, inputs, attrs }: Node, at: 0 | 1): number | null {
  if (at !== 0) return null;
  if (op === 'Conv') return 0;
  if (op === 'ConvTranspose') return Number(attrs.group ?? 1) === 1 ? 1 : null;
  if (op === 'Gemm') return attrs.transB ? 0 : 1;
  const { length } = inputs[1]!.shape;
  return op === 'MatMul' && length > 1 ? length - 1 : null;
}

/** Whether `node` adds constants to y, or scales its channels by constants. */
function belongs(node: Node, y: Value, channels: readonly number[], onPath: ReadonlySet<Value>): boolean {
  const constants = node.inputs.filter((v): v is Value => v !== null && v !== y);
  if (constants.some((v) => onPath.has(v)) || !sameShape(node.outputs[0].shape, y.shape)) return false;
  if (node.inputs.filter((v) => v === y).length !== 1) return false;
  const perChannel = ({ shape }: Value) =>
    shape.every((d, i) => d === 1 || d === channels[i + channels.length - shape.length]);
  switch (node.op) {
    case 'Add':
    case 'Sub':
      return true;
    case 'Mul':
      return constants.every(perChannel);
    case 'Div':
      return node.inputs[0] === y && constants.every(perChannel);
    case 'BatchNormalization':
      return node.inputs[0] === y && channels.findIndex((d) => d !== 1) === 1;
    default:
      return false;
  }
}

/** A layer as rules read it: y = W′x + b′. */
export interface LayerSite {
  readonly x: Value;
  readonly weights: Value;
  /** b′ in a shape that broadcasts to y; null where there is none. */
  readonly shift: Value | null;
  readonly y: Value;
  /** The layer on other inputs or weights, without its shift. */
  forward(x: Value, weights: Value): Value;
  /** What a gradient dy gives at x under other weights. */
  transposed(dy: Value, weights: Value): Value;
}

/** The layer as one affine map. What depends on constants alone is folded by the runtime. */
export function siteOf(g: Builder, { node, at, tail }: Layer): LayerSite {
  const op = findOp(node.op, node.domain)!;
  const [x, weights] = [node.inputs[at]!, node.inputs[1 - at]!];
  const operands = (input: Value, other: Value) => (at === 0 ? [input, other] : [other, input]);
  const { scale, shift } = tailAsMap(g, node, at, tail);
  const gradient = op.gradient as BackwardRule<unknown>;
  const y = node.outputs[0];
  return {
    x,
    weights: scale ? g.mul(weights, scale) : weights,
    shift,
    y: tail.at(-1)?.outputs[0] ?? y,
    forward: (input, other) => g.apply(node.op, operands(input, other), node.attrs, { domain: node.domain }),
    transposed: (dy, other) =>
      gradient(g, {
        ...{ node, y: [y], dy: [dy], yRef: [y], attrs: attributesOf(op, node), wants: (i) => i === at },
        ...{ x: operands(x, other), xRef: operands(x, other) },
      })[at]!,
  };
}

/** S beside the weights and b′, so that the tail makes S·(Wx) + b′ of Wx. */
function tailAsMap(
  g: Builder,
  node: Node,
  at: 0 | 1,
  tail: readonly Node[],
): { scale: Value | null; shift: Value | null } {
  const bias = biasOf(g, node);
  const channels = tail.length > 0 && channelShape({ node, at });
  if (!channels) return { scale: null, shift: bias };
  const through = (start: Value) =>
    tail.reduce(([from, to], next) => onInput(g, next, from, to), [node.outputs[0], start])[1];
  const zero = through(g.constant(full(channels, 0)));
  const scale = tail.every(({ op }) => op === 'Add') ? null : g.sub(through(g.constant(full(channels, 1))), zero);
  const shift = bias ? through(g.add(g.constant(full(channels, 0)), bias)) : zero;
  return { scale: scale && besideWeights(g, node, at, scale, channels), shift };
}

/** A node of a tail on another input: the pair of what it reads and what stands for it. */
function onInput(g: Builder, node: Node, from: Value, to: Value): [Value, Value] {
  const inputs = node.inputs.map((v) => (v === from ? to : v));
  return [node.outputs[0], g.apply(node.op, inputs, node.attrs, { domain: node.domain })];
}

/** One factor a channel in a shape that multiplies the weights; a shift by a whole map has cancelled but for its shape. */
function besideWeights(g: Builder, node: Node, at: 0 | 1, scale: Value, channels: readonly number[]): Value {
  const axis = scaledAxis(node, at)!;
  const first = sameShape(scale.shape, channels)
    ? scale
    : g.slice(
        scale,
        scale.shape.map(() => 0),
        [...channels],
        scale.shape.map((_, i) => i),
      );
  const count = channels.reduce((n, d) => n * d, 1);
  return g.reshape(
    first,
    node.inputs[1]!.shape.map((_, i) => (i === axis ? count : 1)),
  );
}

/** The bias of the operator itself, beside its output. */
function biasOf(g: Builder, { op, inputs, attrs, outputs }: Node): Value | null {
  const bias = inputs[2];
  if (!bias) return null;
  if (op === 'Gemm') return g.mul(bias, g.constant(float32([], [Number(attrs.beta ?? 1)])));
  return g.reshape(bias, [1, bias.shape[0], ...outputs[0].shape.slice(2).map(() => 1)]);
}
