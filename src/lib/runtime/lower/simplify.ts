/** @file Algebra that changes no value: steps that rules write for generality and that a particular graph does not need. */
import { broadcastShapes, product, sameShape, type Shape } from '../../graph/dim.ts';
import { sameType, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import { scalarOf } from './relu-masks.ts';

type Simplification = (g: Builder, node: Node, x: readonly Value[]) => Value | null;

const sourceOf = (value: Value, op: string): Value | null =>
  value.producer?.op === op ? value.producer.inputs[0] : null;

/** The number of which every element consists, if a constant of one element or an Expand of one says so. */
const uniform = (value: Value): number | null => scalarOf(value) ?? scalarOf(sourceOf(value, 'Expand'));

const unchanged = (x: Value, node: Node): Value | null => (sameType(x, node.outputs[0]) ? x : null);

/** x ∘ neutral = x, on either side where the operator commutes. */
const neutral =
  (number: number, commutes: boolean): Simplification =>
  (_g, node, [a, b]) => {
    if (uniform(b) === number) return unchanged(a, node);
    return commutes && uniform(a) === number ? unchanged(b, node) : null;
  };

/** Operands are broadcast anyway: an Expand before them only costs memory. */
const withoutExpand: Simplification = (g, node, x) => {
  const bare = x.map((v) => sourceOf(v, 'Expand') ?? v);
  const shapes = x.map((v) => v.shape);
  for (let i = 0; i < x.length; i++) {
    if (bare[i] === x[i]) continue;
    const tried = shapes.with(i, bare[i].shape);
    if (sameShape(broadcastShapes(...tried), node.outputs[0].shape)) shapes[i] = bare[i].shape;
    else bare[i] = x[i];
  }
  return bare.some((v, i) => v !== x[i]) ? g.apply(node.op, bare, node.attrs, { name: node.name }) : null;
};

/** A sum, mean or extreme over axes of length 1 is its only element. */
const overOne: Simplification = (g, node, [x]) =>
  product(x.shape) === product(node.outputs[0].shape) ? g.reshape(x, node.outputs[0].shape) : null;

const broadcasting = [
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Where',
  'Greater',
  'Less',
  'GreaterOrEqual',
  'LessOrEqual',
  'Equal',
  'Max',
  'Min',
  'Pow',
  'And',
  'Or',
];

const rules: Readonly<Record<string, Simplification>> = {
  Identity: (_g, _node, [x]) => x,
  Add: neutral(0, true),
  Sub: neutral(0, false),
  Mul: neutral(1, true),
  Div: neutral(1, false),
  ReduceSum: overOne,
  ReduceMean: overOne,
  ReduceMax: overOne,
  ReduceMin: overOne,
  Cast: (_g, node, [x]) => unchanged(x, node),
  Expand: (g, node, [x]) => unchanged(x, node) ?? again('Expand', node, x, g.expand),
  Reshape: (g, node, [x]) => unchanged(x, node) ?? again('Reshape', node, x, g.reshape),
  Transpose: (g, node, [x]) => {
    const order = permutation(node);
    const inner = x.producer?.op === 'Transpose' ? permutation(x.producer) : null;
    if (inner)
      return g.transpose(
        x.producer!.inputs[0]!,
        order.map((axis) => inner[axis]),
      );
    return order.every((axis, i) => axis === i) ? x : null;
  },
};

/** op(op(x)) is the outer one alone, for operators that only name a final shape. */
function again(op: string, node: Node, x: Value, build: (x: Value, shape: Shape) => Value): Value | null {
  const source = sourceOf(x, op);
  return source && build(source, node.outputs[0].shape);
}

const permutation = (node: Node): readonly number[] =>
  (node.attrs.perm as readonly number[] | undefined) ?? node.inputs[0]!.shape.map((_, i) => i).reverse();

/** Applies every rule once, producers first. */
export function simplify(graph: Graph, g: Builder): Graph {
  return rewriteGraph(graph, (node, inputs) => {
    if (node.domain !== '' || node.outputs.length !== 1) return null;
    const x = inputs as readonly Value[];
    const result = rules[node.op]?.(g, node, x) ?? (broadcasting.includes(node.op) ? withoutExpand(g, node, x) : null);
    return result && [result];
  });
}
