/** @file What executes a graph. onnxruntime-web stands behind it in `ort.ts`, TensorFlow.js in `tfjs/`. */
import type { Graph } from '../graph/graph.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What onnxruntime-web runs on. */
export type OrtDevice = 'webgpu' | 'wasm';

/** What TensorFlow.js runs on; on `cpu` in JavaScript. */
export type TfjsBackend = OrtDevice | 'webgl' | 'cpu';

export type DeviceKind = TfjsBackend;

export type RuntimeName = 'onnxruntime-web' | 'tfjs';

export interface DeviceInfo {
  readonly runtime: RuntimeName;
  /** Version of the runtime's package. */
  readonly version: string;
  readonly kind: DeviceKind;
  /** WASM threads; 1 elsewhere. */
  readonly threads: number;
  /** What the browser tells about the GPU, such as "nvidia ampere" or "google swiftshader"; '' elsewhere. */
  readonly adapter: string;
}

/** A tensor that may live on the device. Whoever receives one disposes of it. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The values on the host: a copy on WebGPU, the same memory on WASM. */
  read(): Promise<Tensor>;
  dispose(): void;
}

export type Feed = Tensor | DeviceTensor;

/** A graph made ready to run for one batch size. */
export interface Program {
  /** Examples in one run: what the graph's N was bound to. */
  readonly batch: number;
  /** Runs the graph: feeds in the order of `graph.inputs`, results in the order of `graph.outputs`. */
  run(feeds: readonly Feed[]): Promise<DeviceTensor[]>;
  dispose(): Promise<void>;
}

export interface CompileOptions {
  /** What the batch axis N is bound to. Default 1. */
  readonly batch?: number;
  /** Indices of outputs that stay on the device, to be fed to a later run. The others are read back. */
  readonly keep?: readonly number[];
}

export interface UnsupportedNode {
  readonly op: string;
  readonly node: string;
  readonly reason: string;
}

/**
 * What a graph meets where a runtime cannot run it: `nodes` have no form there, which is known before anything runs, or
 * there are none, and the runtime itself failed.
 */
export class CannotRun extends Error {
  override name = 'CannotRun';
  readonly nodes: readonly UnsupportedNode[];

  constructor(message: string, { nodes = [], cause }: { nodes?: readonly UnsupportedNode[]; cause?: unknown } = {}) {
    super(message, { cause });
    this.nodes = nodes;
  }
}

/** Throws a CannotRun naming all `nodes` at once, unless there are none. */
export function refuse(nodes: readonly UnsupportedNode[], where: string, wayOut: string): void {
  if (nodes.length === 0) return;
  const many = `${nodes.length} unsupported node${nodes.length > 1 ? 's' : ''}`;
  throw new CannotRun(`${where}: ${many}: ${nodes.map(reasonAgainst).join('; ')}. ${wayOut}`, { nodes });
}

/** Nodes of a gradient have no names. */
export const reasonAgainst = ({ op, node, reason }: UnsupportedNode): string =>
  node ? `${op} (node "${node}"): ${reason}` : `${op}: ${reason}`;

/** Bytes of a model file and of the files beside it that hold its weights. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly external?: readonly { readonly path: string; readonly data: Uint8Array }[];
}

export interface Runtime {
  readonly device: DeviceInfo;
  /** Every node that would be refused or would throw at run, found without running anything. */
  unsupported(graph: Graph): UnsupportedNode[];
  /** Throws a CannotRun naming all unsupported nodes at once, or saying how the runtime failed. */
  compile(graph: Graph, options?: CompileOptions): Promise<Program>;
  /** The file as it was dropped, untouched by us: the truth for the forward check, computed on the processor. Feeds
   * and results in file order. */
  openFile(file: ModelFile): Promise<Program>;
  /** Settles, with the reason, when the device is gone; everything compiled on it is gone too. */
  readonly lost: Promise<string>;
  /** Bytes of WebAssembly memory, 0 before the first program. It never shrinks: only the end of the worker frees it. */
  readonly heapBytes: number;
  dispose(): Promise<void>;
}
