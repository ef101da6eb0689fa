/** @file The import walk: nodes, producers first, each written with ONNX's operators by its row of the table. */
import { constantValue, Value } from '../../graph/graph.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { FormatError, hasWayOut } from '../error.ts';
import { shapeOf, type Declared, type InputOptions } from '../inputs.ts';
import { Attributes } from './attributes.ts';
import type { Constants } from './constants.ts';
import type { FlatNode } from './flatten.ts';
import { Maker } from './maker.ts';
import { rowOf } from './ops/table.ts';
import { inGraph } from './tensors.ts';

/** A node whose edges are final, with as many outputs as are read. */
export interface SortedNode extends FlatNode {
  readonly outputs: readonly string[];
}

export interface Source {
  readonly file: string;
  /** Producers first. */
  readonly nodes: readonly SortedNode[];
  readonly inputs: readonly Declared[];
  readonly outputs: readonly string[];
  readonly constants: Constants;
  readonly options: InputOptions;
}

export interface Built {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly notes: readonly string[];
}

/** How errors name a node of the file. */
export const nodeOf = ({ op, name }: FlatNode): string => `${op} (node "${name.slice(0, 200)}")`;

/** `symbolic`: the first axis of inputs is N. Throws a FormatError naming file and node. */
export function buildGraph(source: Source, symbolic: boolean): Built {
  return new GraphBuild(source, symbolic).run();
}

/** Shape inference says what does not fit; for a file there is one way out of that. */
const EXPORT_AGAIN = 'The file is damaged or no valid model: export it again.';

/** ONNX's operator, which the node of the file was being written as. */
const INNER = /^\w+( \(node "[^"]*"\))?: /;

class GraphBuild {
  readonly #source: Source;
  readonly #symbolic: boolean;
  readonly #values = new Map<string, Value>();
  readonly #wide = new Map<Value, Value>();
  readonly #notes = new Set<string>();
  readonly #g = new Maker();

  constructor(source: Source, symbolic: boolean) {
    this.#source = source;
    this.#symbolic = symbolic;
  }

  run(): Built {
    const { inputs, outputs, nodes, options, file } = this.#source;
    const notes: string[] = [];
    const fed = inputs.map((input) => {
      const dtype = isFloat(input.dtype) ? 'float32' : input.dtype;
      return new Value(dtype, shapeOf(input, this.#symbolic, options, file, notes), { name: input.name });
    });
    fed.forEach((v) => this.#values.set(v.name, v));
    for (const node of nodes) if (!this.#values.has(node.name)) this.#located(node, () => this.#add(node));
    return {
      inputs: fed,
      outputs: outputs.map((name) => this.#read(name, 'the graph')),
      notes: [...notes, ...this.#notes],
    };
  }

  #located(node: FlatNode, add: () => void): void {
    try {
      add();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const reason = (error instanceof Error ? error.message : String(error)).replace(INNER, '');
      throw new FormatError(
        `${this.#source.file}: ${nodeOf(node)}: ${reason}${hasWayOut(reason) ? '' : ` ${EXPORT_AGAIN}`}`,
        { cause: error },
      );
    }
  }

  #read(tensor: string, reader: string): Value {
    const found = this.#values.get(tensor);
    if (!found)
      throw new FormatError(
        `${this.#source.file}: ${reader} reads tensor "${tensor}", an output of its operator that is not supported. Export the model for inference.`,
      );
    return found;
  }

  #add(node: SortedNode): void {
    if (node.op === 'Const') {
      this.#values.set(node.name, constantValue(this.#source.constants.of(node), node.name));
      return;
    }
    const { least, build } = rowOf(node.op)!;
    const fed = node.inputs.map((tensor) => this.#read(tensor, nodeOf(node)));
    if (fed.length < least)
      throw new RangeError(`it needs ${least} input${least === 1 ? '' : 's'}, the file gives ${fed.length}.`);
    const made = build({
      g: this.#g,
      name: node.name,
      fed,
      x: fed.map((v) => this.#widened(v)),
      attrs: new Attributes(node.attrs),
      note: (sentence) => this.#notes.add(sentence),
    });
    const results = made instanceof Value ? [made] : made;
    node.outputs.forEach((tensor, i) => {
      if (results[i])
        this.#values.set(tensor, fed.includes(results[i]) ? results[i] : this.#g.named(results[i], tensor));
    });
  }

  /** Whole numbers that are fed come in their own type; inside they are of one. */
  #widened(value: Value): Value {
    if (value.dtype === inGraph(value.dtype)) return value;
    const known = this.#wide.get(value) ?? this.#g.cast(value, inGraph(value.dtype));
    this.#wide.set(value, known);
    return known;
  }
}
