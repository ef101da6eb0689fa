/**
 * @file HDF5 files, read by the HDF5 library itself (h5wasm), which is loaded with the first of them. Sizes are looked at before
 * anything is read: a file of a few kilobytes may announce any size, and a fill value stands for data that are not there.
 */
import type * as H5WasmModule from 'h5wasm';
import type { Dataset, Entity, File as Hdf5File, Group } from 'h5wasm';
import { allocate, type DType } from '../../tensor/dtype.ts';
import { float32, makeTensor, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { FormatError } from '../error.ts';

/** How many times its size a file may unfold to: weights hardly shrink when compressed, zeros of a bomb do. */
const MOST_UNFOLDED = 100;
const ALWAYS_ALLOWED = 2 ** 20;

/** More groups and names than any network has. */
const MOST_ENTRIES = 100_000;

type H5Wasm = typeof H5WasmModule;

let opened = 0;

/** One open file. Everything that is read is a copy; `close` frees the rest. */
export class Hdf5 {
  readonly #file: Hdf5File;
  readonly #name: string;
  readonly #library: H5Wasm;
  readonly #unlink: () => void;
  /** Bytes that may still be read. */
  #left: number;
  #entries = 0;

  private constructor(library: H5Wasm, file: Hdf5File, name: string, bytes: number, unlink: () => void) {
    this.#library = library;
    this.#file = file;
    this.#name = name;
    this.#unlink = unlink;
    this.#left = bytes * MOST_UNFOLDED + ALWAYS_ALLOWED;
  }

  /** `name`: the file's name in errors. Throws a FormatError where it cannot be read. */
  static async open(bytes: Uint8Array, name: string): Promise<Hdf5> {
    const library = await import('h5wasm');
    const { FS, activate_throwing_error_handler: throwErrors } = await library.ready;
    // Errors are thrown with their reason; by themselves they are printed.
    throwErrors();
    const path = `model-${++opened}.h5`;
    FS.writeFile(path, bytes);
    try {
      const file = new library.File(path, 'r');
      if (file.file_id < 0n) throw new Error('it is cut short or damaged');
      return new Hdf5(library, file, name, bytes.length, () => FS.unlink(path));
    } catch (error) {
      FS.unlink(path);
      throw damaged(name, error);
    }
  }

  close(): void {
    try {
      this.#file.close();
    } catch {
      // A damaged file may not let itself be closed; what it holds is freed all the same.
    }
    this.#unlink();
  }

  /** The text of an attribute, or of its parts ("name0", "name1" …), into which Keras cuts long ones; [] where there is none. */
  texts(path: string, attribute: string): string[] {
    const group = this.#entity(path);
    if (!group || !('attrs' in group)) return [];
    const names = Object.keys(group.attrs);
    const parts = names.includes(attribute)
      ? [attribute]
      : names
          .filter((name) => name.startsWith(attribute) && /^\d+$/.test(name.slice(attribute.length)))
          .sort((a, b) => Number(a.slice(attribute.length)) - Number(b.slice(attribute.length)));
    return parts.flatMap((part) => this.#guarded(path, () => this.#attribute(group as Group, part)));
  }

  #attribute(group: Group, name: string): string[] {
    const attribute = group.attrs[name];
    this.#take(sizeOf(attribute.shape ?? []) * attribute.metadata.size, `the attribute "${name}"`);
    if (sizeOf(attribute.shape ?? []) === 0) return [];
    const { value } = attribute;
    return (Array.isArray(value) ? value : [value]).map((part) =>
      part instanceof Uint8Array ? new TextDecoder().decode(part) : String(part),
    );
  }

  /** Names in a group; [] where there is no such group. */
  children(path: string): string[] {
    const group = this.#entity(path);
    if (!(group instanceof this.#library.Group)) return [];
    const names = this.#guarded(path, () => group.keys());
    this.#entries += names.length;
    if (this.#entries > MOST_ENTRIES)
      throw new FormatError(
        `${this.#name}: it names more than ${MOST_ENTRIES} groups. The file is damaged: save it again.`,
      );
    return names;
  }

  isDataset(path: string): boolean {
    return this.#entity(path) instanceof this.#library.Dataset;
  }

  /** A data set of numbers; floats of any width become float32. Throws a FormatError where it is none. */
  tensor(path: string): Tensor {
    const data = this.#entity(path);
    if (!(data instanceof this.#library.Dataset))
      throw new FormatError(`${this.#name}: holds no weights at "${path}". Save the model again.`);
    return this.#guarded(path, () => this.#read(data, path));
  }

  #read(data: Dataset, path: string): Tensor {
    const { metadata } = data;
    const shape = metadata.shape ?? [];
    const dtype = dtypeOf(data);
    if (!dtype)
      throw new FormatError(
        `${this.#name}: "${path}" holds ${String(data.dtype)}, which are no numbers that a model computes with. Save the model again.`,
      );
    this.#take(sizeOf(shape) * metadata.size, `"${path}" of the shape [${shape}]`);
    if (sizeOf(shape) === 0) return makeTensor(dtype, shape, allocate(dtype, 0));
    const { value } = data;
    const numbers = ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<number>) : [Number(value)];
    if (numbers.length !== sizeOf(shape))
      throw new Error(`it holds ${numbers.length} numbers for the shape [${shape}]`);
    if (dtype === 'float32')
      return float32(shape, numbers instanceof Float32Array ? numbers : Float32Array.from(numbers));
    const kept = allocate(dtype, numbers.length);
    for (let i = 0; i < numbers.length; i++) kept[i] = numbers[i];
    return makeTensor(dtype, shape, kept);
  }

  #take(bytes: number, what: string): void {
    if (bytes <= this.#left) {
      this.#left -= bytes;
      return;
    }
    throw new FormatError(
      `${this.#name}: ${what} would take ${bytes} bytes, more than ${MOST_UNFOLDED} times the file. The file is damaged: save the model again.`,
    );
  }

  #entity(path: string): Entity | null {
    return this.#guarded(path, () => this.#file.get(path === '' ? '/' : path));
  }

  #guarded<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof FormatError ? error : damaged(`${this.#name}, "${path || '/'}"`, error);
    }
  }
}

const damaged = (where: string, error: unknown): FormatError =>
  new FormatError(`${where}: not readable HDF5 (${reasonOf(error)}). Download the file or save the model again.`, {
    cause: error,
  });

/** The library tells its whole stack of calls; what went wrong stands in the innermost. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const calls = message.split('\n').filter((line) => /^\s*#\d+:/.test(line));
  return calls.at(-1)?.replace(/^.*?\(\): /, '') ?? message.split('\n')[0];
}

/** null where the elements are no plain numbers. h5wasm writes types as Python's struct does: "<f", ">d", "<i", "b". */
function dtypeOf({ dtype }: Dataset): DType | null {
  if (typeof dtype !== 'string') return null;
  const code = dtype.replace(/^[<>=|]/, '');
  if ('efd'.includes(code)) return 'float32';
  return ({ b: 'int8', B: 'uint8', h: 'int16', H: 'uint16', i: 'int32', I: 'uint32' } as const)[code] ?? null;
}
