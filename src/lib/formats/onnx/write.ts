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
import { bindShape, isBatch } from '../../graph/dim.ts';
import { ONNX_TYPE } from '../../ops/builder.ts';
import { findOp } from '../../ops/define.ts';
import { int64, type Tensor } from '../../tensor/tensor.ts';
import * as proto from './proto.ts';
import { ATTRIBUTE, type AttributeProto, type NodeProto, type TensorProto, type ValueInfoProto } from './proto.ts';
import type { ExternalFile } from '../model.ts';
import { bytesOf } from './tensors.ts';
import { create, encode } from '../protobuf/wire.ts';

export interface WriteOptions {
  /** What the batch axis N is bound to. Default 1. */
  readonly batch?: number;
  /** Weights: `external` (default) refers to the bytes where they lie; `embedded` copies them into one file for download. */
  readonly weights?: 'external' | 'embedded';
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface WrittenModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Files that the model refers to: whole buffers, among them the model file that the weights came from. */
  readonly external: readonly ExternalFile[];
  /** Names in the file, in the order of `graph.inputs` and `graph.outputs`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** IR version that goes with opset 20. */
const IR_VERSION = 9;
/** Constants up to this size are written into the file: shape inference of runtimes reads them there. */
const INLINE_BYTES = 1024;

/** Operators of ONNX that have their meaning in memory from a younger opset than is written: they must be lowered first. */
const TOO_NEW: ReadonlySet<string> = new Set(['Swish', 'GroupNormalization', 'RMSNormalization']);

/**
 * The graph as an ONNX model of opset 20 with fully concrete shapes. Throws an Error naming the operators that a
 * runtime would not know: those have to be lowered first.
 */
export function writeModel(graph: Graph, options: WriteOptions = {}): WrittenModel {
  return new ModelWriter(options).write(graph);
}

class ModelWriter {
  readonly #batch: number;
  readonly #embed: boolean;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #names = new Map<Value, string>();
  readonly #unique = namer();
  readonly #uniqueNode = namer();
  readonly #initializers: TensorProto[] = [];
  readonly #external = new Map<ArrayBufferLike, ExternalFile>();

  constructor({ batch = 1, weights = 'external', metadata = {} }: WriteOptions) {
    this.#batch = batch;
    this.#embed = weights === 'embedded';
    this.#metadata = metadata;
  }

  write(graph: Graph): WrittenModel {
    const order = topologicalOrder(graph.outputs);
    refuseForeign(order);
    const inputs = graph.inputs.map((v) => this.#valueInfo(v, this.#name(v, 'input')));
    // Outputs keep their names: those are taken before anything else is named.
    const copies: NodeProto[] = [];
    const outputs = graph.outputs.map((v) => this.#output(v, copies));
    const nodes = order.map((node) => this.#node(node));
    const model = create(proto.Model, {
      irVersion: IR_VERSION,
      producerName: 'Vitrine',
      opsetImport: this.#opsets(order),
      graph: create(proto.Graph, {
        name: graph.name || 'graph',
        node: [...nodes, ...copies],
        initializer: this.#initializers,
        input: inputs,
        output: outputs,
      }),
      metadataProps: Object.entries(this.#metadata).map(([key, value]) => ({ key, value })),
    });
    return {
      bytes: encode(proto.Model, model),
      external: [...this.#external.values()],
      inputs: inputs.map((v) => v.name),
      outputs: outputs.map((v) => v.name),
    };
  }

  #opsets(order: readonly Node[]): proto.OperatorSetIdProto[] {
    const foreign = new Set(order.map((node) => node.domain).filter(Boolean));
    return [{ domain: '', version: CANONICAL_OPSET }, ...[...foreign].map((domain) => ({ domain, version: 1 }))];
  }

  #name(value: Value, fallback: string): string {
    let name = this.#names.get(value);
    if (name === undefined) this.#names.set(value, (name = this.#unique(value.name || fallback)));
    return name;
  }

  #valueInfo(value: Value, name: string): ValueInfoProto {
    const dim = bindShape(value.shape, this.#batch).map((dimValue) => ({ dimValue, dimParam: '' }));
    return { name, type: { tensorType: { elemType: ONNX_TYPE[value.dtype], shape: { dim } } } };
  }

  /** A graph's output has a name of its own: inputs, constants and values that are an output already are copied. */
  #output(value: Value, copies: NodeProto[]): ValueInfoProto {
    if (value.producer && !this.#names.has(value)) return this.#valueInfo(value, this.#name(value, 'output'));
    const name = this.#unique('output');
    copies.push(create(proto.Node, { opType: 'Identity', input: [this.#reference(value)], output: [name] }));
    return this.#valueInfo(value, name);
  }

  /** The name of a value that is read; constants become initialisers at their first use. */
  #reference(value: Value | null): string {
    if (!value) return '';
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = this.#name(value, value.isConstant ? 'constant' : 'value');
    if (value.constant) this.#initializers.push(this.#tensor(value.constant, name));
    else if (value.dims) this.#initializers.push(this.#tensor(this.#bind(value), name));
    return name;
  }

  #bind(value: Value): Tensor {
    return int64(
      value.shape as readonly number[],
      value.dims!.map((d) => (isBatch(d) ? d.times * this.#batch : d)),
    );
  }

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
    const last = node.inputs.findLastIndex((v) => v !== null);
    return create(proto.Node, {
      opType: node.op,
      domain: node.domain,
      // Copies of a node keep its name in memory; onnxruntime refuses two of one name.
      name: node.name && this.#uniqueNode(node.name),
      input: node.inputs.slice(0, last + 1).map((v) => this.#reference(v)),
      output: node.outputs.map((v) => this.#name(v, 'value')),
      attribute: Object.entries(node.attrs).map(([name, value]) => attribute(name, value, node)),
    });
  }
}

function refuseForeign(order: readonly Node[]): void {
  const foreign = order.filter((node) => node.domain === VITRINE || (node.domain === '' && TOO_NEW.has(node.op)));
  if (foreign.length === 0) return;
  const counts = Map.groupBy(foreign, (node) => node.op);
  const list = [...counts].map(([op, nodes]) => `${op} (×${nodes.length})`).join(', ');
  throw new Error(`internal: ${list} cannot be written at opset ${CANONICAL_OPSET}. Lower the graph first.`);
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The schema says whether 1 is an int or a float. */
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
