/**
 * @file GraphDef → one flat list of nodes: function calls replaced by what they call, edges as names of tensors: "node" for
 * a node's first output, "node:2" for its third.
 */
import { FormatError } from '../error.ts';
import { Attributes } from './attributes.ts';
import type { AttrEntry, FunctionDef, GraphDef, NodeDef } from './proto.ts';

export interface FlatNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  /** Nodes that must have run before. */
  readonly controls: readonly string[];
  readonly attrs: readonly AttrEntry[];
  /** How many calls it lies deep. */
  readonly depth: number;
}

/** Deepest call of functions by functions. */
const MAX_CALLS = 32;
/** Most nodes and edges after inlining: functions that call others twice would otherwise double with each level. */
const MAX_EDGES = 200_000;

const CALLS: ReadonlySet<string> = new Set(['PartitionedCall', 'StatefulPartitionedCall']);

/** Outputs that functions name, of operators with several of them; one name for a list counts on from its place. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  FusedBatchNorm: ['y', 'batch_mean', 'batch_variance'],
  FusedBatchNormV2: ['y', 'batch_mean', 'batch_variance'],
  FusedBatchNormV3: ['y', 'batch_mean', 'batch_variance'],
  TopKV2: ['values', 'indices'],
  MaxPoolWithArgmax: ['output', 'argmax'],
  Switch: ['output_false', 'output_true'],
  Merge: ['output', 'value_index'],
};

export const tensorName = (node: string, index: number): string => (index === 0 ? node : `${node}:${index}`);

/** The node that a tensor is an output of, and which one. */
export function outputOf(tensor: string): { node: string; index: number } {
  const [, node, index] = /^(.*):(\d+)$/s.exec(tensor) ?? [null, tensor, '0'];
  return { node, index: Number(index) };
}

/** "node:0" is "node". */
export const canonical = (tensor: string): string => {
  const { node, index } = outputOf(tensor);
  return tensorName(node, index);
};

/** Names inside a function → tensors of the flat graph. */
interface Scope {
  readonly prefix: string;
  readonly arguments: ReadonlyMap<string, string>;
  readonly operators: ReadonlyMap<string, NodeDef>;
  readonly attributes: ReadonlyMap<string, AttrEntry>;
  readonly depth: number;
}

export class Flattened {
  readonly #file: string;
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  /** Tensors that are other tensors: outputs of calls, and of switches whose condition is known. */
  readonly #aliases = new Map<string, string>();
  #edges = 0;
  nodes: FlatNode[];

  constructor({ node, library }: GraphDef, file: string) {
    this.#file = file;
    this.#functions = new Map((library?.function ?? []).map((f) => [f.signature?.name ?? '', f]));
    this.nodes = this.#inline(node.map((n) => this.#topNode(n)));
  }

  /** The tensor that a name stands for in the end. */
  resolve(tensor: string): string {
    let resolved = tensor;
    for (let steps = 0; this.#aliases.has(resolved); steps++) {
      resolved = this.#aliases.get(resolved)!;
      if (steps > MAX_EDGES)
        throw new FormatError(
          `${this.#file}: tensor "${tensor}" depends on itself. A model must not have cycles: export it again.`,
        );
    }
    return resolved;
  }

  alias(tensor: string, target: string): void {
    if (tensor !== target) this.#aliases.set(tensor, target);
  }

  /** Nodes become what functions of the library compute from all inputs but the first. Returns whether there were any. */
  callBranches(branchOf: (node: FlatNode) => string | null): boolean {
    const before = this.nodes;
    this.nodes = before.flatMap((node) => {
      const branch = branchOf(node);
      return branch === null ? [node] : this.#inline(this.#body(node, branch, node.inputs.slice(1)));
    });
    return this.nodes.length !== before.length || this.nodes.some((node, i) => node !== before[i]);
  }

  #topNode({ op, name, input, attr }: NodeDef): FlatNode {
    const data = input.filter((i) => !i.startsWith('^')).map(canonical);
    return { op, name, inputs: data, controls: controlsOf(input, ''), attrs: attr, depth: 0 };
  }

  #inline(nodes: readonly FlatNode[]): FlatNode[] {
    const flat: FlatNode[] = [];
    const waiting = nodes.toReversed();
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      this.#edges += 1 + node.inputs.length;
      if (this.#edges > MAX_EDGES)
        throw new FormatError(
          `${this.#file}: more than ${MAX_EDGES} nodes and edges. Simplify the model before exporting, or choose a smaller one.`,
        );
      const callee = this.#calleeOf(node);
      if (callee === null) flat.push(node);
      else for (const inner of this.#body(node, callee, node.inputs).toReversed()) waiting.push(inner);
    }
    return flat;
  }

  #calleeOf(node: FlatNode): string | null {
    if (CALLS.has(node.op)) return new Attributes(node.attrs).function('f') ?? '';
    return this.#functions.has(node.op) ? node.op : null;
  }

  /** The nodes of a function, and its outputs as those of the node that calls it. */
  #body(call: FlatNode, name: string, inputs: readonly string[]): FlatNode[] {
    const callee = this.#functions.get(name);
    const where = `${this.#file}: ${call.op} (node "${call.name}")`;
    if (!callee?.signature)
      throw new FormatError(
        `${where}: it calls the function "${name}", which the file does not hold. The file is damaged: export it again.`,
      );
    if (call.depth >= MAX_CALLS)
      throw new FormatError(
        `${where}: functions call each other more than ${MAX_CALLS} deep: "${name}" probably calls itself. Export the model again.`,
      );
    const { inputArg, outputArg } = callee.signature;
    if (inputArg.length > inputs.length)
      throw new FormatError(
        `${where}: the function "${name}" takes ${inputArg.length} inputs, the node gives ${inputs.length}. The file is damaged: export it again.`,
      );
    const scope: Scope = {
      prefix: `${call.name}/`,
      arguments: new Map(inputArg.map((arg, i) => [arg.name, inputs[i]])),
      operators: new Map(callee.nodeDef.map((n) => [n.name, n])),
      attributes: new Map(call.attrs.map((a) => [a.key, a])),
      depth: call.depth + 1,
    };
    const results = new Map(callee.ret.map(({ key, value }) => [key, value]));
    outputArg.forEach((arg, i) =>
      this.alias(tensorName(call.name, i), this.#inner(results.get(arg.name) ?? arg.name, scope)),
    );
    return callee.nodeDef.map((n) => this.#innerNode(n, scope));
  }

  #innerNode({ op, name, input, attr }: NodeDef, scope: Scope): FlatNode {
    return {
      op,
      name: scope.prefix + name,
      inputs: input.filter((i) => !i.startsWith('^')).map((i) => this.#inner(i, scope)),
      controls: controlsOf(input, scope.prefix),
      attrs: attr.map((a) => given(a, scope)),
      depth: scope.depth,
    };
  }

  /** Inside functions a tensor is an argument, or "node:output:index". */
  #inner(tensor: string, scope: Scope): string {
    const argument = scope.arguments.get(tensor);
    if (argument !== undefined) return argument;
    const [node, output = '', index = '0'] = tensor.split(':');
    const op = scope.operators.get(node)?.op ?? '';
    return tensorName(scope.prefix + node, this.#place(op, output) + (Number(index) || 0));
  }

  #place(op: string, output: string): number {
    const names = Object.hasOwn(OUTPUTS, op)
      ? OUTPUTS[op]
      : (this.#functions.get(op)?.signature?.outputArg ?? []).map((arg) => arg.name);
    return Math.max(0, names.indexOf(output));
  }
}

/** An attribute that stands for one of the function's own gets that one's value. */
const given = (a: AttrEntry, scope: Scope): AttrEntry => {
  const own = a.value?.placeholder ? scope.attributes.get(a.value.placeholder) : undefined;
  return own ? { key: a.key, value: own.value } : a;
};

const controlsOf = (input: readonly string[], prefix: string): string[] =>
  input.filter((i) => i.startsWith('^')).map((i) => prefix + i.slice(1));
