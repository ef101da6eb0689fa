/** @file An operator is one object; each transformation of a graph reads one property of it. */
import { TFJS, VITRINE, type Node, type OutputType, type Value } from '../graph/graph.ts';
import type { Dim, Shape } from '../graph/dim.ts';
import { decodeAttributes, type AttributeSchema, type Decoded } from './attributes.ts';
import type { Builder } from './builder.ts';
import type { Run } from './tensorflow.ts';

/** What shape inference sees: the operator's inputs (null where an optional one is left out) and its attributes. */
export interface InferSite<A> {
  readonly x: readonly Value[];
  readonly attrs: A;
  /** How errors name the node. */
  readonly where: string;
  /** How many outputs the node has in its file. */
  readonly outputCount: number;
}

/** Where a backward rule is applied: a node, what flows into its outputs, and its values on the reference input. */
export interface Site<A> {
  readonly node: Node;
  /** Inputs. An optional input that is left out is null or missing: test before use. */
  readonly x: readonly Value[];
  readonly y: readonly Value[];
  /** What flows back into each output; zeros where nothing does. */
  readonly dy: readonly Value[];
  /** x and y on the DeepLIFT reference input x′; x and y themselves under other rules. */
  readonly xRef: readonly Value[];
  readonly yRef: readonly Value[];
  readonly attrs: A;
  /** Whether anything has to flow into input `i`; what is built for another input is thrown away. */
  readonly wants: (i: number) => boolean;
}

/**
 * From what flows into a node's outputs, build what flows out of its inputs. null: nothing flows into that input,
 * which is right for indices and other integers only. An entry that is missing is an error when the input is wanted.
 * The walk sums over broadcast axes, so a rule may return the broadcast shape.
 */
export type BackwardRule<A> = (g: Builder, site: Site<A>) => readonly (Value | null | undefined)[];

/** What LRP's composites tell apart. */
export type LayerKind = 'convolution' | 'dense';

/** Whole-number vectors known at load time, with axis lengths that may be the batch axis: what shape arithmetic computes. */
export interface KnownVector {
  readonly shape: readonly number[];
  readonly dims: readonly Dim[];
}

/** One of several outputs of an operator, by its place among their shapes. */
export interface FoldedOutput {
  readonly index: number;
  readonly shapes: readonly Shape[];
}

/** Everything Vitrine knows about one operator. */
export interface Op<A> {
  readonly type: string;
  readonly domain: string;
  /** One sentence or the formula. */
  readonly doc: string;
  readonly attrs: AttributeSchema;
  /** Types and shapes of the outputs. Throws a RangeError naming both values where the inputs do not fit. */
  infer(site: InferSite<A>): readonly OutputType[];
  /** The operator by TensorFlow.js; missing where that runtime lacks it or where lowering writes it with others. */
  readonly run?: Run<A>;
  /** Chain rule: ∂F/∂y → ∂F/∂x. */
  readonly gradient?: BackwardRule<A>;
  /** DeepLIFT: multiplier m(Δy) → m(Δx), with Σ m(Δx)·Δx = Σ m(Δy)·Δy. */
  readonly deeplift?: BackwardRule<A>;
  /** LRP: relevance R(y) → R(x). Of a layer of weights the rule that stands where nothing chooses another. */
  readonly relevance?: BackwardRule<A>;
  /** A layer of weights: linear in input 0, or 1, under the other as weights. LRP runs it again under changed weights. */
  readonly layer?: LayerKind;
  /**
   * The operator on small whole-number tensors: exporters' shape arithmetic, computed at load. null: not known.
   * `output` says which of several outputs is asked for.
   */
  fold?(
    x: readonly (KnownVector | null)[],
    attrs: A,
    inputs: readonly Value[],
    output?: FoldedOutput,
  ): KnownVector | null;
  /** Multiply-adds for one example. */
  flops?(x: readonly Value[], y: readonly Value[], attrs: A): number;
}

// The one `any` of the library: a registry of operators that differ in their attribute type.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyOp = Op<any>;

const registry = new Map<string, AnyOp>();

/** How tables name an operator: `Conv`, `vitrine.RoundClip`. */
export const operatorKey = (type: string, domain: string): string => (domain ? `${domain}.${type}` : type);

type Definition<S extends AttributeSchema> = Omit<Op<Decoded<S>>, 'type' | 'domain' | 'attrs'> & {
  readonly attrs?: S;
  readonly domain?: string;
};

/** Registers an operator. `type` is ONNX's name for it. */
export function defineOp<const S extends AttributeSchema = Record<never, never>>(
  type: string,
  definition: Definition<S>,
): Op<Decoded<S>> {
  const op = { attrs: {} as S, domain: '', ...definition, type };
  if (registry.has(operatorKey(type, op.domain)))
    throw new Error(`internal: ${operatorKey(type, op.domain)} is defined twice.`);
  registry.set(operatorKey(type, op.domain), op);
  return op;
}

/** The definition of a node's operator, or undefined when Vitrine does not know it. */
export const findOp = (type: string, domain = ''): AnyOp | undefined => registry.get(operatorKey(type, domain));

/** The definition of an operator that must exist. Throws an Error naming the ones that do. */
export function getOp(type: string, domain = ''): AnyOp {
  const op = findOp(type, domain);
  if (!op) throw new Error(`${operatorKey(type, domain)}: no such operator. docs/ops.md lists the supported ones.`);
  return op;
}

/** Every operator that a graph may have before it is lowered, sorted by name; those of our own domain last. */
export const allOps = (): AnyOp[] =>
  [...registry.values()]
    .filter((op) => op.domain !== TFJS)
    .sort((a, b) => Number(a.domain === VITRINE) - Number(b.domain === VITRINE) || (a.type < b.type ? -1 : 1));

const decodedAttributes = new WeakMap<Node, unknown>();

/** A node's attributes by its operator's schema, decoded once. */
export function attributesOf<A>(op: Op<A>, node: Node): A {
  let attrs = decodedAttributes.get(node);
  if (!attrs) decodedAttributes.set(node, (attrs = decodeAttributes(op.attrs, node)));
  return attrs as A;
}
