/** @file What a function on tensors is called with: numbers, lists and slices between the tensors. */
import type { Value } from '../../graph/graph.ts';
import { makeTensor, type FloatTensor } from '../../tensor/tensor.ts';
import { isRaw, type Raw } from './config.ts';

/** Python's `start:stop:step`. */
export interface Slice {
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;
}

export type Argument = Value | FloatTensor | Slice | number | boolean | string | null | readonly Argument[];

export interface Arguments {
  readonly positional: readonly Argument[];
  readonly named: Readonly<Record<string, Argument>>;
}

/** Keras 2 writes a number in the first place so: ["_CONSTANT_VALUE", -1, 2.0]. */
export const CONSTANT = '_CONSTANT_VALUE';

const DEEPEST = 8;

/** A tensor as Keras 2 writes it: [layer, call, output]. */
export const isReference = (item: readonly unknown[]): boolean =>
  typeof item[0] === 'string' && (item.length === 1 || typeof item[1] === 'number');

/**
 * A node as the file has it, with `x`, the tensors that it names in order, in the places of their names. Throws a RangeError for
 * an argument that is not known.
 */
export function argumentsOf(node: unknown, x: readonly Value[]): Arguments {
  const tensors = [...x];
  const read = (value: unknown, depth = 0): Argument => {
    if (depth > DEEPEST) throw new RangeError(`is called with lists ${depth} deep. Save the model again.`);
    if (value === undefined || value === null) return null;
    if (Array.isArray(value)) {
      const list = value as unknown[];
      if (list[0] === CONSTANT) return read(list[2], depth + 1);
      return isReference(list) ? tensors.shift()! : list.map((item) => read(item, depth + 1));
    }
    if (isRaw(value)) return described(value);
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
    throw new RangeError(`is called with ${typeof value}, which is not known. Save the model again.`);
  };
  const described = (value: Raw): Argument => {
    const config = isRaw(value.config) ? value.config : {};
    if (value.class_name === '__keras_tensor__') return tensors.shift()!;
    if (value.class_name === '__numpy__' || value.class_name === '__tensor__') return constant(config.value);
    const slice = value.class_name === '__slice__' ? config : value.class_name === undefined ? value : null;
    if (!slice || !('start' in slice))
      throw new RangeError(
        `is called with ${String(value.class_name).slice(0, 80)}, which is not supported. Export the model with tf2onnx to ONNX.`,
      );
    const bound = (n: unknown) => (Number.isSafeInteger(n) ? (n as number) : null);
    return { start: bound(slice.start), stop: bound(slice.stop), step: bound(slice.step) };
  };
  const all = (raw: unknown) =>
    Object.fromEntries(
      Object.entries(isRaw(raw) ? raw : {})
        .filter(([name]) => name !== 'mask')
        .map(([name, value]) => [name, read(value)]),
    );
  if (isRaw(node)) {
    const positional = (Array.isArray(node.args) ? (node.args as unknown[]) : []).map((value) => read(value));
    return { positional, named: all(node.kwargs) };
  }
  const list = Array.isArray(node) ? (node as unknown[]) : [];
  // One tensor alone, or a list of them; named arguments stand behind the first.
  const items = list[0] === CONSTANT || isReference(list) ? [list] : (list as unknown[][]);
  const positional = items.map((item) => read(item));
  const behind: unknown = items[0]?.[3];
  return { positional: items.length > 1 ? [positional] : positional, named: all(behind) };
}

/** Numbers in lists of equal lengths. */
function constant(value: unknown): FloatTensor {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level) && shape.length <= DEEPEST; level = (level as unknown[])[0])
    shape.push(level.length);
  const flat = (Array.isArray(value) ? value.flat(DEEPEST) : [value]) as unknown[];
  if (!flat.every((n) => typeof n === 'number') || flat.length !== shape.reduce((n, d) => n * d, 1))
    throw new RangeError('is called with an array that is not of numbers. Save the model again.');
  return makeTensor('float32', shape, Float32Array.from(flat));
}
