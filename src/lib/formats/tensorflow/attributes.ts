/** @file A node's attributes, read by the kind that its operator says. */
import type { DType } from '../../tensor/dtype.ts';
import type { AttrEntry, AttrValue, ShapeProto, TensorProto } from './proto.ts';
import { elementType } from './types.ts';

const utf8 = new TextDecoder();

/** Reading an attribute that is missing and has no default, or is of another kind, throws a RangeError that names it. */
export class Attributes {
  readonly #values: ReadonlyMap<string, AttrValue>;

  constructor(entries: readonly AttrEntry[]) {
    this.#values = new Map(entries.flatMap(({ key, value }) => (value ? [[key, value] as const] : [])));
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  int(name: string, fallback?: number): number {
    return this.#read(name, 'a whole number', ({ i }) => i, fallback);
  }

  float(name: string, fallback?: number): number {
    return this.#read(name, 'a number', ({ f, i, s, list }) => (s || list ? null : (i ?? f)), fallback);
  }

  bool(name: string, fallback = false): boolean {
    return this.#read(name, 'true or false', ({ b, i }) => b ?? i, Number(fallback)) !== 0;
  }

  string(name: string, fallback?: string): string {
    return this.#read(name, 'a text', ({ s }) => s && utf8.decode(s), fallback);
  }

  ints(name: string, fallback?: readonly number[]): readonly number[] {
    return this.#read(name, 'a list of whole numbers', ({ list }) => list?.i, fallback);
  }

  strings(name: string, fallback?: readonly string[]): readonly string[] {
    return this.#read(name, 'a list of texts', ({ list }) => list?.s.map((s) => utf8.decode(s)), fallback);
  }

  type(name: string): DType {
    return elementType(
      this.#read(name, 'an element type', ({ type }) => type),
      `attribute ${name}`,
    );
  }

  /** null: the attribute is not there. */
  shape(name: string): ShapeProto | null {
    return this.#values.get(name)?.shape ?? this.#values.get(name)?.list?.shape[0] ?? null;
  }

  tensor(name: string): TensorProto | null {
    return this.#values.get(name)?.tensor ?? null;
  }

  function(name: string): string | null {
    return this.#values.get(name)?.func?.name ?? null;
  }

  /** How many element types a list of them holds. */
  typeCount(name: string): number {
    return this.#values.get(name)?.list?.type.length ?? 0;
  }

  #read<T>(name: string, kind: string, read: (value: AttrValue) => T | null | undefined, fallback?: T): T {
    const value = this.#values.get(name);
    const found = value ? read(value) : fallback;
    if (found === undefined || found === null)
      throw new RangeError(
        value
          ? `attribute ${name} must be ${kind}. The file is damaged: export it again.`
          : `attribute ${name} is missing. The file is damaged: export it again.`,
      );
    return found;
  }
}
