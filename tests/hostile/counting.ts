/**
 * How many bytes of arrays are asked for while something runs, whoever asks. Has to be imported before what is measured: modules keep
 * constructors in tables.
 */
const KINDS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'ArrayBuffer',
] as const;

const globals = globalThis as unknown as Record<
  string,
  { new (...args: unknown[]): object; BYTES_PER_ELEMENT?: number; prototype: { constructor: unknown } }
>;

/** Elements that a constructor makes room for: none where it is given a buffer to look at. */
function elementsOf(first: unknown): number {
  if (typeof first === 'number') return first;
  if (first instanceof ArrayBuffer || first instanceof SharedArrayBuffer) return 0;
  return Number((first as { length?: unknown } | null | undefined)?.length ?? 0);
}

let bytes = 0;

for (const kind of KINDS) {
  const original = globals[kind];
  const counting: typeof original = new Proxy(original, {
    construct(target, args: unknown[], newTarget): object {
      bytes += elementsOf(args[0]) * (target.BYTES_PER_ELEMENT ?? 1);
      return Reflect.construct(target, args, newTarget === counting ? target : newTarget) as object;
    },
  });
  // What slice and map make is made by this.
  original.prototype.constructor = counting;
  globals[kind] = counting;
}

/** Bytes of all typed arrays and buffers that are made until `work` is settled: at least as many as are held at once. */
export async function allocatedBy<T>(work: () => Promise<T>): Promise<{ value: T; bytes: number }> {
  bytes = 0;
  const value = await work();
  return { value, bytes };
}
