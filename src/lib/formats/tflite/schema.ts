/** @file The tables of TensorFlow Lite's schema (version 3) that models consist of; fields stand in the order of their numbers. */
import {
  bytes,
  float32s,
  int32,
  int32s,
  int64s,
  int8,
  table,
  tables,
  text,
  uint32,
  uint64,
  uint8,
  bool,
  union,
} from './wire.ts';
import type { Decoded } from './wire.ts';
import type { DType } from '../../tensor/dtype.ts';

export const quantization = {
  min: float32s,
  max: float32s,
  scale: float32s,
  zeroPoint: int64s,
  detailsType: uint8(),
  details: union,
  quantizedDimension: int32(),
};

export const tensor = {
  shape: int32s,
  type: int8(),
  buffer: uint32(),
  name: text,
  quantization: table(quantization),
  isVariable: bool(),
  /** Weights of which zeros are left out. */
  sparsity: union,
  /** As `shape`, with −1 where a length is open. */
  shapeSignature: int32s,
};

export const operatorCode = {
  /** Where the code is below 127; newer files have both. */
  deprecatedCode: int8(),
  customCode: text,
  version: int32(1),
  code: int32(),
};

export const operator = {
  opcodeIndex: uint32(),
  inputs: int32s,
  outputs: int32s,
  optionsType: uint8(),
  options: union,
};

export const subgraph = {
  tensors: tables(tensor),
  inputs: int32s,
  outputs: int32s,
  operators: tables(operator),
  name: text,
};

/** `offset` and `size`: data behind the FlatBuffer, where the file is larger than 2 GiB. */
export const buffer = { data: bytes, offset: uint64(), size: uint64() };

export const metadata = { name: text, buffer: uint32() };

export const model = {
  version: uint32(),
  operatorCodes: tables(operatorCode),
  subgraphs: tables(subgraph),
  description: text,
  buffers: tables(buffer),
  metadataBuffer: int32s,
  metadata: tables(metadata),
};

export type ModelTable = Decoded<typeof model>;
export type TensorTable = Decoded<typeof tensor>;
export type OperatorTable = Decoded<typeof operator>;
export type QuantizationTable = Decoded<typeof quantization>;

/** TensorType by its number; null where no graph has such numbers. */
export const TENSOR_TYPES: readonly (DType | null)[] = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  null,
  'bool',
  'int16',
  null,
  'int8',
  'float64',
  null,
  'uint64',
  null,
  null,
  'uint32',
  'uint16',
];

const OTHER_TYPES: Readonly<Record<number, string>> = {
  5: 'STRING',
  8: 'COMPLEX64',
  11: 'COMPLEX128',
  13: 'RESOURCE',
  14: 'VARIANT',
  17: 'INT4',
  18: 'BFLOAT16',
};

/** How the schema calls a type. */
export const typeName = (type: number): string => TENSOR_TYPES[type] ?? OTHER_TYPES[type] ?? `type ${type}`;
