/** @file Which device the work is done on, and why no better one. */
import { missingFeature } from './features.ts';
import { createOrtRuntime } from './ort.ts';
import type { OrtDevice, Runtime } from './runtime.ts';
import { selfTest } from './self-test.ts';

export interface RuntimeRequest {
  readonly choice: 'auto' | OrtDevice;
  /** Address of the folder with onnxruntime's files, ending in a slash. Node finds them by itself. */
  readonly wasmPaths?: string;
  /** WASM threads; by default what the machine and the page's isolation allow. */
  readonly threads?: number;
}

export interface ChosenRuntime {
  readonly runtime: Runtime;
  /** Devices that may be chosen here. */
  readonly available: readonly OrtDevice[];
  /** Why the best or the chosen device is not used, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * A runtime that has passed its gradient self-test: WebGPU where there is a GPU, else WASM. A device that fails is
 * left with a note. Throws an Error when even WASM fails.
 */
export async function chooseRuntime({ choice, ...options }: RuntimeRequest): Promise<ChosenRuntime> {
  const missing = missingFeature();
  if (missing) throw new Error(missing);
  const gpu = await findGpu();
  const available: OrtDevice[] = gpu.kind === 'none' ? ['wasm'] : ['webgpu', 'wasm'];
  const notes: string[] = [];
  const wanted = choice === 'webgpu' || (choice === 'auto' && gpu.kind === 'hardware');
  if (wanted && gpu.kind !== 'none') {
    const tried = await tryDevice('webgpu', options);
    if (tried.runtime) return { runtime: tried.runtime, available, notes };
    notes.push(`WebGPU is not used: ${tried.reason}. WASM does the work.`);
    return { runtime: await wasm(options, notes), available: ['wasm'], notes };
  }
  if (choice !== 'wasm' && gpu.reason) notes.push(`WebGPU is not used: ${gpu.reason}. WASM does the work.`);
  return { runtime: await wasm(options, notes), available, notes };
}

interface Gpu {
  readonly kind: 'hardware' | 'software' | 'none';
  readonly reason: string;
}

/** A software adapter computes right but slower than WASM, so it is used only when asked for by name. */
async function findGpu(): Promise<Gpu> {
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) return { kind: 'none', reason: 'this browser does not offer it' };
  try {
    const adapter = await gpu.requestAdapter();
    if (!adapter) return { kind: 'none', reason: 'the browser has no usable graphics adapter' };
    const { architecture, description, isFallbackAdapter } = adapter.info;
    const software = isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(`${architecture} ${description}`);
    if (software)
      return { kind: 'software', reason: 'the graphics adapter is emulated in software, which is slower than WASM' };
    return { kind: 'hardware', reason: '' };
  } catch (error) {
    return { kind: 'none', reason: `asking for an adapter failed (${messageOf(error)})` };
  }
}

type Tried =
  { readonly runtime: Runtime; readonly reason?: never } | { readonly runtime: null; readonly reason: string };

type DeviceOptions = Omit<RuntimeRequest, 'choice'>;

async function tryDevice(device: OrtDevice, options: DeviceOptions): Promise<Tried> {
  let runtime: Runtime | null = null;
  try {
    runtime = await createOrtRuntime({ ...options, device });
    const wrong = await selfTest(runtime);
    if (!wrong) return { runtime };
    await runtime.dispose();
    return { runtime: null, reason: wrong };
  } catch (error) {
    await runtime?.dispose();
    return { runtime: null, reason: messageOf(error) };
  }
}

async function wasm(options: DeviceOptions, notes: string[]): Promise<Runtime> {
  const tried = await tryDevice('wasm', options);
  if (!tried.runtime)
    throw new Error(`WASM: ${tried.reason}. This browser cannot run models; update it or try another one.`);
  if (globalThis.navigator && 'crossOriginIsolated' in globalThis && !globalThis.crossOriginIsolated) {
    notes.push('WASM runs on one thread: this page is not cross-origin isolated.');
  }
  return tried.runtime;
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
