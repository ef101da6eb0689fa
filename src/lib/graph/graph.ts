/**
 * @file The graph. A Value knows its producer, edges are references and constants carry their data, so a graph is
 * whatever its outputs reach: unused nodes need no removal, and a pass that replaces a value leaves nothing behind.
 * Operators have ONNX's names and semantics at the canonical opset; no class here knows protobuf.
 */
import type { DType } from '../tensor/dtype.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { sameShape, type Dim, type Shape } from './dim.ts';

/** Attribute values as ONNX has them; names are ONNX's own (`kernel_shape`). */
export type Attribute = number | string | Tensor | readonly number[] | readonly string[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** Version of ONNX's operator set that every graph in memory follows. */
export const CANONICAL_OPSET = 20;

/** Domain of operators that exist only in memory and are lowered to ONNX's own before a file is written. */
export const VITRINE = 'vitrine';

/** The domain of what only lowering for TensorFlow.js writes: its own kernels' forms, on channels-last data. */
export const TFJS = 'vitrine.tfjs';

interface ValueInit {
  name?: string;
  producer?: Node | null;
  constant?: Tensor | null;
  dims?: readonly Dim[] | null;
}

export class Value {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The tensor's name in the source file, or ''. Not unique: identity is the object. */
  readonly name: string;
  readonly producer: Node | null;
  /** A weight or another number known before anything runs. */
  readonly constant: Tensor | null;
  /** An int64 vector known but for the batch size, as in the shape [N, 197, 768]. */
  readonly dims: readonly Dim[] | null;

  constructor(
    dtype: DType,
    shape: Shape,
    { name = '', producer = null, constant = null, dims = null }: ValueInit = {},
  ) {
    this.dtype = dtype;
    this.shape = shape;
    this.name = name;
    this.producer = producer;
    this.constant = constant;
    this.dims = dims;
  }

  /** Nothing can flow into it: its content does not depend on any input. */
  get isConstant(): boolean {
    return this.constant !== null || this.dims !== null;
  }

  toString(): string {
    return `${this.name || '·'}: ${this.dtype}[${this.shape}]`;
  }
}

export interface OutputType {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly name?: string;
}

interface NodeInit {
  name?: string;
  domain?: string;
  origin?: string;
  body?: Graph | null;
}

export class Node {
  readonly op: string;
  readonly domain: string;
  /** The node's name in the source file, or ''. */
  readonly name: string;
  /** null where an optional input is left out. */
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attributes;
  readonly outputs: readonly Value[];
  /** The operator of the source file that this node is a part of, where that is a composition such as LSTM; else ''. */
  readonly origin: string;
  /** Of Repeat: what is done for each row. Closed: it reads its own inputs and constants, and nothing else. */
  readonly body: Graph | null;

  constructor(
    op: string,
    inputs: readonly (Value | null)[],
    attrs: Attributes,
    outputs: readonly OutputType[],
    { name = '', domain = '', origin = '', body = null }: NodeInit = {},
  ) {
    this.op = op;
    this.origin = origin;
    this.body = body;
    this.domain = domain;
    this.name = name;
    this.inputs = inputs;
    this.attrs = attrs;
    this.outputs = outputs.map((o) => new Value(o.dtype, o.shape, { name: o.name, producer: this }));
  }
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export const constantValue = (constant: Tensor, name = ''): Value =>
  new Value(constant.dtype, constant.shape, { constant, name });

export const dimsValue = (dims: readonly Dim[]): Value => new Value('int64', [dims.length], { dims });

/** How errors name a node: `Conv (node "stem.conv")`. */
export const nodeLabel = (node: Node): string => {
  const name = node.name || node.outputs[0]?.name;
  return name ? `${node.op} (node "${name}")` : node.op;
};

/** Nodes that `roots` depend on, every node after the nodes it reads. Iterative: real graphs are thousands deep. */
export function topologicalOrder(roots: Iterable<Value>): Node[] {
  const order = new Set<Node>();
  const open = new Set<Node>();
  const stack: Node[] = [];
  for (const root of roots) {
    if (root.producer) stack.push(root.producer);
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (order.has(node)) {
        stack.pop();
        continue;
      }
      const waiting = open.has(node) ? [] : node.inputs.filter((v) => v?.producer && !order.has(v.producer));
      open.add(node);
      if (waiting.length === 0) {
        order.add(node);
        stack.pop();
      } else {
        for (const v of waiting.toReversed()) stack.push(v!.producer!);
      }
    }
  }
  return [...order];
}

/** Values that depend on any of `sources`, the sources included, among everything that `roots` depend on. */
export function dependents(sources: Iterable<Value>, roots: Iterable<Value>): Set<Value> {
  const found = new Set<Value>(sources);
  for (const node of topologicalOrder(roots)) {
    if (node.inputs.some((v) => v !== null && found.has(v))) node.outputs.forEach((v) => found.add(v));
  }
  return found;
}

/** Every distinct constant that the graph reads. */
export function constantsOf(graph: Graph): Value[] {
  const found = new Set<Value>(graph.outputs.filter((v) => v.isConstant));
  for (const node of topologicalOrder(graph.outputs)) {
    for (const v of node.inputs) if (v?.isConstant) found.add(v);
  }
  return [...found];
}

/**
 * How many parameters a value holds: the elements of a float constant. A single number without axes is none: exporters write
 * the bounds of Clip, exponents and ε so, and learned numbers with axes.
 */
export const parametersOf = ({ constant, dtype }: Value): number =>
  constant && dtype.includes('float') && constant.shape.length > 0 ? sizeOf(constant.shape) : 0;

/** Parameters that the graph reads, each once. */
export const parameterCount = (graph: Graph): number =>
  constantsOf(graph).reduce((n, value) => n + parametersOf(value), 0);

/** The whole numbers of a constant int vector; null when they are not known or depend on the batch size. */
export function knownInts(value: Value | null | undefined): number[] | null {
  if (!value) return null;
  if (value.constant) return Array.from(value.constant.data as ArrayLike<number | bigint>, Number);
  if (value.dims?.every((d) => typeof d === 'number')) return value.dims as number[];
  return null;
}

/** As `knownInts`, with axis lengths that may be the batch axis. */
export function knownDims(value: Value | null | undefined): readonly Dim[] | null {
  return value?.dims ?? knownInts(value);
}

/** A short text of the graph for tests and bug reports: one line a node. */
export function print(graph: Graph): string {
  const names = new Map<Value, string>();
  const name = (v: Value | null) => {
    if (!v) return '–';
    if (!names.has(v)) names.set(v, v.name || (v.isConstant ? `c${names.size}` : `t${names.size}`));
    return names.get(v)!;
  };
  const lines = topologicalOrder(graph.outputs).map((node) => {
    const outputs = node.outputs.map((v) => `${name(v)}[${v.shape}]`).join(', ');
    return `${outputs} = ${node.op}(${node.inputs.map(name).join(', ')})`;
  });
  return [
    `inputs ${graph.inputs.map((v) => `${name(v)}[${v.shape}]`).join(', ')}`,
    ...lines,
    `outputs ${graph.outputs.map(name).join(', ')}`,
  ].join('\n');
}

/** Two values agree in element type and shape. */
export const sameType = (a: Value, b: Value): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);
