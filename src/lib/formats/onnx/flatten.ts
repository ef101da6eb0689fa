/** @file ModelProto → one list of nodes: model-local functions inlined, producers first, nothing that no output needs. */
import type { Attribute, Attributes } from '../../graph/graph.ts';
import { FormatError } from '../error.ts';
import { decodeAttribute, isSubgraph } from './attributes.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  TensorProto,
} from './proto.ts';
import type { TensorContext } from './tensors.ts';

/** A node of the file, edges by name. */
export interface FileNode {
  readonly op: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Decoded when read: what an unsupported or unused node holds may be of any type. */
  readonly attrs: Attributes;
  /** Version of its domain's operator set. */
  readonly opset: number;
  /** The graphs that it holds (branches of If, bodies of Loop and Scan), by the attribute's name. */
  readonly bodies: Readonly<Record<string, Body>>;
  /** What these read of the graph around them. */
  readonly captures: readonly string[];
}

/** A graph within a node. */
export interface Body {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Producers first. */
  readonly nodes: readonly FileNode[];
  readonly weights: ReadonlyMap<string, TensorProto>;
}

/** Deepest call of functions by functions, and nesting of graphs in graphs. */
const MAX_CALLS = 32;
/** Most nodes and edges after inlining: functions that call others twice would otherwise double with each level. */
const MAX_EDGES = 200_000;

const ownDomain = (domain: string) => (domain === 'ai.onnx' ? '' : domain);

/** Versions by domain. */
export const opsetsOf = (imports: readonly OperatorSetIdProto[]): Map<string, number> =>
  new Map(imports.map(({ domain, version }) => [ownDomain(domain), version]));

const functionKey = (domain: string, name: string, overload: string) => `${ownDomain(domain)}\n${name}\n${overload}`;

/** How errors name a node of the file. */
export const fileNodeLabel = (n: { op: string; name: string; outputs: readonly string[] }): string =>
  `${n.op} (node "${n.name || n.outputs[0] || ''}")`;

interface Scope {
  /** Names inside → names in the flat graph; null at the top, where names stay. */
  readonly names: Map<string, string> | null;
  readonly prefix: string;
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  readonly opsets: ReadonlyMap<string, number>;
  readonly depth: number;
}

/** All nodes of the model with functions inlined, in file order. Throws a FormatError for functions without end. */
export function inlineFunctions(model: ModelProto & { graph: GraphProto }, context: TensorContext): FileNode[] {
  const functions = new Map(model.functions.map((f) => [functionKey(f.domain, f.name, f.overload), f]));
  const flat: FileNode[] = [];
  let edges = 0;

  const expand = (nodes: readonly NodeProto[], scope: Scope, into: FileNode[]): void => {
    for (const node of nodes) {
      const callee = functions.get(functionKey(node.domain, node.opType, node.overload));
      if (callee) call(node, callee, scope, into);
      else into.push(fileNode(node, scope, context, bodiesOf(node, scope)));
      edges += 1 + node.input.length + node.output.length;
      if (edges > MAX_EDGES)
        throw new FormatError(
          `${context.file}: more than ${MAX_EDGES} nodes and edges. Simplify the model before exporting (onnxsim), or choose a smaller one.`,
        );
    }
  };

  const bodiesOf = (node: NodeProto, scope: Scope): Record<string, Body> =>
    Object.fromEntries(
      node.attribute.flatMap((a): [string, Body][] =>
        a.g && isSubgraph(a) ? [[a.name, bodyOf(node, a.g, scope)]] : [],
      ),
    );

  const bodyOf = (node: NodeProto, graph: GraphProto, outer: Scope): Body => {
    if (outer.depth >= MAX_CALLS)
      throw new FormatError(
        `${context.file}: ${node.opType} nests graphs more than ${MAX_CALLS} deep. Export the model again.`,
      );
    const scope = { ...outer, depth: outer.depth + 1 };
    const nodes: FileNode[] = [];
    expand(graph.node, scope, nodes);
    const inner = (name: string) => flatName(name, scope);
    const inputs = graph.input.map((v) => inner(v.name));
    const weights = new Map(graph.initializer.map((t) => [inner(t.name), t]));
    const own = new Set([...inputs, ...weights.keys(), ...nodes.flatMap((n) => n.outputs)]);
    const outputs = graph.output.map((v) => inner(v.name));
    const around = [...nodes.flatMap(readsOf), ...outputs].filter((name) => name !== '' && !own.has(name));
    const known = new Set([...inputs, ...weights.keys(), ...around]);
    return { inputs, outputs, nodes: sortNodes(nodes, outputs, known, context.file), weights };
  };

  const call = (node: NodeProto, callee: FunctionProto, outer: Scope, into: FileNode[]): void => {
    if (outer.depth >= MAX_CALLS) {
      throw new FormatError(
        `${context.file}: function ${callee.name} is called more than ${MAX_CALLS} deep: it probably calls itself. Export the model again.`,
      );
    }
    const given = node.attribute.map((a) => resolve(a, outer)).filter((a) => a !== null);
    const attributes = new Map([...callee.attributeProto, ...given].map((a) => [a.name, a]));
    const names = new Map<string, string>();
    callee.input.forEach((inner, i) => names.set(inner, node.input[i] ? flatName(node.input[i], outer) : ''));
    callee.output.forEach((inner, i) => node.output[i] && names.set(inner, flatName(node.output[i], outer)));
    const prefix = `${outer.prefix}${node.name || `${callee.name}.${edges}`}/`;
    expand(
      callee.node,
      {
        names,
        prefix,
        attributes,
        opsets: opsetsOf(callee.opsetImport.length ? callee.opsetImport : model.opsetImport),
        depth: outer.depth + 1,
      },
      into,
    );
  };

  expand(
    model.graph.node,
    {
      names: null,
      prefix: '',
      attributes: new Map(),
      opsets: opsetsOf(model.opsetImport),
      depth: 0,
    },
    flat,
  );
  return flat;
}

function flatName(name: string, scope: Scope): string {
  if (name === '' || !scope.names) return name;
  let flat = scope.names.get(name);
  if (flat === undefined) scope.names.set(name, (flat = scope.prefix + name));
  return flat;
}

/** An attribute that stands for one of the function's own gets that one's value, or vanishes with it. */
function resolve(a: AttributeProto, scope: Scope): AttributeProto | null {
  if (!a.refAttrName) return a;
  const given = scope.attributes.get(a.refAttrName);
  return given ? { ...given, name: a.name } : null;
}

/** What a body reads of the graph around it. */
function capturesOf({ inputs, outputs, nodes, weights }: Body): string[] {
  const own = new Set([...inputs, ...weights.keys(), ...nodes.flatMap((n) => n.outputs)]);
  return [...new Set([...nodes.flatMap(readsOf), ...outputs])].filter((name) => name !== '' && !own.has(name));
}

function fileNode(
  node: NodeProto,
  scope: Scope,
  context: TensorContext,
  bodies: Readonly<Record<string, Body>>,
): FileNode {
  const domain = ownDomain(node.domain);
  const where = fileNodeLabel({ op: node.opType, name: node.name, outputs: node.output });
  return {
    op: node.opType,
    domain,
    name: node.name && scope.prefix + node.name,
    inputs: node.input.map((name) => flatName(name, scope)),
    outputs: node.output.map((name) => flatName(name, scope)),
    get attrs() {
      const bound = node.attribute
        .map((a) => resolve(a, scope))
        .filter((a) => a !== null && !isSubgraph(a)) as AttributeProto[];
      return Object.fromEntries(bound.map((a): [string, Attribute] => [a.name, decodeAttribute(a, where, context)]));
    },
    opset: scope.opsets.get(domain) ?? 1,
    bodies,
    captures: Object.values(bodies).flatMap(capturesOf),
  };
}

/** What sorting looks at: nodes of other formats have it too. */
type Edges = Pick<FileNode, 'op' | 'name' | 'inputs' | 'outputs'> & Partial<Pick<FileNode, 'captures'>>;

const readsOf = ({ inputs, captures }: Edges): readonly string[] =>
  captures?.length ? [...inputs, ...captures] : inputs;

/**
 * The nodes that `outputs` need, every one after those it reads. `known` are names that need no node. Throws a
 * FormatError for a name that nothing or more than one node produces and for a cycle.
 */
export function sortNodes<T extends Edges>(
  nodes: readonly T[],
  outputs: readonly string[],
  known: ReadonlySet<string>,
  file: string,
): T[] {
  const producers = producersOf(nodes, known, file);
  const done = new Set<T>();
  const open = new Set<T>();
  for (const output of outputs) {
    const stack = [producerOf(output, 'the graph', producers, known, file)].filter((n) => n !== null);
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const waiting = done.has(node)
        ? []
        : readsOf(node)
            .map((name) => name && producerOf(name, fileNodeLabel(node), producers, known, file))
            .filter((n) => n && !done.has(n));
      if (waiting.length === 0) {
        done.add(stack.pop()!);
        open.delete(node);
        continue;
      }
      open.add(node);
      const next = waiting[0] as T;
      if (open.has(next))
        throw new FormatError(
          `${file}: ${fileNodeLabel(next)} depends on its own output. A model must not have cycles: export it again.`,
        );
      stack.push(next);
    }
  }
  return [...done];
}

function producersOf<T extends Edges>(nodes: readonly T[], known: ReadonlySet<string>, file: string): Map<string, T> {
  const producers = new Map<string, T>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (producers.has(name) || known.has(name))
        throw new FormatError(
          `${file}: tensor "${name}" is produced twice, the second time by ${fileNodeLabel(node)}. The file is damaged: export it again.`,
        );
      producers.set(name, node);
    }
  }
  return producers;
}

function producerOf<T extends Edges>(
  name: string,
  reader: string,
  producers: ReadonlyMap<string, T>,
  known: ReadonlySet<string>,
  file: string,
): T | null {
  const node = producers.get(name);
  if (!node && !known.has(name))
    throw new FormatError(
      `${file}: ${reader} reads tensor "${name}", which nothing produces. The file is damaged: export it again.`,
    );
  return node ?? null;
}
