/** @file Which protobuf message a file holds, from its first fields: such files carry no mark of their own. */

interface Field {
  readonly number: number;
  /** 0: a number; 2: bytes, such as text or another message; 1 and 5: eight and four bytes. */
  readonly wire: number;
  /** The number itself, or how many bytes there are. */
  readonly value: number;
  /** Where its bytes begin. */
  readonly start: number;
}

/** ModelProto: ir_version, producer, domain, graph, operator sets, metadata, training, functions, configuration. */
const ONNX_WIRE: Readonly<Record<number, number>> = {
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
};
const [IR_VERSION, GRAPH] = [1, 7];
/** Far above any version of the format. */
const MOST_IR_VERSION = 64;

/** ModelProto begins with its version as a rule; every field must be one of its own. */
export function isOnnx(bytes: Uint8Array): boolean {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length < 2 || fields.some(({ number, wire }) => ONNX_WIRE[number] !== wire)) return false;
  const version = fields.find(({ number }) => number === IR_VERSION);
  return version
    ? version.value > 0 && version.value <= MOST_IR_VERSION
    : fields.some(({ number, value }) => number === GRAPH && value > 0);
}

/** Its second field is a message that describes inputs, each with its name, where ONNX has the name of a producer. */
export function isCoreMl(bytes: Uint8Array): boolean {
  const [version, description] = fieldsOf(bytes) ?? [];
  if (!description || version.number !== 1 || version.wire !== 0 || version.value > MOST_IR_VERSION) return false;
  if (description.number !== 2 || description.wire !== 2) return false;
  const inside = bytes.subarray(description.start);
  const [input] = fieldsOf(inside) ?? [];
  return input?.number === 1 && input.wire === 2 && inside[input.start] === 0x0a;
}

/** Fields of a SavedModel are its version and a meta graph, which is longer than the name of any producer. */
export function isSavedModel(bytes: Uint8Array): boolean {
  const [version, meta] = fieldsOf(bytes) ?? [];
  if (!meta || version.number !== 1 || version.wire !== 0 || version.value !== 1) return false;
  return meta.number === 2 && meta.wire === 2 && meta.value > 1024;
}

/** A GraphDef begins with a node, which begins with its name, behind which its operator stands. */
export function isGraphDef(bytes: Uint8Array): boolean {
  const [node] = fieldsOf(bytes) ?? [];
  if (node?.number !== 1 || node.wire !== 2) return false;
  const [name, op] = fieldsOf(bytes.subarray(node.start, node.start + node.value)) ?? [];
  return (
    name?.number === 1 && name.wire === 2 && op?.number === 2 && op.wire === 2 && isText(bytes, node.start, name, op)
  );
}

function isText(bytes: Uint8Array, offset: number, ...fields: readonly Field[]): boolean {
  return fields.every(({ start, value }) =>
    /^[\w./:$^-]+$/.test(String.fromCharCode(...bytes.subarray(offset + start, offset + start + Math.min(value, 200)))),
  );
}

/** The fields of a message up to the end of what is there; null where it is none. */
function fieldsOf(bytes: Uint8Array): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length && fields.length < 64) {
    const tag = varint(bytes, at);
    if (!tag) return at > 0 ? fields : null;
    const [number, wire] = [Math.floor(tag.value / 8), tag.value % 8];
    if (number === 0 || wire === 3 || wire === 4 || wire > 5) return null;
    const value = wire === 0 || wire === 2 ? varint(bytes, tag.end) : { value: wire === 1 ? 8 : 4, end: tag.end };
    if (!value) return fields;
    fields.push({ number, wire, value: value.value, start: value.end });
    at = wire === 0 ? value.end : value.end + value.value;
  }
  return fields;
}

/** null where it does not end. */
function varint(bytes: Uint8Array, at: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    const byte = bytes[at + i];
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return null;
}
