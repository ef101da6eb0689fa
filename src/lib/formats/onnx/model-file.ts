/** @file Bytes → ModelProto, or a refusal that says what the file is instead. */
import { FormatError } from '../error.ts';
import * as proto from './proto.ts';
import type { GraphProto, ModelProto } from './proto.ts';
import { notOnnx } from '../../sniff/not-onnx.ts';
import { decode } from '../protobuf/wire.ts';

/** Older files mean operator set 1 where they name none. */
const NAMES_OPSETS = 3;

/** A model with its graph. Throws a FormatError naming the file. */
export function decodeModel(bytes: Uint8Array, file: string): ModelProto & { graph: GraphProto } {
  const other = notOnnx(bytes);
  if (other) throw new FormatError(`${file}: ${other}`);
  let model: ModelProto;
  try {
    model = decode(proto.Model, bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(
      `${file}: not a readable ONNX model (${reason}). The file is damaged, cut short or of another format: export or download it again.`,
      { cause: error },
    );
  }
  const { graph } = model;
  if (!graph || (graph.node.length === 0 && graph.output.length === 0)) {
    throw new FormatError(
      `${file}: not an ONNX model: it holds no graph. Choose the .onnx file that the exporter wrote.`,
    );
  }
  // Exporters write the operator sets behind the graph: a file that ends between them reads well, and means another model.
  if (model.irVersion >= NAMES_OPSETS && model.opsetImport.length === 0) {
    throw new FormatError(
      `${file}: it names no operator set (opset_import), which ONNX files of IR version ${model.irVersion} must. The file is cut short or damaged: export or download it again.`,
    );
  }
  return { ...model, graph };
}
