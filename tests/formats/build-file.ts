/** ONNX files written by hand for tests. */
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { ATTRIBUTE } from '../../src/lib/formats/onnx/proto.ts';
import { bytesOf } from '../../src/lib/formats/onnx/tensors.ts';
import { create, encode } from '../../src/lib/formats/protobuf/wire.ts';
import { ONNX_TYPE } from '../../src/lib/ops/builder.ts';
import type { Tensor } from '../../src/lib/tensor/tensor.ts';

/** Whole numbers are ints unless wrapped as `{ float: 1 }`; `{ ref }` stands for an attribute of the function around it. */
type Attr =
  | number
  | string
  | readonly number[]
  | Tensor
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly graph: BodySpec }
  | { readonly ref: string };

/** A graph within a node: ONNX's number of the element type of each input and output, and axes of inputs. */
export interface BodySpec {
  readonly nodes: readonly NodeSpec[];
  readonly inputs?: Readonly<Record<string, readonly [type: number, dims: readonly number[]]>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly weights?: Readonly<Record<string, Tensor>>;
}

export interface NodeSpec {
  readonly op: string;
  readonly in?: readonly string[];
  readonly out?: readonly string[];
  readonly attrs?: Readonly<Record<string, Attr>>;
  readonly domain?: string;
  readonly name?: string;
}

export interface FileSpec {
  readonly nodes: readonly NodeSpec[];
  /** Axes by input name; '' is an open axis without a name. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly weights?: Readonly<Record<string, Tensor>>;
  readonly protos?: readonly proto.TensorProto[];
  readonly opset?: number;
  readonly inputType?: number;
  /** ONNX's numbers of the element types of outputs that are no floats. */
  readonly outputTypes?: Readonly<Record<string, number>>;
  readonly functions?: readonly {
    name: string;
    domain: string;
    in: string[];
    out: string[];
    nodes: NodeSpec[];
    attributes?: string[];
    defaults?: Record<string, Attr>;
  }[];
}

export const tensorProto = (name: string, t: Tensor): proto.TensorProto =>
  create(proto.Tensor, { name, dims: [...t.shape], dataType: ONNX_TYPE[t.dtype], rawData: bytesOf(t) });

function attributeProto(name: string, v: Attr): proto.AttributeProto {
  const made = (values: Partial<proto.AttributeProto>) => create(proto.Attribute, { name, ...values });
  if (typeof v === 'string') return made({ type: ATTRIBUTE.string, s: new TextEncoder().encode(v) });
  if (typeof v === 'number')
    return Number.isInteger(v) ? made({ type: ATTRIBUTE.int, i: v }) : made({ type: ATTRIBUTE.float, f: v });
  if ('float' in v) return made({ type: ATTRIBUTE.float, f: v.float });
  if ('floats' in v) return made({ type: ATTRIBUTE.floats, floats: Float32Array.from(v.floats) });
  if ('strings' in v)
    return made({ type: ATTRIBUTE.strings, strings: v.strings.map((text) => new TextEncoder().encode(text)) });
  if ('graph' in v) return made({ type: ATTRIBUTE.graph, g: bodyProto(v.graph) });
  if ('ref' in v) return made({ type: ATTRIBUTE.int, refAttrName: v.ref });
  if ('dtype' in v) return made({ type: ATTRIBUTE.tensor, t: tensorProto('', v) });
  return made({ type: ATTRIBUTE.ints, ints: [...v] });
}

const attributes = (attrs: Readonly<Record<string, Attr>> = {}) =>
  Object.entries(attrs).map(([name, v]) => attributeProto(name, v));

const nodeProto = (n: NodeSpec): proto.NodeProto =>
  create(proto.Node, {
    opType: n.op,
    domain: n.domain ?? '',
    name: n.name ?? '',
    input: [...(n.in ?? ['x'])],
    output: [...(n.out ?? ['y'])],
    attribute: attributes(n.attrs),
  });

const valueInfo = (
  name: string,
  dims: readonly (number | string)[] | null,
  elemType: number,
): proto.ValueInfoProto => ({
  name,
  docString: '',
  type: {
    tensorType: {
      elemType,
      shape: dims && {
        dim: dims.map((d) => ({
          dimValue: typeof d === 'number' ? d : null,
          dimParam: typeof d === 'string' ? d : '',
        })),
      },
    },
  },
});

const bodyProto = (body: BodySpec): proto.GraphProto =>
  create(proto.Graph, {
    name: 'body',
    node: body.nodes.map(nodeProto),
    input: Object.entries(body.inputs ?? {}).map(([name, [type, dims]]) => valueInfo(name, dims, type)),
    output: Object.entries(body.outputs).map(([name, type]) => valueInfo(name, null, type)),
    initializer: Object.entries(body.weights ?? {}).map(([name, t]) => tensorProto(name, t)),
  });

export function onnxFile(spec: FileSpec): Uint8Array<ArrayBuffer> {
  const opset = spec.opset ?? 20;
  const opsetImport = [
    { domain: '', version: opset },
    { domain: 'com.microsoft', version: 1 },
    { domain: 'local', version: 1 },
  ];
  const graph = create(proto.Graph, {
    name: 'test',
    node: spec.nodes.map(nodeProto),
    input: Object.entries(spec.inputs).map(([name, dims]) => valueInfo(name, dims, spec.inputType ?? 1)),
    output: spec.outputs.map((name) => valueInfo(name, null, spec.outputTypes?.[name] ?? 1)),
    initializer: [
      ...Object.entries(spec.weights ?? {}).map(([name, t]) => tensorProto(name, t)),
      ...(spec.protos ?? []),
    ],
  });
  const functions = (spec.functions ?? []).map((f) =>
    create(proto.FunctionType, {
      name: f.name,
      domain: f.domain,
      input: f.in,
      output: f.out,
      node: f.nodes.map(nodeProto),
      attribute: f.attributes ?? [],
      attributeProto: attributes(f.defaults),
      opsetImport: [{ domain: '', version: opset }],
    }),
  );
  return encode(
    proto.Model,
    create(proto.Model, { irVersion: 8, opsetImport, graph, functions, producerName: 'test', producerVersion: '1' }),
  );
}
