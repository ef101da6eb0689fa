/** @file The Runtime over TensorFlow.js: node by node, in a worker of the page and in Node. */
import type { Graph } from '../../graph/graph.ts';
import type { TensorFlow } from '../../ops/tensorflow.ts';
import { recordMemories, totalBytes } from '../heap.ts';
import { lower, type Target } from '../lower/lower.ts';
import { createQueue, type Enqueue } from '../queue.ts';
import {
  refuse,
  type CompileOptions,
  type DeviceInfo,
  type ModelFile,
  type Program,
  type Runtime,
  type UnsupportedNode,
} from '../runtime.ts';
import { loadBackend, useBackend, type TfjsOptions } from './backend.ts';
import { watchLoss, type Loss } from './loss.ts';
import { TfjsProgram } from './program.ts';
import { unsupportedByTfjs } from './unsupported.ts';

/** The runtime on a backend. Loads TensorFlow.js; throws an Error when that, or what the backend needs, is not to be had. */
export async function createTfjsRuntime(options: TfjsOptions): Promise<Runtime> {
  const memories: WebAssembly.Memory[] = [];
  const { tf, device } = await recordMemories(memories, () => loadBackend(options));
  return new TfjsRuntime(tf, device, memories);
}

class TfjsRuntime implements Runtime {
  readonly device: DeviceInfo;
  readonly #loss: Loss;
  readonly #tf: TensorFlow;
  readonly #memories: readonly WebAssembly.Memory[];
  readonly #enqueue: Enqueue = createQueue();
  readonly #open = new Set<TfjsProgram>();

  constructor(tf: TensorFlow, device: DeviceInfo, memories: readonly WebAssembly.Memory[]) {
    this.#tf = tf;
    this.device = device;
    this.#memories = memories;
    this.#loss = watchLoss(tf, device.kind);
  }

  get lost(): Promise<string> {
    return this.#loss.lost;
  }

  get heapBytes(): number {
    return totalBytes(this.#memories);
  }

  unsupported(graph: Graph): UnsupportedNode[] {
    return unsupportedByTfjs(lower(graph, targetOf(this.device.kind)));
  }

  async compile(graph: Graph, { batch = 1 }: CompileOptions = {}): Promise<Program> {
    const lowered = lower(graph, targetOf(this.device.kind), batch);
    refuse(unsupportedByTfjs(lowered), 'TensorFlow.js', 'Choose onnxruntime.');
    return this.#enqueue(async () => {
      await useBackend(this.#tf, this.device.kind);
      const program = new TfjsProgram(lowered, batch, {
        tf: this.#tf,
        backend: this.device.kind,
        enqueue: this.#enqueue,
        check: this.#loss.check,
        onDispose: (gone) => this.#open.delete(gone),
      });
      this.#open.add(program);
      return program;
    });
  }

  async openFile(_file: ModelFile): Promise<Program> {
    throw new Error('TensorFlow.js does not read ONNX files');
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#open].map((program) => program.dispose()));
  }
}

const targetOf = (kind: DeviceInfo['kind']): Target => (kind === 'cpu' || kind === 'wasm' ? 'tfjs-host' : 'tfjs-gpu');
