/** @file What an ONNX file declares as its inputs and outputs. */
import { FormatError } from '../error.ts';
import type { Declared } from '../inputs.ts';
import type { GraphProto, ValueInfoProto } from './proto.ts';
import { elementType } from './tensors.ts';

const STRING = 8;

function declare({ name, type }: ValueInfoProto, file: string): Declared {
  const tensor = type?.tensorType;
  if (!tensor)
    throw new FormatError(`${file}: input "${name}" is not a tensor. Export the model with tensors as inputs.`);
  // −1 and 0 are how some exporters write an open axis.
  const odd = tensor.shape?.dim.findIndex(({ dimValue }) => dimValue !== null && dimValue < -1) ?? -1;
  if (odd !== -1)
    throw new FormatError(
      `${file}: input "${name}" has the length ${tensor.shape!.dim[odd].dimValue} on axis ${odd}. The file is damaged: export it again.`,
    );
  const dims = tensor.shape?.dim.map(({ dimValue, dimParam }) =>
    dimValue !== null && dimValue > 0 ? dimValue : dimParam || null,
  );
  return { name, dtype: elementType(tensor.elemType, `input "${name}"`, file), shape: dims ?? null };
}

/** Inputs that have to be fed: initialisers were listed among them once. */
export function declaredInputs(graph: GraphProto, known: ReadonlySet<string>, file: string): Declared[] {
  const inputs = graph.input.filter((v) => !known.has(v.name)).map((v) => declare(v, file));
  const twice = inputs.find((v, i) => inputs.findIndex(({ name }) => name === v.name) !== i);
  if (twice)
    throw new FormatError(`${file}: two inputs are called "${twice.name}". The file is damaged: export it again.`);
  return inputs;
}

/** Outputs that are tensors of numbers, and a sentence about the others. */
export function declaredOutputs(graph: GraphProto): { names: string[]; notes: string[] } {
  const numeric = (v: ValueInfoProto) =>
    !v.type || (v.type.tensorType !== null && v.type.tensorType.elemType !== STRING);
  const names = graph.output.filter(numeric).map((v) => v.name);
  const others = graph.output.filter((v) => !numeric(v)).map((v) => `"${v.name}"`);
  return { names, notes: others.length > 0 ? [`Left out, not tensors of numbers: ${others.join(', ')}.`] : [] };
}
