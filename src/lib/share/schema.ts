/**
 * @file Schemas that write and read: one table says what a link and a bundle hold. `short` is for links: short keys, names
 * as numbers, nothing that equals its default. `long` is for people who open a bundle's JSON: every field by its name.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Form = 'short' | 'long';

/** What does not fit, and where; the message is a sentence without a full stop. */
export class SchemaError extends Error {
  override name = 'SchemaError';
}

export interface Schema<T> {
  /** undefined stands for the default and is left out. */
  write(value: T, form: Form): Json | undefined;
  /** `json` is hostile. Throws a SchemaError that names `at`. */
  read(json: unknown, form: Form, at: string): T;
}

type Read<T> = Schema<T>['read'];

function refuse(at: string, json: unknown, wanted: string): never {
  const shown = JSON.stringify(json)?.slice(0, 40) ?? 'missing';
  throw new SchemaError(`${at} is ${shown}, must be ${wanted}`);
}

/** A value written as it is in both forms. */
const plain = <T extends Json>(read: Read<T>): Schema<T> => ({ write: (value) => value, read });

export const number = ({ min = -Number.MAX_VALUE, max = Number.MAX_VALUE, whole = false } = {}): Schema<number> =>
  plain((json, _, at) => {
    const fits = typeof json === 'number' && json >= min && json <= max && (!whole || Number.isInteger(json));
    return fits ? json : refuse(at, json, `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`);
  });

export const flag: Schema<boolean> = plain((json, _, at) => {
  if (json === 0 || json === 1) return json === 1;
  return typeof json === 'boolean' ? json : refuse(at, json, 'true or false');
});

// Control characters and those that turn the direction of writing: a name with them can pass for another one.
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Written cut to `max` characters: what is longer would not be read. */
export const text = (max: number, pattern?: RegExp): Schema<string> => ({
  write: (value) => value.replaceAll(new RegExp(INVISIBLE, 'gu'), ' ').slice(0, max),
  read: (json, _, at) => {
    const fits =
      typeof json === 'string' && json.length <= max && !INVISIBLE.test(json) && (pattern?.test(json) ?? true);
    return fits
      ? json
      : refuse(at, json, `a text of at most ${max} visible characters${pattern ? ` like ${pattern.source}` : ''}`);
  },
});

/** A web address; written as '' where it is longer than `max`, because a cut one leads elsewhere. */
export const address = (max: number): Schema<string> => ({
  write: (value) => (value.length <= max && isAddress(value) ? value : ''),
  read: (json, _, at) =>
    typeof json === 'string' && json.length <= max && (json === '' || isAddress(json))
      ? json
      : refuse(at, json, `a web address of at most ${max} characters`),
});
const isAddress = (text: string): boolean => /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text);

/** One of `names`; a number in the short form, so the order must never change: new names go to the end. */
export const oneOf = <K extends string>(names: readonly K[]): Schema<K> => ({
  write: (value, form) => (form === 'short' ? names.indexOf(value) : value),
  read: (json, form, at) => {
    const found = form === 'short' ? names[json as number] : names.find((name) => name === json);
    return typeof found === 'string' ? found : refuse(at, json, `one of ${names.join(', ')}`);
  },
});

/** 32 bytes: hexadecimal in memory and in the long form, 43 characters of base64url in the short one. May be ''. */
export const digest: Schema<string> = {
  write: (value, form) => (form === 'long' || value === '' ? value : toBase64Url(fromHex(value))),
  read: (json, form, at) => {
    const wanted = form === 'long' ? /^([0-9a-f]{64})?$/ : /^([\w-]{43})?$/;
    if (typeof json !== 'string' || !wanted.test(json)) refuse(at, json, 'a SHA-256');
    return form === 'long' || json === '' ? json : toHex(fromBase64Url(json));
  },
};

export const list = <T>(of: Schema<T>, { min = 0, max }: { min?: number; max: number }): Schema<readonly T[]> => ({
  write: (values, form) => values.map((value) => of.write(value, form) ?? null),
  read: (json, form, at) => {
    if (!Array.isArray(json) || json.length < min || json.length > max) refuse(at, json, `a list of ${min} to ${max}`);
    return json.map((entry, i) => of.read(entry, form, `${at}[${i}]`));
  },
});

/** Left out where it equals `fallback`, which is what a missing one is read as. */
export const defaulted = <T>(of: Schema<T>, fallback: T): Schema<T> => ({
  write: (value, form) => (form === 'short' && same(value, fallback) ? undefined : of.write(value, form)),
  read: (json, form, at) => (json === undefined ? fallback : of.read(json, form, at)),
});

export const nullable = <T>(of: Schema<T>): Schema<T | null> => ({
  write: (value, form) => (value === null ? (form === 'short' ? undefined : null) : of.write(value, form)),
  read: (json, form, at) => (json === undefined || json === null ? null : of.read(json, form, at)),
});

type Fields<T> = { readonly [K in keyof T]-?: readonly [short: string, schema: Schema<T[K]>] };

/** An object with exactly these fields; a key that is not among them is refused. */
export function struct<T extends object>(fields: Fields<T>): Schema<T> {
  const table = Object.entries(fields) as [keyof T & string, readonly [string, Schema<unknown>]][];
  const keyOf = (name: string, short: string, form: Form): string => (form === 'short' ? short : name);
  return {
    write: (value, form) => {
      const written = table.map(([name, [short, schema]]) => [
        keyOf(name, short, form),
        schema.write(value[name], form),
      ]);
      return Object.fromEntries(written.filter(([, json]) => json !== undefined));
    },
    read: (json, form, at) => {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse(at, json, 'an object');
      const known = new Set(table.map(([name, [short]]) => keyOf(name, short, form)));
      const unknown = Object.keys(json).find((key) => !known.has(key));
      if (unknown !== undefined) throw new SchemaError(`${at} has "${unknown.slice(0, 40)}", which is no field of it`);
      const own = (key: string): unknown =>
        Object.hasOwn(json, key) ? (json as Record<string, unknown>)[key] : undefined;
      const read = table.map(([name, [short, schema]]) => {
        return [name, schema.read(own(keyOf(name, short, form)), form, `${at}.${name}`)];
      });
      return Object.fromEntries(read) as T;
    },
  };
}

export type Scalar = number | boolean | string;

/** Names with numbers, flags or short texts: a method's options, which its own schema checks afterwards. */
export const scalars = (max: number, longest = 64): Schema<Readonly<Record<string, Scalar>>> => ({
  write: (value) => ({ ...value }),
  read: (json, _, at) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse(at, json, 'an object');
    const entries = Object.entries(json);
    if (entries.length > max) refuse(at, entries.length, `at most ${max} entries`);
    for (const [name, value] of entries) {
      const simple =
        typeof value === 'boolean' ||
        (typeof value === 'number' && Number.isFinite(value)) ||
        (typeof value === 'string' && value.length <= longest);
      if (!/^[A-Za-z][\w-]{0,39}$/.test(name) || !simple)
        refuse(`${at}.${name.slice(0, 40)}`, value, 'a simple option');
    }
    return Object.fromEntries(entries) as Record<string, Scalar>;
  },
});

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Without the padding: some chat programs do not take a trailing "=" for part of a link. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Throws where `letters` are no base64url. */
export const fromBase64Url = (letters: string): Uint8Array =>
  Uint8Array.from(atob(letters.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
