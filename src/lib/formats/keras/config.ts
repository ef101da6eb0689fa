/** @file A layer's settings as Keras 2, Keras 3 or TF.js wrote them, read with their types checked. */

/** Words are compared as Python writes them: `channelsLast` is `channels_last`. */
export const snakeCase = (word: string): string => word.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export type Raw = Readonly<Record<string, unknown>>;

export const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** Settings by Python's names. Getters throw a RangeError that names the setting and its value. */
export class Config {
  readonly raw: Raw;

  constructor(raw: unknown) {
    this.raw = isRaw(raw) ? raw : {};
  }

  /** undefined where it is not there or null. */
  get(key: string): unknown {
    return this.raw[key] ?? this.raw[camelCase(key)] ?? undefined;
  }

  /** The first of several names of one setting that is there. */
  any(...keys: readonly string[]): unknown {
    return keys.map((key) => this.get(key)).find((value) => value !== undefined);
  }

  /** A whole number. Without a fallback it has to be there. */
  int(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (!isWhole(value)) throw this.wrong(key, 'a whole number');
    return value;
  }

  /** A whole number from 1. */
  count(key: string, fallback?: number): number {
    const value = this.int(key, fallback);
    if (value < 1) throw this.wrong(key, 'a whole number from 1');
    return value;
  }

  /** The number under the first of the names that is there. */
  number(keys: string | readonly string[], fallback: number): number {
    const names = typeof keys === 'string' ? [keys] : keys;
    const value = this.any(...names) ?? fallback;
    const plain = isRaw(value) ? new Config(value.config).get('value') : value;
    if (typeof plain !== 'number' || !Number.isFinite(plain)) throw this.wrong(names[0], 'a number');
    return plain;
  }

  bool(key: string, fallback: boolean): boolean {
    return Boolean(this.get(key) ?? fallback);
  }

  /** One of the words that are known. */
  word<W extends string>(key: string, allowed: readonly W[], fallback: W): W {
    const value = this.get(key) ?? fallback;
    const word = typeof value === 'string' ? allowed.find((w) => w === snakeCase(value)) : undefined;
    if (word === undefined)
      throw new RangeError(
        `its ${key} is ${shown(value)}, only ${allowed.join(', ')} can be read. Export the model with tf2onnx to ONNX.`,
      );
    return word;
  }

  /** Whole numbers; one number stands for all. */
  ints(key: string, length: number, fallback?: number): number[] {
    const value = this.get(key) ?? fallback;
    const list = Array.isArray(value) ? (value as unknown[]) : Array<unknown>(length).fill(value);
    if (list.length !== length || !list.every(isWhole)) throw this.wrong(key, `${length} whole numbers`);
    return list;
  }

  /** As `ints`, all of them from 1. */
  counts(key: string, length: number, fallback?: number): number[] {
    const list = this.ints(key, length, fallback);
    if (list.some((n) => n < 1)) throw this.wrong(key, `${length} whole numbers from 1`);
    return list;
  }

  /** Whole numbers, as many as there are; one number is a list of one. */
  list(key: string, fallback?: number | readonly number[]): number[] {
    const value = this.get(key) ?? fallback;
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    if (!list.every(isWhole)) throw this.wrong(key, 'whole numbers');
    return list;
  }

  /** The same with other settings in place of some. */
  with(changes: Raw): Config {
    return new Config({ ...this.raw, ...changes });
  }

  wrong(key: string, wanted: string): RangeError {
    return new RangeError(
      `its ${key} is ${shown(this.get(key))}, it has to be ${wanted}. The file is damaged: save the model again.`,
    );
  }
}
