/** @file AttributeProto → the graph's plain attribute values. */
import type { Attribute } from '../../graph/graph.ts';
import { FormatError } from '../error.ts';
import { ATTRIBUTE, type AttributeProto } from './proto.ts';
import { asFloat32, decodeTensor, type TensorContext } from './tensors.ts';

const utf8 = new TextDecoder();

const typeName = (type: number) => Object.entries(ATTRIBUTE).find(([, no]) => no === type)?.[0] ?? String(type);

/** IR version 1 did not write types: what is set tells. */
function typeOf(a: AttributeProto): number {
  if (a.type !== 0) return a.type;
  if (a.t) return ATTRIBUTE.tensor;
  if (a.g) return ATTRIBUTE.graph;
  if (a.s) return ATTRIBUTE.string;
  if (a.floats.length > 0) return ATTRIBUTE.floats;
  if (a.ints.length > 0) return ATTRIBUTE.ints;
  if (a.strings.length > 0) return ATTRIBUTE.strings;
  return a.f !== 0 ? ATTRIBUTE.float : ATTRIBUTE.int;
}

/** Whether it holds graphs, as those of If, Loop and Scan do. */
export const isSubgraph = (a: AttributeProto): boolean =>
  typeOf(a) === ATTRIBUTE.graph || typeOf(a) === ATTRIBUTE.graphs;

/** The value of an attribute. `where` names the node in errors. */
export function decodeAttribute(a: AttributeProto, where: string, context: TensorContext): Attribute {
  switch (typeOf(a)) {
    case ATTRIBUTE.float:
      return a.f;
    case ATTRIBUTE.int:
      return a.i;
    case ATTRIBUTE.string:
      return utf8.decode(a.s ?? new Uint8Array(0));
    case ATTRIBUTE.floats:
      return Array.from(a.floats);
    case ATTRIBUTE.ints:
      return a.ints;
    case ATTRIBUTE.strings:
      return a.strings.map((s) => utf8.decode(s));
    case ATTRIBUTE.tensor:
      if (a.t) return asFloat32(decodeTensor(a.t, context));
  }
  throw new FormatError(
    `${context.file}: ${where}: attribute ${a.name} of type ${typeName(typeOf(a))} is not supported. Export the model with dense weights and without custom operators.`,
  );
}
