/**
 * @file Transposes moved along the graph until they meet and cancel. Importers of channels-last formats write one on each side of
 * each convolution and pooling (formats/channels-last.ts); what stays is, mostly, the one at the input.
 *
 * 1. The walk goes from inputs to outputs and knows each old value as Transpose(base, perm), where base is a new value.
 * 2. A Transpose only changes perm. Operators with a rule in `layout-rules.ts` work on the base and hand perm on.
 * 3. All others, and the graph's outputs, get their inputs in the plain order: once for each base and order, as a Transpose, or as a
 *    Reshape where axes of length 1 alone move. Constants are transposed here and now.
 */
import { Node, topologicalOrder, type Graph, type Value } from '../../graph/graph.ts';
import { makeTensor } from '../../tensor/tensor.ts';
import { transposed } from '../../tensor/transpose.ts';
import { Builder } from '../builder.ts';
import {
  baseShape,
  compose,
  identity,
  inverse,
  isIdentity,
  movesNothing,
  permuted,
  type Layout,
  type Perm,
} from './layout.ts';
import { isPlain, layoutRules, type Moved } from './layout-rules.ts';

const isTranspose = (node: Node): boolean => node.op === 'Transpose' && node.domain === '';

const permOf = (node: Node): Perm =>
  (node.attrs.perm as Perm | undefined) ?? identity(node.outputs[0].shape.length).toReversed();

/**
 * The same graph with as few Transposes as can be had this way: never more than before, and the same object where none would
 * go. Inputs and outputs keep their shapes. A layer's name goes to the value in front of the Transpose that had it.
 */
export function cancelTransposes(graph: Graph): Graph {
  const order = topologicalOrder(graph.outputs);
  const before = order.filter(isTranspose).length;
  if (before === 0) return graph;
  const walk = new Walk(handedDown(order));
  order.forEach((node) => walk.visit(node));
  const outputs = graph.outputs.map((v) => walk.output(v));
  const after = topologicalOrder(outputs).filter(isTranspose).length;
  return after < before ? { ...graph, outputs } : graph;
}

/** Values without a name of their own, and the name of the first Transpose of them that has one. */
function handedDown(order: readonly Node[]): ReadonlyMap<Value, string> {
  const names = new Map<Value, string>();
  const roots = new Map<Value, Value>();
  for (const node of order.filter(isTranspose)) {
    const [x, y] = [node.inputs[0]!, node.outputs[0]];
    const root = roots.get(x) ?? x;
    roots.set(y, root);
    if (y.name && !root.name && root.producer && !names.has(root)) names.set(root, y.name);
  }
  return names;
}

class Walk {
  readonly #g = new Builder();
  readonly #layouts = new Map<Value, Layout>();
  /** By base and order: what is written out already. */
  readonly #written = new Map<Value, Map<string, Value>>();
  readonly #names: ReadonlyMap<Value, string>;

  constructor(names: ReadonlyMap<Value, string>) {
    this.#names = names;
  }

  visit(node: Node): void {
    if (isTranspose(node)) {
      const { base, perm } = this.#layout(node.inputs[0]!);
      this.#layouts.set(node.outputs[0], { base, perm: compose(perm, permOf(node)) });
      return;
    }
    const moved = this.#moved(node);
    if (moved) this.#replace(node, moved);
    else this.#keep(node);
  }

  /** An old value in its plain order. */
  plain(old: Value): Value {
    const { base, perm } = this.#layout(old);
    return this.#write(base, perm, base.name === old.name ? '' : old.name);
  }

  /** A plain value under its own name, which the value in front of it may have got as well. */
  output(old: Value): Value {
    const { base, perm } = this.#layout(old);
    return this.#write(base, perm, old.name);
  }

  #layout = (old: Value): Layout => this.#layouts.get(old) ?? { base: old, perm: identity(old.shape.length) };

  #moved(node: Node): Moved | null {
    const rule = node.domain === '' && Object.hasOwn(layoutRules, node.op) ? layoutRules[node.op] : null;
    const x = node.inputs.map((v) => v && this.#layout(v));
    if (!rule || x.every(isPlain)) return null;
    return rule({
      g: this.#g,
      node,
      x,
      input: (i, perm) => this.#as(node.inputs[i]!, perm),
      plain: (i) => node.inputs[i] && this.plain(node.inputs[i]),
      cost: (perm) => x.reduce((n, v) => n + (v ? this.#cost(v, perm) : 0), 0),
    });
  }

  /** Transposes that it takes to make this the base of `wanted`. */
  #cost({ base, perm }: Layout, wanted: Perm): number {
    if (base.constant) return 0;
    const missing = wanted.length - perm.length;
    const raised = [...identity(missing), ...perm.map((axis) => axis + missing)];
    const needed = compose(raised, inverse(wanted));
    if (movesNothing([...identity(missing).map(() => 1), ...base.shape], needed)) return 0;
    return missing === 0 && this.#written.get(base)?.has(needed.join()) ? 0 : 1;
  }

  /** `old`, with axes of length 1 put in front, as the base that `wanted` transposes. A single number broadcasts in every order. */
  #as(old: Value, wanted: Perm): Value {
    const { base, perm } = this.#layout(old);
    const missing = wanted.length - perm.length;
    if (old.constant && old.shape.every((d) => d === 1)) return old;
    if (missing === 0) return this.#write(base, compose(perm, inverse(wanted)));
    const shape = [...identity(missing).map(() => 1), ...old.shape];
    const lifted = old.constant
      ? this.#g.constant(makeTensor(old.dtype, shape as number[], old.constant.data), old.name)
      : this.#g.reshape(this.plain(old), shape);
    return this.#write(lifted, inverse(wanted));
  }

  #write(base: Value, perm: Perm, name = ''): Value {
    if (isIdentity(perm)) return base;
    const known = this.#written.get(base) ?? new Map<string, Value>();
    this.#written.set(base, known);
    const key = perm.join();
    const found = known.get(key) ?? this.#transpose(base, perm, name);
    known.set(key, found);
    return found;
  }

  #transpose(base: Value, perm: Perm, name: string): Value {
    const shape = permuted(base.shape, perm);
    const { constant } = base;
    const flat = movesNothing(base.shape, perm) && !shape.includes(0);
    if (constant) {
      const tensor = flat ? makeTensor(base.dtype, shape as number[], constant.data) : transposed(constant, perm);
      return this.#g.constant(tensor, base.name);
    }
    const outputs = [name];
    return flat
      ? this.#g.apply('Reshape', [base, this.#g.ints(shape)], {}, { outputs })
      : this.#g.apply('Transpose', [base], { perm }, { outputs });
  }

  #nameOf = (old: Value): string => old.name || (this.#names.get(old) ?? '');

  #replace(node: Node, { inputs, attrs = node.attrs, perms, op = node.op }: Moved): void {
    const outputs = node.outputs.map((v, i) => ({
      dtype: v.dtype,
      shape: baseShape(v.shape, perms[i]),
      name: this.#nameOf(v),
    }));
    const moved = new Node(op, inputs, attrs, outputs, node);
    node.outputs.forEach((v, i) => this.#layouts.set(v, { base: moved.outputs[i], perm: perms[i] }));
  }

  /** The node as it is, shared where nothing about it changes. */
  #keep(node: Node): void {
    const inputs = node.inputs.map((v) => v && this.plain(v));
    const renamed = node.outputs.some((v) => this.#nameOf(v) !== v.name);
    if (!renamed && inputs.every((v, i) => v === node.inputs[i])) return;
    this.#replace(node, { inputs, perms: node.outputs.map((v) => identity(v.shape.length)) });
  }
}
