/** @file What a file is, told by its content and not by its name. */
import { entryNames } from './entries.ts';
import { HEAD } from './head.ts';
import { notOnnx } from './not-onnx.ts';
import { isCoreMl, isGraphDef, isOnnx, isSavedModel } from './protobuf.ts';

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

const ascii = (bytes: Uint8Array, start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));

/** Of a whole file or of its first bytes. null: no model that is known, or none at all; `notOnnx` says which. */
export function kindOf(bytes: Uint8Array): ModelKind | null {
  const head = ascii(bytes, 0, 16);
  if (head.startsWith('\x89HDF\r\n\x1a\n')) return 'hdf5';
  if (head.slice(4, 8) === 'TFL3') return 'tflite';
  if (head.startsWith('PK')) return zipKind(bytes);
  if (/^(\xef\xbb\xbf)?\s*\{/.test(head)) return jsonKind(new TextDecoder().decode(bytes.subarray(0, HEAD)));
  return notOnnx(bytes) === null ? protobufKind(bytes) : null;
}

/** A Keras 3 file is a zip with these two in front; PyTorch's holds a pickle, and is no archive to unpack. */
function zipKind(bytes: Uint8Array): ModelKind | null {
  const names = entryNames(bytes);
  if (names.some((name) => /(^|\/)data\.pkl$/.test(name))) return null;
  return names.includes('metadata.json') && names.includes('config.json') ? 'keras-zip' : 'zip';
}

function jsonKind(text: string): ModelKind | null {
  const format = /"format"\s*:\s*"(layers|graph)-model"/.exec(text)?.[1];
  if (format) return format === 'layers' ? 'tfjs-layers' : 'tfjs-graph';
  if (/"modelTopology"\s*:/.test(text)) return /"node"\s*:\s*\[/.test(text) ? 'tfjs-graph' : 'tfjs-layers';
  if (/"class_name"\s*:\s*"(Sequential|Functional|Model)"/.test(text)) return 'keras-json';
  return null;
}

function protobufKind(bytes: Uint8Array): ModelKind | null {
  if (isGraphDef(bytes)) return 'graphdef';
  if (isSavedModel(bytes)) return 'saved-model';
  return isOnnx(bytes) && !isCoreMl(bytes) ? 'onnx' : null;
}
