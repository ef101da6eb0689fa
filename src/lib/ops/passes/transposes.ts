/**
 * @file As few Transposes as possible. Formats with channels last are read with a Transpose on each side of every convolution and
 * pooling. While the graph is walked, each value is known as another one (`base`) with its axes in another order:
 *
 *     old = Transpose(base, perm)
 *
 * Transposes only change what is known; operators that work elementwise or along named axes are applied to the base, with their
 * axes renamed; all others get the old value back, as one Transpose.
 */
import { bindShape, normalizeAxis, sameShape } from '../../graph/dim.ts';
import { topologicalOrder, type Attributes, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { copyNode } from '../../graph/rewrite.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { transposed, type Permutation } from '../../tensor/transpose.ts';
import { Builder } from '../builder.ts';
import { AXIS_OPS, ELEMENTWISE } from './transposable.ts';

interface Known {
  readonly base: Value;
  /** null: the axes are in their old order. */
  readonly perm: Permutation | null;
}

/** The same graph with its Transposes cancelled where they meet; the very same object where it has none. */
export function cancelTransposes(graph: Graph): Graph {
  const order = topologicalOrder(graph.outputs);
  if (!order.some(isTranspose)) return graph;
  const walk = new Walk();
  for (const node of order) walk.visit(node);
  return { ...graph, outputs: graph.outputs.map((v) => walk.old(v)) };
}

const isTranspose = ({ op, domain }: Node): boolean => op === 'Transpose' && domain === '';

const permOf = (node: Node): Permutation =>
  (node.attrs.perm as Permutation | undefined) ?? node.inputs[0]!.shape.map((_, i) => i).reverse();

const isIdentity = (perm: Permutation): boolean => perm.every((axis, i) => axis === i);

/** What undoes it: Transpose(Transpose(x, p), inverse(p)) = x. */
const inverse = (perm: Permutation): number[] => perm.map((_, axis) => perm.indexOf(axis));

const elements = ({ shape }: Value): number => sizeOf(bindShape(shape, 1));

/** Constants and single numbers go along with any order. */
const isFree = (v: Value): boolean => v.constant !== null || v.shape.every((d) => d === 1);

class Walk {
  readonly #g = new Builder();
  readonly #known = new Map<Value, Known>();
  /** Each old value is written out once. */
  readonly #written = new Map<Value, Value>();

  /** The old value itself. */
  old(value: Value): Value {
    const { base, perm } = this.#of(value);
    if (!perm) return base;
    let written = this.#written.get(value);
    if (!written) this.#written.set(value, (written = this.#g.transpose(base, perm)));
    return written;
  }

  visit(node: Node): void {
    if (isTranspose(node)) return this.#transpose(node);
    const moved = node.domain === '' ? this.#moved(node) : null;
    if (moved) {
      node.outputs.forEach((v, i) => this.#known.set(v, { base: moved.outputs[i], perm: moved.perm }));
      return;
    }
    const inputs = node.inputs.map((v) => v && this.old(v));
    const kept = inputs.every((v, i) => v === node.inputs[i]) ? node : copyNode(node, inputs);
    node.outputs.forEach((v, i) => this.#known.set(v, { base: kept.outputs[i], perm: null }));
  }

  #of(value: Value): Known {
    return this.#known.get(value) ?? { base: value, perm: null };
  }

  #transpose(node: Node): void {
    const { base, perm } = this.#of(node.inputs[0]!);
    const order = permOf(node);
    const composed = perm ? order.map((axis) => perm[axis]) : order;
    this.#known.set(node.outputs[0], { base, perm: isIdentity(composed) ? null : composed });
  }

  /** The node on its inputs' bases; null where it needs the old values. */
  #moved(node: Node): { outputs: readonly Value[]; perm: Permutation | null } | null {
    if (ELEMENTWISE.has(node.op)) return this.#elementwise(node);
    if (node.op === 'Reshape' || node.op === 'Flatten') return this.#reshape(node);
    const along = AXIS_OPS[node.op];
    const perm = along && node.inputs[0] && this.#of(node.inputs[0]).perm;
    return perm ? this.#alongAxes(node, perm) : null;
  }

  /** In the order of its largest operand: the fewest elements are moved then. */
  #elementwise(node: Node): { outputs: readonly Value[]; perm: Permutation } | null {
    const rank = node.outputs[0].shape.length;
    const operands = node.inputs.filter((v) => v !== null && !isFree(v)) as Value[];
    if (operands.some((v) => v.shape.length !== rank)) return null;
    const [largest] = operands.toSorted((a, b) => elements(b) - elements(a) || this.#moves(b) - this.#moves(a));
    const perm = largest && this.#of(largest).perm;
    if (!perm) return null;
    const inputs = node.inputs.map((v) => v && this.#inOrder(v, perm));
    return { outputs: this.#apply(node, inputs, node.attrs), perm };
  }

  #moves = (value: Value): number => (this.#of(value).perm ? 1 : 0);

  /** `value` as the operand of an operator whose result is Transpose(base, perm). */
  #inOrder(value: Value, perm: Permutation): Value {
    const order = inverse(perm);
    if (value.constant && value.shape.length > 0) {
      const missing = perm.length - value.shape.length;
      const shape = [...Array<number>(missing).fill(1), ...value.constant.shape];
      return this.#g.constant(transposed({ ...value.constant, shape }, order), value.name);
    }
    if (isFree(value)) return this.old(value);
    const { base, perm: own } = this.#of(value);
    return this.#g.transpose(base, own ? order.map((axis) => own[axis]) : order);
  }

  /** Where only axes of length 1 changed places, as after global pooling, the elements still follow each other as before. */
  #reshape(node: Node): { outputs: readonly Value[]; perm: null } | null {
    const { base, perm } = this.#of(node.inputs[0]!);
    const long = perm?.filter((axis) => base.shape[axis] !== 1);
    if (!long?.every((axis, i) => i === 0 || axis > long[i - 1])) return null;
    const [{ shape, name }] = node.outputs;
    const names = { name: node.name, outputs: [name] };
    return { outputs: this.#g.applyAll('Reshape', [base, this.#g.ints(shape)], {}, names), perm: null };
  }

  /** old axis i is the base's axis perm[i]. */
  #alongAxes(node: Node, perm: Permutation): { outputs: readonly Value[]; perm: Permutation | null } | null {
    const rank = perm.length;
    const operands = node.op === 'Concat' ? node.inputs : [node.inputs[0]];
    const bases = operands.map((v) => {
      const known = this.#of(v!);
      return known.perm && sameShape(known.perm, perm) ? known.base : null;
    });
    if (bases.some((v) => v === null)) return null;
    const renamed = AXIS_OPS[node.op]!(this.#g, node, (axis) => perm[normalizeAxis(axis, rank, node.op)], rank);
    if (!renamed) return null;
    const inputs = [...bases, ...(renamed.inputs ?? node.inputs.slice(operands.length))];
    const outputs = this.#apply(node, inputs, { ...node.attrs, ...renamed.attrs });
    return { outputs, perm: renamed.dropped ? without(perm, renamed.dropped) : perm };
  }

  #apply(node: Node, inputs: readonly (Value | null)[], attrs: Attributes): readonly Value[] {
    return this.#g.applyAll(node.op, inputs, attrs, { name: node.name, outputs: node.outputs.map((v) => v.name) });
  }
}

/** The order of the axes that stay when the base's axes `dropped` are gone; null: their old order. */
function without(perm: Permutation, dropped: readonly number[]): Permutation | null {
  const stay = perm.filter((axis) => !dropped.includes(axis));
  const ranks = stay.toSorted((a, b) => a - b);
  const order = stay.map((axis) => ranks.indexOf(axis));
  return isIdentity(order) ? null : order;
}
