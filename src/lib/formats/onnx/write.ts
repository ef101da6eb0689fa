/** @file Graph → ONNX file. Weights are referred to where they lie, so a file that explains a model is tens of kilobytes. */
import {
  CANONICAL_OPSET,
  VITRINE,
  topologicalOrder,
  type Attribute,
  type Graph,
  type Node,
  type Value,
} from '../../graph/graph.ts';
import { isRepeat } from '../../graph/repeat.ts';
import { bindShape, isBatch, type Dim } from '../../graph/dim.ts';
import { ONNX_TYPE } from '../../ops/builder.ts';
import { findOp } from '../../ops/define.ts';
import { int64, type Tensor } from '../../tensor/tensor.ts';
import * as proto from './proto.ts';
import { ATTRIBUTE, type AttributeProto, type NodeProto, type TensorProto, type ValueInfoProto } from './proto.ts';
import type { ExternalFile } from '../model.ts';
import { inOpset17 } from './opset17.ts';
import { ShapeVectors } from './shape-vectors.ts';
import { bytesOf } from './tensors.ts';
import { create, encode } from '../protobuf/wire.ts';

export interface WriteOptions {
  /** What the batch axis N is bound to, or `any`: it is read from the first input that has one. Default 1. */
  readonly batch?: number | 'any';
  /** Default 20. Opset 17 is for other programs: Repeat becomes Scan there. */
  readonly opset?: 17 | typeof CANONICAL_OPSET;
  /** Weights: `external` (default) refers to the bytes where they lie; `embedded` copies them into one file for download. */
  readonly weights?: 'external' | 'embedded';
  readonly metadata?: Readonly<Record<string, string>>;
  readonly producerVersion?: string;
  /** What the model is, for people. */
  readonly doc?: string;
  /** What inputs and outputs are. */
  readonly docs?: ReadonlyMap<Value, string>;
  /** Of the outputs, in their order; by default those that they have in the source file. */
  readonly outputNames?: readonly string[];
  /** What inputs are where nobody feeds them. */
  readonly defaults?: ReadonlyMap<Value, Tensor>;
}

export interface WrittenModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Files that the model refers to: whole buffers, among them the model file that the weights came from. */
  readonly external: readonly ExternalFile[];
  /** Names in the file, in the order of `graph.inputs` and `graph.outputs`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const IR_VERSION = { 17: 8, 20: 9 } as const;
/** Constants up to this size are written into the file: shape inference of runtimes reads them there. */
const INLINE_BYTES = 1024;

/** Operators of ONNX that have their meaning in memory from a younger opset than is written: they must be lowered first. */
const TOO_NEW: ReadonlySet<string> = new Set(['Swish', 'GroupNormalization', 'RMSNormalization']);

/**
 * The graph as an ONNX model, by default of opset 20 with fully concrete shapes. Throws an Error naming the operators that a
 * runtime would not know: those have to be lowered first.
 */
export function writeModel(graph: Graph, options: WriteOptions = {}): WrittenModel {
  return new ModelWriter(options).write(graph);
}

class ModelWriter {
  readonly #options: WriteOptions;
  /** null: any. */
  readonly #batch: number | null;
  readonly #opset: 17 | typeof CANONICAL_OPSET;
  readonly #embed: boolean;
  readonly #names = new Map<Value, string>();
  readonly #unique = namer();
  readonly #uniqueNode = namer();
  readonly #initializers: TensorProto[] = [];
  readonly #external = new Map<ArrayBufferLike, ExternalFile>();

  #shapes: ShapeVectors | null = null;

  constructor(options: WriteOptions) {
    const { batch = 1, weights = 'external', opset = CANONICAL_OPSET } = options;
    this.#options = options;
    this.#batch = batch === 'any' ? null : batch;
    this.#opset = opset;
    this.#embed = weights === 'embedded';
  }

  write(graph: Graph): WrittenModel {
    const { doc = '', defaults = new Map<Value, Tensor>(), metadata = {}, producerVersion = '' } = this.#options;
    const order = topologicalOrder(graph.outputs);
    const { input, output, node } = this.#parts(graph, order, {
      names: this.#options.outputNames,
      inputsNamed: () => this.#measureBatch(graph),
    });
    for (const [value, tensor] of defaults) this.#initializers.push(this.#tensor(tensor, this.#names.get(value)!));
    const model = create(proto.Model, {
      irVersion: IR_VERSION[this.#opset],
      producerName: 'Vitrine',
      producerVersion,
      docString: doc,
      opsetImport: this.#opsets(order),
      graph: create(proto.Graph, {
        name: graph.name || 'graph',
        node: [...(this.#shapes?.nodes ?? []), ...node],
        initializer: this.#initializers,
        input,
        output,
      }),
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    return {
      bytes: encode(proto.Model, model),
      external: [...this.#external.values()],
      inputs: input.map((v) => v.name),
      outputs: output.map((v) => v.name),
    };
  }

  #parts(
    graph: Graph,
    order: readonly Node[],
    { names = [], inputsNamed }: { names?: readonly string[] | undefined; inputsNamed?: () => void } = {},
  ) {
    refuseForeign(order, this.#opset);
    const input = graph.inputs.map((v) => this.#valueInfo(v, this.#name(v, 'input')));
    inputsNamed?.();
    // Outputs keep their names: those are taken before anything else is named.
    const copies: NodeProto[] = [];
    const output = graph.outputs.map((v, i) => this.#output(v, copies, names[i]));
    const node = order.map((n) => (isRepeat(n) ? this.#scan(n) : this.#node(n)));
    return { input, output, node: [...node, ...copies] };
  }

  #measureBatch({ inputs }: Graph): void {
    if (this.#batch !== null) return;
    const measured = inputs.find(({ shape }) => shape.length > 0 && isBatch(shape[0]) && shape[0].times === 1);
    const add = (values: readonly number[], wanted: string) => {
      const name = this.#unique(wanted);
      this.#initializers.push(this.#tensor(int64([values.length], values), name));
      return name;
    };
    if (measured) this.#shapes = new ShapeVectors(this.#names.get(measured)!, this.#unique, add);
  }

  #opsets(order: readonly Node[]): proto.OperatorSetIdProto[] {
    const foreign = new Set(order.map((node) => node.domain).filter((domain) => domain && domain !== VITRINE));
    return [{ domain: '', version: this.#opset }, ...[...foreign].map((domain) => ({ domain, version: 1 }))];
  }

  #name(value: Value, fallback: string): string {
    let name = this.#names.get(value);
    if (name === undefined) this.#names.set(value, (name = this.#unique(value.name || fallback)));
    return name;
  }

  #valueInfo(value: Value, name: string): ValueInfoProto {
    const dim = value.shape.map((d) =>
      isBatch(d) && this.#batch === null
        ? { dimValue: null, dimParam: String(d) }
        : { dimValue: bindShape([d], this.#batch ?? 1)[0], dimParam: '' },
    );
    const type = { tensorType: { elemType: ONNX_TYPE[value.dtype], shape: { dim } } };
    return { name, type, docString: this.#options.docs?.get(value) ?? '' };
  }

  /** A graph's output has a name of its own: inputs, constants and values that are an output already are copied. */
  #output(value: Value, copies: NodeProto[], wanted?: string): ValueInfoProto {
    if (value.producer && !this.#names.has(value)) {
      this.#names.set(value, this.#unique(wanted ?? (value.name || 'output')));
      return this.#valueInfo(value, this.#names.get(value)!);
    }
    const name = this.#unique(wanted ?? 'output');
    copies.push(create(proto.Node, { opType: 'Identity', input: [this.#reference(value)], output: [name] }));
    return this.#valueInfo(value, name);
  }

  /** The name of a value that is read; constants become initialisers at their first use. */
  #reference(value: Value | null): string {
    if (!value) return '';
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if (this.#shapes && value.dims?.some(isBatch)) {
      const vector = this.#shapes.nameOf(value.dims);
      this.#names.set(value, vector);
      return vector;
    }
    const name = this.#name(value, value.isConstant ? 'constant' : 'value');
    if (value.constant) this.#initializers.push(this.#tensor(value.constant, name));
    else if (value.dims)
      this.#initializers.push(this.#tensor(int64([value.dims.length], this.#bind(value.dims)), name));
    return name;
  }

  #bind = (dims: readonly Dim[]): number[] => bindShape(dims, this.#batch ?? 1);

  #tensor(tensor: Tensor, name: string): TensorProto {
    const bytes = bytesOf(tensor);
    const made = create(proto.Tensor, { name, dims: [...tensor.shape], dataType: ONNX_TYPE[tensor.dtype] });
    if (this.#embed || bytes.length <= INLINE_BYTES) return { ...made, rawData: bytes };
    const entries = { location: this.#file(bytes).path, offset: bytes.byteOffset, length: bytes.length };
    return {
      ...made,
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value: String(value) })),
    };
  }

  #file({ buffer }: Uint8Array): ExternalFile {
    let file = this.#external.get(buffer);
    if (!file)
      this.#external.set(buffer, (file = { path: `weights${this.#external.size}`, data: new Uint8Array(buffer) }));
    return file;
  }

  #node(node: Node): NodeProto {
    const { inputs, attrs } = this.#opset === 17 && node.domain === '' ? inOpset17(node) : node;
    const last = inputs.findLastIndex((v) => v !== null);
    return create(proto.Node, {
      opType: node.op,
      domain: node.domain,
      // Copies of a node keep its name in memory; onnxruntime refuses two of one name.
      name: node.name && this.#uniqueNode(node.name),
      input: inputs.slice(0, last + 1).map((v, i) => this.#read(node, i, v)),
      output: node.outputs.map((v) => this.#name(v, 'value')),
      attribute: Object.entries(attrs).map(([name, value]) => attribute(name, value, node)),
    });
  }

  /** Reshape works a length out by itself, so that only shapes of other operators are put together while it runs. */
  #read(node: Node, index: number, value: Value | null): string {
    const dims = node.op === 'Reshape' && index === 1 && this.#shapes ? value?.dims : null;
    const open = dims?.filter(isBatch).length === 1 && dims.every((d) => isBatch(d) || d > 0);
    return open ? this.#shapes!.open(dims!) : this.#reference(value);
  }

  /** What a body reads of the graph around it, it reads by that graph's names. */
  #scan(node: Node): NodeProto {
    const [states, rows] = [Number(node.attrs.states), Number(node.attrs.rows)];
    const input = node.inputs.slice(0, states + rows).map((v) => this.#reference(v));
    const { name, inputs, outputs } = node.body!;
    const own = inputs.slice(0, states + rows);
    inputs.slice(own.length).forEach((v, i) => this.#names.set(v, this.#reference(node.inputs[own.length + i])));
    const body = this.#parts({ name, inputs: own, outputs }, topologicalOrder(outputs));
    return create(proto.Node, {
      opType: 'Scan',
      input,
      output: node.outputs.map((v) => this.#name(v, 'state')),
      attribute: [
        create(proto.Attribute, { name: 'num_scan_inputs', type: ATTRIBUTE.int, i: rows }),
        create(proto.Attribute, { name: 'body', type: ATTRIBUTE.graph, g: create(proto.Graph, { name, ...body }) }),
      ],
    });
  }
}

function refuseForeign(order: readonly Node[], opset: number): void {
  const foreign = order.filter(
    (node) =>
      (node.domain === VITRINE && !(opset === 17 && isRepeat(node))) || (node.domain === '' && TOO_NEW.has(node.op)),
  );
  if (foreign.length === 0) return;
  const counts = Map.groupBy(foreign, (node) => node.op);
  const list = [...counts].map(([op, nodes]) => `${op} (×${nodes.length})`).join(', ');
  throw new Error(`internal: ${list} cannot be written at opset ${opset}. Lower the graph first.`);
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Gives each name once: the wanted one, or it with a number behind. */
function namer(): (wanted: string) => string {
  const next = new Map<string, number>();
  return (wanted) => {
    let i = next.get(wanted) ?? 0;
    let name = i === 0 ? wanted : `${wanted}_${i}`;
    while (i > 0 && next.has(name)) name = `${wanted}_${++i}`;
    next.set(wanted, i + 1);
    if (name !== wanted) next.set(name, 1);
    return name;
  };
}

/** The schema says whether 1 is an int or a float. */
function attribute(name: string, value: Attribute, node: Node): AttributeProto {
  const kind = findOp(node.op, node.domain)?.attrs[name]?.kind;
  const field = (values: Partial<AttributeProto>) => create(proto.Attribute, { name, ...values });
  if (typeof value === 'string') return field({ type: ATTRIBUTE.string, s: utf8(value) });
  if (typeof value === 'number') {
    const whole = kind ? kind === 'int' : Number.isInteger(value);
    return whole ? field({ type: ATTRIBUTE.int, i: value }) : field({ type: ATTRIBUTE.float, f: value });
  }
  if ('dtype' in value) {
    return field({
      type: ATTRIBUTE.tensor,
      t: create(proto.Tensor, { dims: [...value.shape], dataType: ONNX_TYPE[value.dtype], rawData: bytesOf(value) }),
    });
  }
  if (value.some((v) => typeof v === 'string'))
    return field({ type: ATTRIBUTE.strings, strings: (value as readonly string[]).map(utf8) });
  if (kind === 'floats')
    return field({ type: ATTRIBUTE.floats, floats: Float32Array.from(value as readonly number[]) });
  return field({ type: ATTRIBUTE.ints, ints: [...(value as readonly number[])] });
}
