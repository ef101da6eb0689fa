/**
 * @file FlatBuffers by tables as data. A table's fields are numbered in the order in which they are listed, as in a .fbs file. Every
 * offset and length is checked against the file before it is followed, and what is read is counted: parts of a file may be
 * shared, so that a small one could stand for a very large model.
 */
import { ByteBuffer } from 'flatbuffers';

export type ScalarKind = 'bool' | 'int8' | 'uint8' | 'int32' | 'uint32' | 'uint64' | 'float32';
export type VectorKind = 'int32s' | 'int64s' | 'float32s' | 'bytes';

/** One field: how it lies in the file, and what stands for it where it is left out. */
export interface Field<T> {
  readonly kind: ScalarKind | VectorKind | 'string' | 'table' | 'tables';
  readonly absent: T;
  /** Of a table, or of each table of a vector. */
  readonly fields?: Fields;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

const scalar =
  (kind: ScalarKind) =>
  (absent = 0): Field<number> => ({ kind, absent });

export const bool = scalar('bool');
export const int8 = scalar('int8');
export const uint8 = scalar('uint8');
export const int32 = scalar('int32');
export const uint32 = scalar('uint32');
export const uint64 = scalar('uint64');
export const float32 = scalar('float32');
export const int32s: Field<readonly number[]> = { kind: 'int32s', absent: [] };
export const int64s: Field<readonly number[]> = { kind: 'int64s', absent: [] };
export const float32s: Field<readonly number[]> = { kind: 'float32s', absent: [] };
/** A view on the file. */
export const bytes: Field<Uint8Array | null> = { kind: 'bytes', absent: null };
export const text: Field<string> = { kind: 'string', absent: '' };
export const table = <F extends Fields>(fields: F): Field<Decoded<F> | null> => ({
  kind: 'table',
  absent: null,
  fields,
});
export const tables = <F extends Fields>(fields: F): Field<readonly Decoded<F>[]> => ({
  kind: 'tables',
  absent: [],
  fields,
});

/** A table whose fields depend on something else in the file; decoded by `Reader.table`. */
export const union: Field<number> = { kind: 'table', absent: 0 };

export const SIZE: Readonly<Record<ScalarKind, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int32: 4,
  uint32: 4,
  uint64: 8,
  float32: 4,
};

const ELEMENT: Readonly<Record<VectorKind | 'tables', number>> = {
  int32s: 4,
  int64s: 8,
  float32s: 4,
  bytes: 1,
  tables: 4,
};

/** Parts read for each byte of the file, and for any file: four times what a writer that shares nothing needs. */
const READS_PER_BYTE = 4;
const FREE_READS = 10_000;

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #buffer: ByteBuffer;
  #left: number;

  constructor(file: Uint8Array) {
    this.#bytes = file;
    this.#buffer = new ByteBuffer(file);
    this.#left = READS_PER_BYTE * file.length + FREE_READS;
  }

  /** The table that the file begins with. Throws a RangeError where any part of it lies outside the file. */
  root<F extends Fields>(fields: F): Decoded<F> {
    return this.table(this.#indirect(0), fields);
  }

  /** The table at `position`. */
  table<F extends Fields>(position: number, fields: F): Decoded<F> {
    this.#check(position, 4);
    const vtable = position - this.#buffer.readInt32(position);
    this.#check(vtable, 4);
    const length = this.#buffer.readUint16(vtable);
    this.#check(vtable, length);
    const names = Object.keys(fields);
    this.#spend(names.length);
    const read = (name: string, id: number): [string, unknown] => {
      const entry = 4 + 2 * id;
      const offset = entry + 2 <= length ? this.#buffer.readUint16(vtable + entry) : 0;
      return [name, offset === 0 ? fields[name].absent : this.#field(position + offset, fields[name])];
    };
    return Object.fromEntries(names.map(read)) as Decoded<F>;
  }

  #field(at: number, { kind, fields }: Field<unknown>): unknown {
    if (kind === 'table') return fields ? this.table(this.#indirect(at), fields) : this.#indirect(at);
    if (kind === 'tables') return this.#vector(at, kind, (element) => this.table(this.#indirect(element), fields!));
    if (kind === 'string') return new TextDecoder().decode(this.#view(at));
    if (kind === 'bytes') return this.#view(at);
    if (kind === 'int32s') return this.#vector(at, kind, (element) => this.#buffer.readInt32(element));
    if (kind === 'int64s') return this.#vector(at, kind, (element) => Number(this.#buffer.readInt64(element)));
    if (kind === 'float32s') return this.#vector(at, kind, (element) => this.#buffer.readFloat32(element));
    return this.#scalar(at, kind);
  }

  #scalar(at: number, kind: ScalarKind): number {
    this.#check(at, SIZE[kind]);
    if (kind === 'int8') return this.#buffer.readInt8(at);
    if (kind === 'int32') return this.#buffer.readInt32(at);
    if (kind === 'uint32') return this.#buffer.readUint32(at);
    if (kind === 'uint64') return Number(this.#buffer.readUint64(at));
    if (kind === 'float32') return this.#buffer.readFloat32(at);
    return this.#buffer.readUint8(at);
  }

  /** Where the vector at `at` begins and how many elements it has. */
  #span(at: number, element: number): { start: number; count: number } {
    const vector = this.#indirect(at);
    this.#check(vector, 4);
    const count = this.#buffer.readUint32(vector);
    this.#check(vector + 4, count * element);
    return { start: vector + 4, count };
  }

  #vector<T>(at: number, kind: VectorKind | 'tables', read: (position: number) => T): T[] {
    const { start, count } = this.#span(at, ELEMENT[kind]);
    this.#spend(count);
    return Array.from({ length: count }, (_, i) => read(start + i * ELEMENT[kind]));
  }

  #view(at: number): Uint8Array {
    const { start, count } = this.#span(at, 1);
    return this.#bytes.subarray(start, start + count);
  }

  /** Where an offset leads. */
  #indirect(at: number): number {
    this.#check(at, 4);
    const target = at + this.#buffer.readUint32(at);
    this.#check(target, 4);
    return target;
  }

  #check(position: number, length: number): void {
    if (position < 0 || position + length > this.#bytes.length)
      throw new RangeError(
        `it names ${length} bytes at position ${position}, the file has ${this.#bytes.length}. The file is damaged or cut short: get it again.`,
      );
  }

  #spend(reads: number): void {
    this.#left -= reads;
    if (this.#left < 0)
      throw new RangeError(
        `its ${this.#bytes.length} bytes stand for more than ${READS_PER_BYTE} parts each. The file is damaged: export the model again.`,
      );
  }
}
