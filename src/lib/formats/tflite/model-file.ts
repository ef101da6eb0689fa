/** @file The bytes of a TensorFlow Lite file as tables whose numbers name each other rightly. */
import { FormatError } from '../error.ts';
import { CUSTOM, operatorName } from './codes.ts';
import { isSupported } from './operators/table.ts';
import { model, type ModelTable, type OperatorTable, type TensorTable } from './schema.ts';
import { Reader, type Fields } from './wire.ts';

export type Subgraph = ModelTable['subgraphs'][number];

export interface ModelFile {
  readonly model: ModelTable;
  /** Length of the file. */
  readonly bytes: number;
  readonly graph: Subgraph;
  /** Another graph of the file, of which the same is known. Throws a FormatError as `decodeModel`. */
  readonly graphAt: (index: number) => Subgraph;
  /** Content of a tensor; empty where it is computed. */
  readonly dataOf: (tensor: TensorTable) => Uint8Array;
  /** The operator's name in the schema, or the code of a custom one. */
  readonly nameOf: (operator: OperatorTable) => string;
  readonly optionsOf: (operator: OperatorTable, fields: Fields) => Record<string, unknown>;
}

const DAMAGED = 'The file is damaged: export the model again.';

/** Throws a FormatError where the file is no such model, is damaged, or has operators that are not supported. */
export function decodeModel(bytes: Uint8Array, file: string): ModelFile {
  const reader = new Reader(bytes);
  const decoded = readable(file, () => reader.root(model));
  if (decoded.version !== 3)
    throw new FormatError(
      `${file}: it has version ${decoded.version} of TensorFlow Lite's schema; 3 is supported. Convert it anew.`,
    );
  const [graph] = decoded.subgraphs;
  if (!graph || graph.outputs.length === 0)
    throw new FormatError(`${file}: it holds no graph with an output. ${DAMAGED}`);
  const nameOf = ({ opcodeIndex }: OperatorTable) => nameOfCode(decoded.operatorCodes[opcodeIndex], opcodeIndex, file);
  const checked = (one: Subgraph) => {
    refuseUnsupported(one, nameOf, file);
    refuseNumbers(one, decoded, file);
    return one;
  };
  return {
    model: decoded,
    bytes: bytes.length,
    graph: checked(graph),
    graphAt: (index) => {
      const one = decoded.subgraphs[index];
      if (!one)
        throw new FormatError(
          `${file}: it names graph ${index}, and has ${decoded.subgraphs.length} graphs. ${DAMAGED}`,
        );
      return checked(one);
    },
    nameOf,
    dataOf: ({ buffer }) => dataOf(decoded.buffers[buffer], bytes, file),
    optionsOf: ({ options }, fields) =>
      options === 0
        ? Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.absent]))
        : readable(file, () => reader.table(options, fields)),
  };
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FormatError(`${file}: ${error.message}`, { cause: error });
  }
}

function nameOfCode(code: ModelTable['operatorCodes'][number] | undefined, index: number, file: string): string {
  if (!code)
    throw new FormatError(`${file}: an operator has number ${index}, which the file does not explain. ${DAMAGED}`);
  const number = Math.max(code.deprecatedCode, code.code);
  return number === CUSTOM ? `custom operator "${code.customCode}"` : operatorName(number);
}

function refuseUnsupported(graph: Subgraph, nameOf: (operator: OperatorTable) => string, file: string): void {
  const unsupported = Map.groupBy(
    graph.operators.filter((operator) => !isSupported(nameOf(operator))),
    nameOf,
  );
  if (unsupported.size === 0) return;
  const first = (found: readonly OperatorTable[]) => graph.tensors[found[0].outputs[0]]?.name ?? '';
  const list = [...unsupported].map(([name, found]) => `${name} (×${found.length}, first: "${first(found)}")`);
  const several = unsupported.size > 1;
  throw new FormatError(
    `${file}: ${unsupported.size} unsupported operator${several ? 's' : ''}: ${list.join(', ')}. Convert the model without ${several ? 'them' : 'it'}; docs/formats.md lists the supported ones.`,
  );
}

/** Tensors, buffers and operators name each other by number. */
function refuseNumbers(graph: Subgraph, { buffers }: ModelTable, file: string): void {
  const exists = (i: number) => i >= 0 && i < graph.tensors.length;
  const wrong =
    [...graph.inputs, ...graph.outputs].find((i) => !exists(i)) ??
    graph.operators.flatMap((o) => [...o.inputs.filter((i) => i !== -1), ...o.outputs]).find((i) => !exists(i));
  if (wrong !== undefined)
    throw new FormatError(`${file}: it names tensor ${wrong}, and has ${graph.tensors.length} tensors. ${DAMAGED}`);
  const lost = graph.tensors.find(({ buffer }) => buffer >= buffers.length && buffer !== 0);
  if (lost)
    throw new FormatError(
      `${file}: tensor "${lost.name}" names buffer ${lost.buffer}, and the file has ${buffers.length} buffers. ${DAMAGED}`,
    );
}

/** Data may stand behind the tables, where a file is larger than what they can address. */
function dataOf(buffer: ModelTable['buffers'][number] | undefined, bytes: Uint8Array, file: string): Uint8Array {
  if (!buffer || buffer.offset <= 1) return buffer?.data ?? new Uint8Array(0);
  const end = buffer.offset + buffer.size;
  if (end > bytes.length)
    throw new FormatError(
      `${file}: data end at byte ${end}, the file has ${bytes.length}. The file is cut short: get it again.`,
    );
  return bytes.subarray(buffer.offset, end);
}
