/** @file A model as every format's importer gives it. */
import type { Graph } from '../graph/graph.ts';
import type { Declared } from './inputs.ts';

/** How a model is written down; what a file is, told by its content, is in `sniff/kind.ts`. */
export type FormatId = 'onnx' | 'tfjs-layers' | 'tfjs-graph' | 'keras' | 'tensorflow' | 'tflite';

/** A file as dropped: its path within what was dropped, and its bytes. */
export interface ExternalFile {
  readonly path: string;
  readonly data: Uint8Array;
}

/** A file that a model names. */
export interface Companion {
  /** Relative to the model, as the model writes it. */
  readonly path: string;
  /** How far the model reads in it: its size, or a little less. */
  readonly bytes: number;
}

/** Where a model comes from, in the words of its format. */
export interface SourceInfo {
  /** Name and version of what wrote the file; '' where it does not say. */
  readonly producer: string;
  /** Version of the format or of its operators: "opset 17", "Keras 2.4.0", "TensorFlow Lite schema 3". */
  readonly version: string;
  /** Version of ONNX's own operator set; null in other formats. */
  readonly opset: number | null;
}

export interface ImportedModel {
  readonly format: FormatId;
  /** Float32 throughout, at the canonical opset. Inputs in file order, without those that are constants. */
  readonly graph: Graph;
  readonly info: SourceInfo;
  /** As declared in the file, in the order of `graph.inputs` and `graph.outputs`. */
  readonly inputs: readonly Declared[];
  readonly outputs: readonly string[];
  /** The files beside the model that hold its weights, under the names that the model has for them. */
  readonly external: readonly ExternalFile[];
  /** Files with class names that are packed into the model, by the name of the output. */
  readonly labels?: ReadonlyMap<string, ExternalFile>;
  /** Whether the first axis is N; else the graph computes one example. */
  readonly batched: boolean;
  /** What the person should know, one sentence each. */
  readonly notes: readonly string[];
}
