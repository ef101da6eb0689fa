/** @file The Runtime over onnxruntime-web, on WebGPU or WASM: in a worker of the page, and on WASM in Node. */
import type * as OrtModule from 'onnxruntime-web/wasm';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/wasm';
import { writeModel } from '../formats/onnx/write.ts';
import type { Graph, Value } from '../graph/graph.ts';
import type { DType, TensorData } from '../tensor/dtype.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { float32ToHalf } from '../tensor/half.ts';
import { describeAdapter } from './adapter.ts';
import { recordMemories, totalBytes } from './heap.ts';
import { lower } from './lower/lower.ts';
import { createQueue, type Enqueue } from './queue.ts';
import {
  CannotRun,
  refuse,
  type CompileOptions,
  type DeviceInfo,
  type DeviceTensor,
  type Feed,
  type ModelFile,
  type OrtDevice,
  type Program,
  type Runtime,
  type UnsupportedNode,
} from './runtime.ts';
import { unsupportedNodes } from './unsupported.ts';

export interface OrtOptions {
  readonly device: OrtDevice;
  /** WASM threads; by default what the machine and the page's isolation allow, and 1 in Node. */
  readonly threads?: number;
  /** Address of the folder with onnxruntime's files, ending in a slash. Node finds them by itself. */
  readonly wasmPaths?: string;
}

type Ort = typeof OrtModule;

/** The runtime on a device. Loads onnxruntime; throws an Error when that, or the GPU, is not to be had. */
export async function createOrtRuntime({ device, threads, wasmPaths }: OrtOptions): Promise<Runtime> {
  const adapter = device === 'webgpu' ? await describeAdapter() : '';
  // The default import is the older WebGPU provider, which is wrong on several operators.
  const ort: Ort = device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  const count = device === 'webgpu' ? 1 : (threads ?? defaultThreads());
  ort.env.logLevel = 'error';
  ort.env.wasm.proxy = false;
  ort.env.wasm.numThreads = count;
  const files = wasmPaths ?? (count > 1 ? packageFolder() : undefined);
  if (files) ort.env.wasm.wasmPaths = files;
  const info: OrtRuntime['device'] = {
    runtime: 'onnxruntime-web',
    version: ort.env.versions.web ?? '',
    kind: device,
    threads: count,
    adapter,
  };
  return new OrtRuntime(ort, info);
}

/** Threads of onnxruntime load its files anew, for which Node needs their folder by name. */
function packageFolder(): string | undefined {
  if (!globalThis.process?.versions?.node) return undefined;
  return decodeURIComponent(new URL('.', import.meta.resolve('onnxruntime-web/wasm')).pathname);
}

/** Threads need shared memory, which needs an isolated page. Beyond four cores about half are hyperthreads or slow. */
function defaultThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  const cores = globalThis.navigator.hardwareConcurrency;
  return cores <= 4 ? cores : Math.min(8, Math.ceil(cores / 2));
}

class OrtRuntime implements Runtime {
  readonly device: DeviceInfo & { readonly kind: OrtDevice };
  readonly lost: Promise<string>;
  readonly #ort: Ort;
  readonly #enqueue: Enqueue = createQueue();
  readonly #open = new Set<OrtProgram>();
  readonly #memories: WebAssembly.Memory[] = [];
  #tellLost: (reason: string) => void = () => undefined;
  readonly #watched = new WeakSet<GPUDevice>();

  constructor(ort: Ort, device: OrtRuntime['device']) {
    this.#ort = ort;
    this.device = device;
    this.lost = new Promise((resolve) => (this.#tellLost = resolve));
  }

  get heapBytes(): number {
    return totalBytes(this.#memories);
  }

  unsupported(graph: Graph): UnsupportedNode[] {
    return unsupportedNodes(lower(graph, this.device.kind), this.device.kind);
  }

  async compile(graph: Graph, { batch = 1, keep = [] }: CompileOptions = {}): Promise<Program> {
    const { kind } = this.device;
    const lowered = lower(graph, kind, batch);
    refuse(unsupportedNodes(lowered, kind), kind, 'Choose another device.');
    const model = writeModel(lowered);
    const onDevice = new Set(kind === 'webgpu' ? keep.map((i) => model.outputs[i]) : []);
    const session = await this.#create(kind, model, {
      preferredOutputLocation: Object.fromEntries(
        model.outputs.map((name) => [name, onDevice.has(name) ? 'gpu-buffer' : 'cpu']),
      ),
    });
    const types = lowered.inputs.map(({ dtype, shape }: Value) => ({ dtype, shape: shape as readonly number[] }));
    return this.#program(session, model, { batch, types });
  }

  async openFile({ bytes, external = [] }: ModelFile): Promise<Program> {
    // The truth comes from the processor, also beside WebGPU, which computes some forms wrongly.
    const session = await this.#create('wasm', { bytes, external: [...external] });
    const types = session.inputMetadata.map((m) => (m.isTensor ? { dtype: m.type as DType, shape: null } : null));
    return this.#program(session, { inputs: session.inputNames, outputs: session.outputNames }, { batch: 1, types });
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#open].map((program) => program.dispose()));
  }

  #program(session: InferenceSession, names: Names, shape: ProgramShape): Program {
    const program = new OrtProgram(this.#ort, session, names, shape, this.#enqueue, () => this.#open.delete(program));
    this.#open.add(program);
    return program;
  }

  #create(
    provider: OrtDevice,
    { bytes, external }: ModelFile,
    options: InferenceSession.SessionOptions = {},
  ): Promise<InferenceSession> {
    const create = () =>
      this.#ort.InferenceSession.create(bytes, {
        executionProviders: [provider],
        externalData: external?.map(({ path, data }) => ({ path, data })),
        logSeverityLevel: 3,
        // Folding a normalisation into the weights rounds them again, and a kink near zero then falls on its other side.
        extra: { optimization: { disable_specified_optimizers: 'ConvBNFusion' } },
        ...options,
      });
    return this.#enqueue(async () => {
      try {
        const session = this.heapBytes > 0 ? await create() : await recordMemories(this.#memories, create);
        if (provider === 'webgpu') await this.#watchDevice();
        return session;
      } catch (error) {
        throw failure('could not be loaded', error);
      }
    });
  }

  /** onnxruntime destroys the device with the last program on it, and makes another for the next one: that is no loss. */
  async #watchDevice(): Promise<void> {
    const device = await this.#ort.env.webgpu.device;
    if (this.#watched.has(device)) return;
    this.#watched.add(device);
    // What was asked for is not there, and whatever is computed with it is wrong without a word.
    device.addEventListener('uncapturederror', ({ error }) => {
      if (error instanceof GPUOutOfMemoryError) this.#tellLost('its memory is used up');
    });
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed' || this.#open.size > 0)
        this.#tellLost(`the browser lost the graphics processor: ${message || reason}`);
    });
  }
}

interface Names {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface InputType {
  readonly dtype: DType;
  /** null: whatever the file allows. */
  readonly shape: readonly number[] | null;
}

interface ProgramShape {
  readonly batch: number;
  /** null where the file declares something that is no tensor. */
  readonly types: readonly (InputType | null)[];
}

class OrtProgram implements Program {
  readonly batch: number;
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #names: Names;
  readonly #types: ProgramShape['types'];
  readonly #enqueue: Enqueue;
  readonly #onDispose: () => void;
  #disposed: Promise<void> | null = null;

  constructor(
    ort: Ort,
    session: InferenceSession,
    names: Names,
    { batch, types }: ProgramShape,
    enqueue: Enqueue,
    onDispose: () => void,
  ) {
    this.batch = batch;
    this.#ort = ort;
    this.#session = session;
    this.#names = names;
    this.#types = types;
    this.#enqueue = enqueue;
    this.#onDispose = onDispose;
  }

  async run(feeds: readonly Feed[]): Promise<DeviceTensor[]> {
    const { inputs, outputs } = this.#names;
    if (feeds.length !== inputs.length)
      throw new RangeError(`run: ${feeds.length} feeds for ${inputs.length} inputs (${inputs.join(', ')}).`);
    if (this.#disposed) throw new Error('run: the program has been disposed of. Compile the graph again.');
    return this.#enqueue(async () => {
      const named = Object.fromEntries(feeds.map((feed, i) => [inputs[i], this.#feed(feed, i)]));
      try {
        const results = await this.#session.run(named);
        return outputs.map((name) => new OrtDeviceTensor(results[name], this.#enqueue));
      } catch (error) {
        throw failure('failed while running', error);
      }
    });
  }

  #feed(feed: Feed, index: number): OrtTensor {
    const where = `run: input ${index} ("${this.#names.inputs[index]}")`;
    const type = this.#types[index];
    if (!type) throw new TypeError(`${where} is not a tensor in this file. Such models cannot be fed.`);
    if (type.shape && feed.shape.join() !== type.shape.join())
      throw new RangeError(`${where} has shape [${feed.shape}], the program takes [${type.shape}].`);
    if (feed instanceof OrtDeviceTensor) return feed.value(where);
    const tensor = feed as Tensor;
    if (type.dtype === 'float16' && tensor.dtype === 'float32')
      return this.#tensor('float16', float32ToHalf(tensor.data as Float32Array), tensor.shape);
    if (tensor.dtype !== type.dtype)
      throw new TypeError(`${where} is ${tensor.dtype}, the program takes ${type.dtype}.`);
    return this.#tensor(tensor.dtype, tensor.data, tensor.shape);
  }

  #tensor(dtype: DType, data: TensorData, shape: readonly number[]): OrtTensor {
    return new this.#ort.Tensor(dtype as 'float32', data as Float32Array, shape);
  }

  dispose(): Promise<void> {
    this.#onDispose();
    this.#disposed ??= this.#enqueue(() => this.#session.release());
    return this.#disposed;
  }
}

/** A result of a run; on WebGPU it may be a buffer of the GPU. */
class OrtDeviceTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly #tensor: OrtTensor;
  readonly #enqueue: Enqueue;
  #disposed = false;

  constructor(tensor: OrtTensor, enqueue: Enqueue) {
    this.dtype = tensor.type as DType;
    this.shape = tensor.dims;
    this.#tensor = tensor;
    this.#enqueue = enqueue;
  }

  value(where: string): OrtTensor {
    if (this.#disposed) throw new Error(`${where}: the tensor has been disposed of.`);
    return this.#tensor;
  }

  read(): Promise<Tensor> {
    const tensor = this.value('read');
    return this.#enqueue(async () => ({
      dtype: this.dtype,
      shape: this.shape,
      data: hostArray(await tensor.getData(), this.shape),
    }));
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#enqueue(async () => this.#tensor.dispose());
  }
}

/** Engines with a Float16Array get one from onnxruntime; here half precision is its raw bits. */
function hostArray(data: OrtTensor.DataType, shape: readonly number[]): TensorData {
  const array = data as TensorData;
  const half = array.BYTES_PER_ELEMENT === 2 && !(array instanceof Uint16Array) && !(array instanceof Int16Array);
  return half
    ? new Uint16Array((array as TensorData).buffer as ArrayBuffer, (array as TensorData).byteOffset, sizeOf(shape))
    : array;
}

/** onnxruntime throws bare numbers when C++ runs out of memory. */
function failure(what: string, error: unknown): CannotRun {
  const message =
    typeof error === 'number'
      ? `WebAssembly stopped with code ${error}, probably out of memory`
      : error instanceof Error
        ? error.message
        : String(error);
  return new CannotRun(`onnxruntime: the model ${what}: ${message}`, { cause: error });
}
