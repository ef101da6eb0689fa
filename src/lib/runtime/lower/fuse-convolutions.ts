/**
 * @file What stands around a convolution of TensorFlow.js and is a number a channel goes into its weights and bias, which are
 * computed once: a batch normalisation after it, and the factor of one before it, as gradients have. Rectifiers follow in the kernel.
 */
import { TFJS, topologicalOrder, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import type { FusedActivation } from '../../ops/tensorflow-windows.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { scalarOf } from './relu-masks.ts';

const isConvolution = (node: Node | null): boolean => node?.op === 'Conv' && node.domain === TFJS;

/** The convolution that makes a value, or null. */
const convolutionOf = ({ producer }: Value): Node | null => (isConvolution(producer) ? producer : null);

/** Who reads each value, once for each time; the caller of the graph counts as one whose node is null. */
function readersOf(graph: Graph): (value: Value) => readonly (Node | null)[] {
  const readers = new Map<Value, (Node | null)[]>();
  const add = (value: Value, reader: Node | null) => readers.set(value, [...(readers.get(value) ?? []), reader]);
  for (const node of topologicalOrder(graph.outputs)) node.inputs.forEach((v) => v && add(v, node));
  graph.outputs.forEach((v) => add(v, null));
  return (value) => readers.get(value) ?? [];
}

/** Whether a value depends on constants alone. */
function constancy(): (value: Value) => boolean {
  const known = new Map<Value, boolean>();
  const isKnown = (value: Value): boolean => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const { producer } = value;
    const answer = value.isConstant || (producer !== null && producer.inputs.every((v) => v === null || isKnown(v)));
    known.set(value, answer);
    return answer;
  };
  return isKnown;
}

/** A value that broadcasts to […, C] as one that broadcasts to [C], or null where it is not the same at all positions. */
function perChannel(g: Builder, value: Value, channels: number): Value | null {
  const shape = value.shape as readonly number[];
  const count = sizeOf(shape);
  if (count !== 1 && (count !== channels || shape.at(-1) !== channels)) return null;
  return g.reshape(value, [count]);
}

interface Pair {
  /** Place of the operand that is the same at all positions. */
  readonly at: 0 | 1;
  readonly vector: Value;
}

/** The operand of a node on x […, C] that is known before the model runs and the same at all positions. */
function knownOperand(
  g: Builder,
  node: Node,
  inputs: readonly (Value | null)[],
  isKnown: (v: Value) => boolean,
): Pair | null {
  const channels = node.outputs[0].shape.at(-1) as number;
  for (const at of [1, 0] as const) {
    const vector = isKnown(inputs[at]!) ? perChannel(g, inputs[at]!, channels) : null;
    if (vector && inputs[1 - at]!.shape.length === node.outputs[0].shape.length) return { at, vector };
  }
  return null;
}

/** The node after a convolution as part of it, or null. */
function absorbed(g: Builder, node: Node, conv: Node, { at, vector }: Pair): Value | null {
  const [x, w, bias] = conv.inputs as readonly Value[];
  const outChannels = w.shape.at(-1) as number;
  const full = (v: Value) => g.expand(v, [outChannels]);
  const again = (weights: Value, shift: Value | undefined) =>
    g.apply('Conv', [x, weights, ...(shift ? [shift] : [])], conv.attrs, { domain: TFJS, name: conv.name });
  switch (node.op) {
    case 'Mul':
      return again(g.mul(w, vector), bias && g.mul(bias, vector));
    case 'Add':
      return again(w, full(bias ? g.add(bias, vector) : vector));
    case 'Sub':
      return at === 1 ? again(w, full(bias ? g.sub(bias, vector) : g.neg(vector))) : null;
    default:
      return null;
  }
}

/** A convolution of x · f: the weights take f, channel by channel. */
function withoutFactor(g: Builder, conv: Node, inputs: readonly (Value | null)[], x: Value, factor: Value): Value {
  const [, w, ...bias] = inputs as readonly Value[];
  const dense = ((conv.attrs.group as number | undefined) ?? 1) === 1;
  const scaled = g.mul(w, dense ? g.reshape(factor, [...(factor.shape as number[]), 1]) : factor);
  return g.apply('Conv', [x, scaled, ...bias], conv.attrs, { domain: TFJS, name: conv.name });
}

/** One filter a channel: then the weights' last axis is that of x as well. */
const oneFilterEach = (conv: Node): boolean =>
  ((conv.attrs.group as number | undefined) ?? 1) === 1 || conv.inputs[1]!.shape.at(-1) === conv.attrs.group;

/** Factors and shifts of single channels. */
export function foldIntoConvolutions(graph: Graph, g: Builder): Graph {
  const readers = readersOf(graph);
  const isKnown = constancy();
  return rewriteGraph(graph, (node, inputs) => {
    if (isConvolution(node)) {
      const product = inputs[0]!.producer;
      const alone = readers(node.inputs[0]!).every((r) => r !== null && isConvolution(r) && oneFilterEach(r));
      if (!alone || product?.op !== 'Mul' || product.domain !== '') return null;
      const pair = knownOperand(g, product, product.inputs, isKnown);
      return pair && [withoutFactor(g, node, inputs, product.inputs[1 - pair.at]!, pair.vector)];
    }
    if (node.domain !== '' || !['Add', 'Mul', 'Sub'].includes(node.op)) return null;
    const pair = knownOperand(g, node, inputs, isKnown);
    const conv = pair && convolutionOf(inputs[1 - pair.at]!);
    if (!conv || readers(node.inputs[1 - pair.at]!).length > 1) return null;
    const y = absorbed(g, node, conv, pair);
    return y && [y];
  });
}

function activationOf(node: Node): FusedActivation {
  if (node.domain !== '') return '';
  if (node.op === 'Relu') return 'Relu';
  return node.op === 'Clip' && scalarOf(node.inputs[1]) === 0 && scalarOf(node.inputs[2]) === 6 ? 'Relu6' : '';
}

/** Rectifiers whose input nobody else reads. */
export function fuseRectifiers(graph: Graph, g: Builder): Graph {
  const readers = readersOf(graph);
  return rewriteGraph(graph, (node, [x]) => {
    const activation = activationOf(node);
    const conv = activation === '' ? null : convolutionOf(x!);
    if (!conv || readers(node.inputs[0]!).length > 1) return null;
    return [g.apply('Conv', conv.inputs, { ...conv.attrs, activation }, { domain: TFJS, name: conv.name })];
  });
}
