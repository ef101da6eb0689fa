/** @file The messages of TensorFlow's graph.proto, function.proto and saved_model.proto that models consist of. */
import { message, type Message } from '../protobuf/wire.ts';

export interface DimensionProto {
  size: number;
}

export interface ShapeProto {
  dim: DimensionProto[];
  unknownRank: number;
}

export interface TensorProto {
  dtype: number;
  tensorShape: ShapeProto | null;
  tensorContent: Uint8Array | null;
  halfVal: number[];
  floatVal: Float32Array;
  doubleVal: Float64Array;
  intVal: number[];
  stringVal: Uint8Array[];
  int64Val: bigint[];
  boolVal: number[];
  uint32Val: number[];
  uint64Val: bigint[];
}

export interface ListValue {
  s: Uint8Array[];
  i: number[];
  f: Float32Array;
  b: number[];
  type: number[];
  shape: ShapeProto[];
}

export interface FunctionName {
  name: string;
  attr: AttrEntry[];
}

/** One of these fields is set; `placeholder` names an attribute of the function around the node. */
export interface AttrValue {
  list: ListValue | null;
  s: Uint8Array | null;
  i: number | null;
  f: number;
  b: number | null;
  type: number | null;
  shape: ShapeProto | null;
  tensor: TensorProto | null;
  placeholder: string;
  func: FunctionName | null;
}

export interface AttrEntry {
  key: string;
  value: AttrValue | null;
}

export interface NodeDef {
  name: string;
  op: string;
  input: string[];
  attr: AttrEntry[];
}

export interface ArgDef {
  name: string;
}

export interface OpDef {
  name: string;
  inputArg: ArgDef[];
  outputArg: ArgDef[];
}

export interface TextEntry {
  key: string;
  value: string;
}

export interface FunctionDef {
  signature: OpDef | null;
  nodeDef: NodeDef[];
  ret: TextEntry[];
}

export interface FunctionLibrary {
  function: FunctionDef[];
}

export interface Versions {
  producer: number;
  minConsumer: number;
}

export interface GraphDef {
  node: NodeDef[];
  library: FunctionLibrary | null;
  versions: Versions | null;
}

export interface TensorInfo {
  name: string;
  dtype: number;
  tensorShape: ShapeProto | null;
}

export interface TensorInfoEntry {
  key: string;
  value: TensorInfo | null;
}

export interface SignatureDef {
  inputs: TensorInfoEntry[];
  outputs: TensorInfoEntry[];
  methodName: string;
}

export interface SignatureEntry {
  key: string;
  value: SignatureDef | null;
}

export interface MetaInfo {
  tags: string[];
  tensorflowVersion: string;
}

export interface MetaGraph {
  metaInfoDef: MetaInfo | null;
  graphDef: GraphDef | null;
  signatureDef: SignatureEntry[];
}

export interface SavedModel {
  savedModelSchemaVersion: number;
  metaGraphs: MetaGraph[];
}

const Dimension: Message<DimensionProto> = message<DimensionProto>('TensorShapeProto.Dim', { size: [1, 'int'] });

export const Shape: Message<ShapeProto> = message<ShapeProto>('TensorShapeProto', {
  dim: [2, 'messages', () => Dimension],
  unknownRank: [3, 'int'],
});

export const Tensor: Message<TensorProto> = message<TensorProto>('TensorProto', {
  dtype: [1, 'int'],
  tensorShape: [2, 'message', () => Shape],
  tensorContent: [4, 'bytes'],
  floatVal: [5, 'floats'],
  doubleVal: [6, 'doubles'],
  intVal: [7, 'ints'],
  stringVal: [8, 'bytesList'],
  int64Val: [10, 'int64s'],
  boolVal: [11, 'ints'],
  halfVal: [13, 'ints'],
  uint32Val: [16, 'ints'],
  uint64Val: [17, 'uint64s'],
});

const List: Message<ListValue> = message<ListValue>('AttrValue.ListValue', {
  s: [2, 'bytesList'],
  i: [3, 'ints'],
  f: [4, 'floats'],
  b: [5, 'ints'],
  type: [6, 'ints'],
  shape: [7, 'messages', () => Shape],
});

const FunctionNameType: Message<FunctionName> = message<FunctionName>('NameAttrList', {
  name: [1, 'string'],
  attr: [2, 'messages', () => Attr],
});

export const Value: Message<AttrValue> = message<AttrValue>('AttrValue', {
  list: [1, 'message', () => List],
  s: [2, 'bytes'],
  i: [3, 'optionalInt'],
  f: [4, 'float'],
  b: [5, 'optionalInt'],
  type: [6, 'optionalInt'],
  shape: [7, 'message', () => Shape],
  tensor: [8, 'message', () => Tensor],
  placeholder: [9, 'string'],
  func: [10, 'message', () => FunctionNameType],
});

const Attr: Message<AttrEntry> = message<AttrEntry>('AttrEntry', {
  key: [1, 'string'],
  value: [2, 'message', () => Value],
});

export const Node: Message<NodeDef> = message<NodeDef>('NodeDef', {
  name: [1, 'string'],
  op: [2, 'string'],
  input: [3, 'strings'],
  attr: [5, 'messages', () => Attr],
});

const Arg: Message<ArgDef> = message<ArgDef>('OpDef.ArgDef', { name: [1, 'string'] });

const Op: Message<OpDef> = message<OpDef>('OpDef', {
  name: [1, 'string'],
  inputArg: [2, 'messages', () => Arg],
  outputArg: [3, 'messages', () => Arg],
});

const Text: Message<TextEntry> = message<TextEntry>('RetEntry', { key: [1, 'string'], value: [2, 'string'] });

export const FunctionType: Message<FunctionDef> = message<FunctionDef>('FunctionDef', {
  signature: [1, 'message', () => Op],
  nodeDef: [3, 'messages', () => Node],
  ret: [4, 'messages', () => Text],
});

const Library: Message<FunctionLibrary> = message<FunctionLibrary>('FunctionDefLibrary', {
  function: [1, 'messages', () => FunctionType],
});

const VersionsType: Message<Versions> = message<Versions>('VersionDef', {
  producer: [1, 'int'],
  minConsumer: [2, 'int'],
});

export const Graph: Message<GraphDef> = message<GraphDef>('GraphDef', {
  node: [1, 'messages', () => Node],
  library: [2, 'message', () => Library],
  versions: [4, 'message', () => VersionsType],
});

const Info: Message<TensorInfo> = message<TensorInfo>('TensorInfo', {
  name: [1, 'string'],
  dtype: [2, 'int'],
  tensorShape: [3, 'message', () => Shape],
});

const InfoEntry: Message<TensorInfoEntry> = message<TensorInfoEntry>('TensorInfoEntry', {
  key: [1, 'string'],
  value: [2, 'message', () => Info],
});

export const Signature: Message<SignatureDef> = message<SignatureDef>('SignatureDef', {
  inputs: [1, 'messages', () => InfoEntry],
  outputs: [2, 'messages', () => InfoEntry],
  methodName: [3, 'string'],
});

const SignatureEntryType: Message<SignatureEntry> = message<SignatureEntry>('SignatureDefEntry', {
  key: [1, 'string'],
  value: [2, 'message', () => Signature],
});

const Meta: Message<MetaInfo> = message<MetaInfo>('MetaInfoDef', {
  tags: [4, 'strings'],
  tensorflowVersion: [5, 'string'],
});

const MetaGraphType: Message<MetaGraph> = message<MetaGraph>('MetaGraphDef', {
  metaInfoDef: [1, 'message', () => Meta],
  graphDef: [2, 'message', () => Graph],
  signatureDef: [5, 'messages', () => SignatureEntryType],
});

export const Saved: Message<SavedModel> = message<SavedModel>('SavedModel', {
  savedModelSchemaVersion: [1, 'int'],
  metaGraphs: [2, 'messages', () => MetaGraphType],
});
