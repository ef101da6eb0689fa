/** @file The import walk: nodes of a file, producers first, each normalised, folded or typed by shape inference. */
import { Budget } from '../../graph/budget.ts';
import { constantValue, Value, type Attribute } from '../../graph/graph.ts';
import { Builder } from '../../ops/builder.ts';
import { attributesOf, findOp, getOp } from '../../ops/define.ts';
import { isFloat, type DType } from '../../tensor/dtype.ts';
import { float32, int64, type Tensor } from '../../tensor/tensor.ts';
import { FormatError, hasWayOut } from '../error.ts';
import { shapeOf, type Declared, type InputOptions } from '../inputs.ts';
import { controlFlow, isControlFlow } from './control-flow.ts';
import { fileNodeLabel, type Body, type FileNode } from './flatten.ts';
import { Folder } from './fold.ts';

import type { Draft } from './normalize/draft.ts';
import { IDLE_ATTRIBUTES, normalizerOf } from './normalize/table.ts';
import type { TensorProto } from './proto.ts';
import { reopen } from './reopen.ts';
import { refuseAttributeKinds, refuseMissingInputs } from './signature.ts';
import { asFloat32, decodeTensor, type TensorContext } from './tensors.ts';

/** Everything that a graph is built from; edges are names. */
export interface Source {
  /** Producers first. */
  readonly nodes: readonly FileNode[];
  readonly inputs: readonly Declared[];
  readonly outputs: readonly string[];
  readonly weights: ReadonlyMap<string, TensorProto>;
  readonly fixed: ReadonlyMap<string, Tensor>;
  readonly context: TensorContext;
  readonly options: InputOptions;
}

export interface Built {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly notes: readonly string[];
}

/** `symbolic`: the first axis of inputs is N. Throws a FormatError naming file and node. */
export function buildGraph(source: Source, symbolic: boolean): Built {
  return new GraphBuild(source, symbolic).run();
}

/** Most nodes of a graph with its loops written out: loops within loops would otherwise multiply without end. */
const MOST_NODES = 200_000;

/** Values by the names that nodes have for them: the graph's, or those of a body that is being written out. */
interface Scope {
  readonly values: Map<string, Value>;
  readonly weights: ReadonlyMap<string, TensorProto>;
  /** Put behind names, so that the copies of a loop's body can be told apart. */
  readonly suffix: string;
}

const inGraph = (dtype: DType): DType => (isFloat(dtype) ? 'float32' : dtype);

/** Shape inference says what does not fit; for a file there is one way out of that. */
const EXPORT_AGAIN = 'The file is damaged or no valid ONNX: export the model again.';

class GraphBuild {
  readonly #source: Source;
  readonly #symbolic: boolean;
  /** Innermost last. */
  readonly #scopes: Scope[];
  readonly #weights = new Map<TensorProto, Value>();
  #nodes = 0;
  readonly #g = new Builder();
  readonly #folder = new Folder();
  readonly #budget = new Budget();

  constructor(source: Source, symbolic: boolean) {
    this.#source = source;
    this.#symbolic = symbolic;
    this.#scopes = [{ values: new Map(), weights: source.weights, suffix: '' }];
  }

  get #scope(): Scope {
    return this.#scopes[this.#scopes.length - 1];
  }

  run(): Built {
    const { inputs, outputs, nodes, fixed, context, options } = this.#source;
    const notes: string[] = [];
    for (const [name, tensor] of fixed) this.#scope.values.set(name, constantValue(asFloat32(tensor), name));
    const fed = inputs.map(
      (input) =>
        new Value(inGraph(input.dtype), shapeOf(input, this.#symbolic, options, context.file, notes), {
          name: input.name,
        }),
    );
    fed.forEach((v) => this.#scope.values.set(v.name, v));
    for (const node of nodes) this.#located(node, () => this.#add(node));
    return { inputs: fed, outputs: outputs.map((name) => this.#read(name, 'the graph')), notes };
  }

  #located(node: FileNode, add: () => void): void {
    try {
      add();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const where = fileNodeLabel(node);
      const told = `${reason.startsWith(where) ? '' : `${where}: `}${reason}`;
      throw new FormatError(`${this.#source.context.file}: ${told}${hasWayOut(reason) ? '' : ` ${EXPORT_AGAIN}`}`, {
        cause: error,
      });
    }
  }

  #read(name: string, reader: string): Value {
    const found = this.#find(name);
    if (!found)
      throw new FormatError(
        `${this.#source.context.file}: ${reader} reads tensor "${name}", an output of its operator that is not supported. Export the model for inference.`,
      );
    return found;
  }

  /** A body sees what is around it. */
  #find(name: string): Value | null {
    for (const { values, weights } of this.#scopes.toReversed()) {
      const found = values.get(name) ?? this.#weight(weights.get(name), name);
      if (found) return found;
    }
    return null;
  }

  /** Weights are looked at when a node reads them: what nobody reads may be of any type. */
  #weight(proto: TensorProto | undefined, name: string): Value | null {
    if (!proto) return null;
    let value = this.#weights.get(proto);
    if (!value)
      this.#weights.set(proto, (value = constantValue(asFloat32(decodeTensor(proto, this.#source.context)), name)));
    return value;
  }

  #add(node: FileNode): void {
    const inputs = node.inputs.map((name) => (name === '' ? null : this.#read(name, fileNodeLabel(node))));
    refuseAttributeKinds(node.op, node.attrs);
    if (++this.#nodes > MOST_NODES)
      throw new RangeError(
        `with its loops written out the model has more than ${MOST_NODES} nodes. Export it with fewer steps.`,
      );
    const outputs = node.outputs.slice(0, node.outputs.findLastIndex((name) => name !== '') + 1);
    if (node.op === 'Constant' && node.domain === '') {
      this.#scope.values.set(outputs[0], constantValue(constantOf(node.attrs), outputs[0]));
      return;
    }
    const { suffix } = this.#scope;
    const named = suffix ? outputs.map((name) => name && name + suffix) : outputs;
    const results = this.#apply({ ...node, inputs, outputs: named }, node.bodies);
    outputs.forEach((name, i) => name !== '' && results[i] && this.#scope.values.set(name, results[i]));
  }

  /** The nodes of a body in place of the node that holds it. */
  #run(body: Body, inputs: readonly Value[], step?: number): readonly Value[] {
    if (inputs.length !== body.inputs.length)
      throw new RangeError(`its graph takes ${body.inputs.length} inputs and is given ${inputs.length}.`);
    const values = new Map(body.inputs.map((name, i) => [name, inputs[i]]));
    const suffix = step === undefined ? this.#scope.suffix : `${this.#scope.suffix}.${step}`;
    this.#scopes.push({ values, weights: body.weights, suffix });
    try {
      for (const node of body.nodes) this.#located(node, () => this.#add(node));
      return body.outputs.map((name) => this.#read(name, 'a graph within it'));
    } finally {
      this.#scopes.pop();
    }
  }

  #apply(draft: Draft, bodies: FileNode['bodies'] = {}): readonly (Value | null)[] {
    if (isControlFlow(draft.op, draft.domain)) {
      const run = this.#run.bind(this);
      const node = (plain: Draft) => this.#apply(plain) as readonly Value[];
      return controlFlow[draft.op]({ g: this.#g, bodies, run, node }, draft);
    }
    refuseMissingInputs(draft.op, draft.inputs, false);
    const normal = normalizerOf(draft.op, draft.domain)?.(this.#g, draft) ?? draft;
    return 'op' in normal ? this.#node(normal) : normal;
  }

  #node(baked: Draft): readonly Value[] {
    refuseMissingInputs(baked.op, baked.inputs, true);
    const node = reopen(this.#g, baked);
    const { op, domain, name, outputs } = node;
    const attrs = knownAttributes(node);
    const typed = this.#g.applyAll(op, node.inputs, attrs, { name, domain, outputs });
    this.#budget.spend(typed[0].producer!);
    const definition = getOp(op, domain);
    const decoded = attributesOf(definition, typed[0].producer!);
    return typed.map((_, i) => this.#folder.fold(definition, decoded, node.inputs, typed, i));
  }
}

/** The attributes that the operator has at the canonical opset. Throws a RangeError for one that would change its meaning. */
function knownAttributes({ op, domain, attrs }: Draft): Record<string, Attribute> {
  const schema = findOp(op, domain)?.attrs ?? {};
  const unknown = Object.keys(attrs).find((name) => !(name in schema) && !IDLE_ATTRIBUTES.has(name));
  if (unknown) throw new RangeError(`attribute ${unknown} is not supported. Export the model without it.`);
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => name in schema));
}

/** The tensor of a Constant node: one of six attributes holds it. */
function constantOf(attrs: FileNode['attrs']): Tensor {
  const { value, value_float: float, value_floats: floats, value_int: int, value_ints: ints } = attrs;
  if (value !== undefined) return value as Tensor;
  if (typeof float === 'number') return float32([], [float]);
  if (floats !== undefined) return float32([(floats as number[]).length], floats as number[]);
  if (typeof int === 'number') return int64([], [int]);
  if (ints !== undefined) return int64([(ints as number[]).length], ints as number[]);
  if (attrs.value_string !== undefined || attrs.value_strings !== undefined)
    throw new TypeError('a constant text is not supported.');
  throw new TypeError('it has no value. Export the model again.');
}
