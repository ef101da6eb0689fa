/** @file TensorFlow's element types: their numbers, their names, and what they are in a graph. */
import type { DType } from '../../tensor/dtype.ts';

/** DataType of types.proto. */
export const DATA_TYPE = {
  DT_INVALID: 0,
  DT_FLOAT: 1,
  DT_DOUBLE: 2,
  DT_INT32: 3,
  DT_UINT8: 4,
  DT_INT16: 5,
  DT_INT8: 6,
  DT_STRING: 7,
  DT_COMPLEX64: 8,
  DT_INT64: 9,
  DT_BOOL: 10,
  DT_QINT8: 11,
  DT_QUINT8: 12,
  DT_QINT32: 13,
  DT_BFLOAT16: 14,
  DT_QINT16: 15,
  DT_QUINT16: 16,
  DT_UINT16: 17,
  DT_COMPLEX128: 18,
  DT_HALF: 19,
  DT_RESOURCE: 20,
  DT_VARIANT: 21,
  DT_UINT32: 22,
  DT_UINT64: 23,
} as const;

const dtypes: Readonly<Record<number, DType>> = {
  [DATA_TYPE.DT_FLOAT]: 'float32',
  [DATA_TYPE.DT_DOUBLE]: 'float64',
  [DATA_TYPE.DT_INT32]: 'int32',
  [DATA_TYPE.DT_UINT8]: 'uint8',
  [DATA_TYPE.DT_INT16]: 'int16',
  [DATA_TYPE.DT_INT8]: 'int8',
  [DATA_TYPE.DT_INT64]: 'int64',
  [DATA_TYPE.DT_BOOL]: 'bool',
  [DATA_TYPE.DT_BFLOAT16]: 'bfloat16',
  [DATA_TYPE.DT_UINT16]: 'uint16',
  [DATA_TYPE.DT_HALF]: 'float16',
  [DATA_TYPE.DT_UINT32]: 'uint32',
  [DATA_TYPE.DT_UINT64]: 'uint64',
};

const typeName = (no: number): string => Object.entries(DATA_TYPE).find(([, n]) => n === no)?.[0] ?? String(no);

/** The element type with TensorFlow's number. Throws a TypeError naming it where graphs have none such. */
export function elementType(no: number, what: string): DType {
  const dtype = dtypes[no];
  if (dtype) return dtype;
  throw new TypeError(
    `${what} has the element type ${typeName(no)}, which is not supported. Export the model with numbers as its tensors.`,
  );
}

/** The number of a type that JSON names, "DT_FLOAT"; null for another text. */
export const typeNumber = (name: string): number | null =>
  Object.hasOwn(DATA_TYPE, name) ? DATA_TYPE[name as keyof typeof DATA_TYPE] : null;
