/** @file What a file is, told by its content and not by its name. */
import { notOnnx } from './onnx/sniff.ts';

/** What a model can be read from. `keras-json`: a config without weights; `zip`: an archive that may hold any of them. */
export type ModelKind =
  | 'onnx'
  | 'tfjs-layers'
  | 'tfjs-graph'
  | 'keras-json'
  | 'hdf5'
  | 'keras-zip'
  | 'zip'
  | 'graphdef'
  | 'saved-model'
  | 'tflite';

/** JSON is recognised by its keys, which stand in the first kilobytes. */
const HEAD = 64 * 1024;

const ascii = (bytes: Uint8Array, start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));

/** null: no model that is known, or none at all; `refusal` says which. */
export function kindOf(bytes: Uint8Array): ModelKind | null {
  const head = ascii(bytes, 0, 16);
  if (head.startsWith('\x89HDF\r\n\x1a\n')) return 'hdf5';
  if (head.slice(4, 8) === 'TFL3') return 'tflite';
  if (head.startsWith('PK')) return zipKind(bytes);
  if (/^\s*\{/.test(head)) return jsonKind(new TextDecoder().decode(bytes.subarray(0, HEAD)));
  return notOnnx(bytes) === null ? protobufKind(bytes) : null;
}

/** A Keras 3 file is a zip with config.json in front. */
function zipKind(bytes: Uint8Array): ModelKind {
  const names = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD));
  return /metadata\.json|config\.json|model\.weights\.h5/.test(names) ? 'keras-zip' : 'zip';
}

function jsonKind(text: string): ModelKind | null {
  const format = /"format"\s*:\s*"(layers|graph)-model"/.exec(text)?.[1];
  if (format) return format === 'layers' ? 'tfjs-layers' : 'tfjs-graph';
  if (/"modelTopology"\s*:/.test(text)) return /"node"\s*:\s*\[/.test(text) ? 'tfjs-graph' : 'tfjs-layers';
  if (/"class_name"\s*:\s*"(Sequential|Functional|Model)"/.test(text)) return 'keras-json';
  return null;
}

/** Fields of ONNX's ModelProto begin with ir_version; of a SavedModel with a version and a graph; of a GraphDef with a node. */
function protobufKind(bytes: Uint8Array): ModelKind {
  if (bytes[0] === 0x0a) return 'graphdef';
  return bytes[0] === 0x08 && bytes[1] === 0x01 && bytes[2] === 0x12 && holdsMetaGraph(bytes) ? 'saved-model' : 'onnx';
}

/** A meta graph is longer than the name of any producer, which stands at its place in ONNX. */
function holdsMetaGraph(bytes: Uint8Array): boolean {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[3 + i];
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) break;
  }
  return length > 1024;
}
