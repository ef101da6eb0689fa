/** @file Attribute schemas: ONNX names and defaults, decoded once per node into typed, camel-cased values. */
import type { Attribute, Node } from '../graph/graph.ts';
import { nodeLabel } from '../graph/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type AttributeKind = 'int' | 'float' | 'string' | 'ints' | 'floats' | 'strings' | 'tensor';

export interface Field<T> {
  readonly kind: AttributeKind;
  readonly fallback: T;
}

export type AttributeSchema = Readonly<Record<string, Field<unknown>>>;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
export type Decoded<S extends AttributeSchema> = { readonly [K in keyof S & string as Camel<K>]: S[K]['fallback'] };

/** An absent attribute without an ONNX default decodes to the fallback given here (null where none makes sense). */
export const int = <T extends number | null>(fallback: T): Field<T extends null ? number | null : number> => ({
  kind: 'int',
  fallback: fallback as never,
});
export const float = <T extends number | null>(fallback: T): Field<T extends null ? number | null : number> => ({
  kind: 'float',
  fallback: fallback as never,
});
export const string = (fallback: string): Field<string> => ({ kind: 'string', fallback });
export const ints = <T extends readonly number[] | null>(
  fallback: T,
): Field<T extends null ? readonly number[] | null : readonly number[]> => ({
  kind: 'ints',
  fallback: fallback as never,
});
export const floats = (fallback: readonly number[] | null): Field<readonly number[] | null> => ({
  kind: 'floats',
  fallback,
});
export const strings = (fallback: readonly string[] | null): Field<readonly string[] | null> => ({
  kind: 'strings',
  fallback,
});
export const tensor = (): Field<Tensor | null> => ({ kind: 'tensor', fallback: null });

const camel = (name: string) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

const fits: Record<AttributeKind, (a: Attribute) => boolean> = {
  int: (a) => Number.isInteger(a),
  float: (a) => typeof a === 'number',
  string: (a) => typeof a === 'string',
  ints: (a) => Array.isArray(a) && a.every(Number.isInteger),
  floats: (a) => Array.isArray(a) && a.every((v) => typeof v === 'number'),
  strings: (a) => Array.isArray(a) && a.every((v) => typeof v === 'string'),
  tensor: (a) => typeof a === 'object' && 'dtype' in a,
};

export const attributeFits = (kind: AttributeKind, a: Attribute): boolean => fits[kind](a);

/** An attribute's value as errors show it, however large it is. */
export function showAttribute(a: Attribute): string {
  if (typeof a === 'string') return JSON.stringify(a.slice(0, 100));
  if (typeof a === 'object' && 'dtype' in a) return `a tensor ${a.dtype}[${a.shape}]`;
  return Array.isArray(a) ? `[${a.slice(0, 10).map(String).join(', ')}${a.length > 10 ? ', …' : ''}]` : String(a);
}

/** Reads a node's attributes by the schema. Throws a TypeError for an attribute of the wrong kind. */
export function decodeAttributes<S extends AttributeSchema>(schema: S, node: Node): Decoded<S> {
  const decoded: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema)) {
    const given = node.attrs[name];
    if (given !== undefined && !fits[field.kind](given)) {
      throw new TypeError(`${nodeLabel(node)}: attribute ${name} must be ${field.kind}, got ${showAttribute(given)}.`);
    }
    decoded[camel(name)] = given ?? field.fallback;
  }
  return decoded as Decoded<S>;
}
