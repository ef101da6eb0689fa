/** @file The messages of onnx.proto that models consist of: their fields, numbers and wire types. */
import { message, type Message } from '../protobuf/wire.ts';

/** AttributeProto.AttributeType */
export const ATTRIBUTE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
} as const;

export interface StringStringEntryProto {
  key: string;
  value: string;
}

export interface TensorProto {
  dims: number[];
  dataType: number;
  name: string;
  /** A view on the file's bytes, as are the other `Uint8Array`s. null where the field is absent. */
  rawData: Uint8Array | null;
  floatData: Float32Array;
  int32Data: number[];
  int64Data: bigint[];
  doubleData: Float64Array;
  uint64Data: bigint[];
  stringData: Uint8Array[];
  externalData: StringStringEntryProto[];
  /** 1: the data lie in another file. */
  dataLocation: number;
}

export interface SparseTensorProto {
  values: TensorProto | null;
}

export interface DimensionProto {
  dimValue: number | null;
  dimParam: string;
}

export interface ShapeProto {
  dim: DimensionProto[];
}

export interface TensorTypeProto {
  elemType: number;
  shape: ShapeProto | null;
}

export interface TypeProto {
  tensorType: TensorTypeProto | null;
}

export interface ValueInfoProto {
  name: string;
  type: TypeProto | null;
  docString: string;
}

export interface AttributeProto {
  name: string;
  refAttrName: string;
  type: number;
  f: number;
  i: number;
  s: Uint8Array | null;
  t: TensorProto | null;
  g: GraphProto | null;
  floats: Float32Array;
  ints: number[];
  strings: Uint8Array[];
}

export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  domain: string;
  overload: string;
  attribute: AttributeProto[];
}

export interface GraphProto {
  node: NodeProto[];
  name: string;
  initializer: TensorProto[];
  sparseInitializer: SparseTensorProto[];
  docString: string;
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
}

export interface OperatorSetIdProto {
  domain: string;
  version: number;
}

export interface FunctionProto {
  name: string;
  input: string[];
  output: string[];
  /** Names of attributes without a default. */
  attribute: string[];
  node: NodeProto[];
  opsetImport: OperatorSetIdProto[];
  domain: string;
  /** Attributes with a default. */
  attributeProto: AttributeProto[];
  overload: string;
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: number;
  docString: string;
  graph: GraphProto | null;
  opsetImport: OperatorSetIdProto[];
  metadataProps: StringStringEntryProto[];
  functions: FunctionProto[];
}

export const StringStringEntry: Message<StringStringEntryProto> = message<StringStringEntryProto>(
  'StringStringEntryProto',
  {
    key: [1, 'string'],
    value: [2, 'string'],
  },
);

export const Tensor: Message<TensorProto> = message<TensorProto>('TensorProto', {
  dims: [1, 'ints'],
  dataType: [2, 'int'],
  floatData: [4, 'floats'],
  int32Data: [5, 'ints'],
  stringData: [6, 'bytesList'],
  int64Data: [7, 'int64s'],
  name: [8, 'string'],
  rawData: [9, 'bytes'],
  doubleData: [10, 'doubles'],
  uint64Data: [11, 'uint64s'],
  externalData: [13, 'messages', () => StringStringEntry],
  dataLocation: [14, 'int'],
});

const SparseTensor: Message<SparseTensorProto> = message<SparseTensorProto>('SparseTensorProto', {
  values: [1, 'message', () => Tensor],
});

const Dimension: Message<DimensionProto> = message<DimensionProto>('TensorShapeProto.Dimension', {
  dimValue: [1, 'optionalInt'],
  dimParam: [2, 'string'],
});

const Shape: Message<ShapeProto> = message<ShapeProto>('TensorShapeProto', { dim: [1, 'messages', () => Dimension] });

const TensorType: Message<TensorTypeProto> = message<TensorTypeProto>('TypeProto.Tensor', {
  elemType: [1, 'int'],
  shape: [2, 'message', () => Shape],
});

const Type: Message<TypeProto> = message<TypeProto>('TypeProto', { tensorType: [1, 'message', () => TensorType] });

export const ValueInfo: Message<ValueInfoProto> = message<ValueInfoProto>('ValueInfoProto', {
  name: [1, 'string'],
  type: [2, 'message', () => Type],
  docString: [3, 'string'],
});

export const Attribute: Message<AttributeProto> = message<AttributeProto>('AttributeProto', {
  name: [1, 'string'],
  f: [2, 'float'],
  i: [3, 'int'],
  s: [4, 'bytes'],
  t: [5, 'message', () => Tensor],
  g: [6, 'message', () => Graph],
  floats: [7, 'floats'],
  ints: [8, 'ints'],
  strings: [9, 'bytesList'],
  type: [20, 'int'],
  refAttrName: [21, 'string'],
});

export const Node: Message<NodeProto> = message<NodeProto>('NodeProto', {
  input: [1, 'strings'],
  output: [2, 'strings'],
  name: [3, 'string'],
  opType: [4, 'string'],
  attribute: [5, 'messages', () => Attribute],
  domain: [7, 'string'],
  overload: [8, 'string'],
});

export const Graph: Message<GraphProto> = message<GraphProto>('GraphProto', {
  node: [1, 'messages', () => Node],
  name: [2, 'string'],
  initializer: [5, 'messages', () => Tensor],
  docString: [10, 'string'],
  input: [11, 'messages', () => ValueInfo],
  output: [12, 'messages', () => ValueInfo],
  valueInfo: [13, 'messages', () => ValueInfo],
  sparseInitializer: [15, 'messages', () => SparseTensor],
});

const OperatorSetId: Message<OperatorSetIdProto> = message<OperatorSetIdProto>('OperatorSetIdProto', {
  domain: [1, 'string'],
  version: [2, 'int'],
});

export const FunctionType: Message<FunctionProto> = message<FunctionProto>('FunctionProto', {
  name: [1, 'string'],
  input: [4, 'strings'],
  output: [5, 'strings'],
  attribute: [6, 'strings'],
  node: [7, 'messages', () => Node],
  opsetImport: [9, 'messages', () => OperatorSetId],
  domain: [10, 'string'],
  attributeProto: [11, 'messages', () => Attribute],
  overload: [13, 'string'],
});

export const Model: Message<ModelProto> = message<ModelProto>('ModelProto', {
  irVersion: [1, 'int'],
  producerName: [2, 'string'],
  producerVersion: [3, 'string'],
  domain: [4, 'string'],
  modelVersion: [5, 'int'],
  docString: [6, 'string'],
  graph: [7, 'message', () => Graph],
  opsetImport: [8, 'messages', () => OperatorSetId],
  metadataProps: [14, 'messages', () => StringStringEntry],
  functions: [25, 'messages', () => FunctionType],
});
