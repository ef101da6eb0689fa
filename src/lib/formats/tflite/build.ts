/** @file Operators of a TensorFlow Lite file, in the order of the file, written as a graph. */
import { constantValue, Node, Value } from '../../graph/graph.ts';
import { FoldingBuilder } from '../counting-builder.ts';
import { FormatError, hasWayOut } from '../error.ts';
import { shapeOf, type Declared, type InputOptions } from '../inputs.ts';
import type { ModelFile, Subgraph } from './model-file.ts';
import { clipped, type Site } from './operators/define.ts';
import { operators, type OperatorName } from './operators/table.ts';
import type { OperatorTable, TensorTable } from './schema.ts';
import { constantOf, graphType, rangeOf } from './tensors.ts';

export interface Built {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly notes: readonly string[];
}

export interface Source {
  readonly file: string;
  readonly source: ModelFile;
  readonly inputs: readonly Declared[];
  readonly options: InputOptions;
}

/** The graph for N examples, or for one. Throws a FormatError that names the operator which does not fit. */
export const buildGraph = (source: Source, symbolic: boolean): Built => new GraphBuild(source).run(symbolic);

/** Elements of weights that operators read, for each byte of the file: layers may share weights, but each makes its own copy. */
const WEIGHTS_PER_BYTE = 8;
const FREE_WEIGHTS = 2 ** 20;

const EXPORT_AGAIN = 'The file is damaged or not valid: export the model again.';
/** Operators whose results a quantised range cuts off at 0 where no activation does. */
const CUT_BY_RANGE: ReadonlySet<string> = new Set<OperatorName>([
  'ADD',
  'SUB',
  'MUL',
  'DIV',
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'TRANSPOSE_CONV',
  'FULLY_CONNECTED',
  'BATCH_MATMUL',
]);

/** Graphs that are called, in each other and in all: loops are written out. */
const DEEPEST = 16;
const MOST_CALLS = 4096;

class GraphBuild {
  readonly #source: Source;
  readonly #g = new FoldingBuilder();
  #graph: Subgraph;
  /** Of the tensors of that graph, by number. */
  #values = new Map<number, Value>();
  /** Of the file, for all turns of a loop. */
  readonly #constants = new Map<TensorTable, Value>();
  #weights = 0;
  #calls = 0;
  /** Names of the calls around that graph, each in its own turn. */
  #around: readonly string[] = [];

  constructor(source: Source) {
    this.#source = source;
    this.#graph = source.source.graph;
  }

  run(symbolic: boolean): Built {
    const { inputs } = this.#source;
    const notes: string[] = [];
    const fed = inputs.map((declared, i) => this.#input(declared, this.#graph.inputs[i], symbolic, notes));
    return { inputs: fed, outputs: this.#run(), notes };
  }

  #run(): Value[] {
    this.#graph.operators.forEach((operator) => this.#located(operator, () => this.#add(operator)));
    return this.#graph.outputs.map((i) => this.#value(i, `${this.#source.file}: its output`));
  }

  /** Another graph of the file on the given values. */
  #call(index: number, x: readonly Value[], name: string): readonly Value[] {
    const graph = this.#source.source.graphAt(index);
    if (++this.#calls > MOST_CALLS || this.#around.length >= DEEPEST)
      throw new RangeError(
        `takes more than ${MOST_CALLS} turns, or lies in ${DEEPEST} others. Export the model with fewer.`,
      );
    if (graph.inputs.length !== x.length)
      throw new RangeError(`gives graph ${index} ${x.length} inputs, it has ${graph.inputs.length}.`);
    const [caller, values, around] = [this.#graph, this.#values, this.#around];
    this.#graph = graph;
    this.#values = new Map(graph.inputs.map((tensor, i) => [tensor, x[i]]));
    this.#around = [...around, `${name} (call ${this.#calls})`];
    const outputs = this.#run();
    [this.#graph, this.#values, this.#around] = [caller, values, around];
    return outputs;
  }

  #nameOf = ({ name }: TensorTable): string => [...this.#around, name].join('/');

  #input(declared: Declared, index: number, symbolic: boolean, notes: string[]): Value {
    const { file, options } = this.#source;
    const shape = shapeOf(declared, symbolic, options, file, notes);
    const value = new Value(declared.dtype, shape, { name: declared.name });
    const type = graphType(this.#tensor(index));
    this.#values.set(index, this.#g.cast(value, type));
    return value;
  }

  #tensor = (index: number) => this.#graph.tensors[index];

  #label(operator: OperatorTable): string {
    const name = this.#tensor(operator.outputs[0])?.name;
    return `${this.#source.source.nameOf(operator)}${name ? ` (node "${name}")` : ''}`;
  }

  #located(operator: OperatorTable, add: () => void): void {
    try {
      add();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const told = `${this.#source.file}: ${this.#label(operator)}: ${reason}`;
      throw new FormatError(hasWayOut(reason) ? told : `${told} ${EXPORT_AGAIN}`, { cause: error });
    }
  }

  /** A tensor's value; those of the file are looked at when an operator reads them. */
  #value(index: number, reader: string): Value {
    const tensor = this.#tensor(index);
    const known = this.#values.get(index) ?? this.#constants.get(tensor);
    if (known) return known;
    const data = this.#source.source.dataOf(tensor);
    if (data.length === 0 && tensor.shape.every((d) => d !== 0))
      throw new FormatError(
        `${reader} reads tensor "${tensor.name}", which nothing computes and the file does not hold. Models with state or with their own initialisation are not supported: export it for inference.`,
      );
    const value = constantValue(constantOf(tensor, data), tensor.name);
    this.#constants.set(tensor, value);
    return value;
  }

  #add(operator: OperatorTable): void {
    const { source, file } = this.#source;
    const kind = source.nameOf(operator) as OperatorName;
    const { options, convert } = operators[kind];
    const reader = `${file}: ${this.#label(operator)}`;
    if (operator.outputs.length === 0) return;
    const x = operator.inputs.map((i) => (i === -1 ? null : this.#value(i, reader)));
    this.#spend(x);
    const tensors = operator.outputs.map(this.#tensor);
    const site: Site<Record<string, unknown>> = {
      g: this.#g,
      x,
      options: source.optionsOf(operator, options),
      name: this.#nameOf(tensors[0]),
      shapes: tensors.map(({ shape }) => shape),
      type: graphType(tensors[0]),
      call: (index, given) => this.#call(index, given, tensors[0].name),
    };
    const made = convert(site as never);
    const values = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
    if (values.length < operator.outputs.length)
      throw new RangeError(`it has ${operator.outputs.length} outputs, ${values.length} are computed.`);
    operator.outputs.forEach((index, i) =>
      this.#values.set(index, this.#finished(kind, site.options, values[i], index)),
    );
  }

  #spend(x: readonly (Value | null)[]): void {
    this.#weights += x.reduce((n, v) => n + (v?.constant?.data.length ?? 0), 0);
    const most = WEIGHTS_PER_BYTE * this.#source.source.bytes + FREE_WEIGHTS;
    if (this.#weights > most)
      throw new RangeError(
        `with it ${this.#weights} weights are read, a file of ${this.#source.source.bytes} bytes has ${most} at most.`,
      );
  }

  /** Under the layer's name, and within the range that a quantised layer can say. */
  #finished(kind: OperatorName, options: Record<string, unknown>, value: Value, index: number): Value {
    const tensor = this.#tensor(index);
    const range = CUT_BY_RANGE.has(kind) && !options.activation ? rangeOf(tensor) : null;
    const cut = range?.startsAtZero ? clipped(this.#g, value, range.low, range.high) : value;
    return named(cut, this.#nameOf(tensor));
  }
}

/** The value under a name, where it is a result that has none. */
function named(value: Value, name: string): Value {
  const { producer } = value;
  if (!producer || value.name || !name || producer.outputs.length > 1) return value;
  return new Node(
    producer.op,
    producer.inputs,
    producer.attrs,
    [{ dtype: value.dtype, shape: value.shape, name }],
    producer,
  ).outputs[0];
}
