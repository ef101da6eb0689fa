/** @file Which device the work is done on, and why no better one. */
import { deviceOf, type DeviceId } from './devices.ts';
import { missingFeature } from './features.ts';
import { createOrtRuntime } from './ort.ts';
import type { DeviceKind, Runtime } from './runtime.ts';
import { selfTest } from './self-test.ts';

/** A kind alone, as earlier versions of the page kept it, means onnxruntime's device of that kind. */
export type DeviceChoice = 'auto' | DeviceId | DeviceKind;

export interface RuntimeRequest {
  readonly choice: DeviceChoice;
  /** Address of the folder with onnxruntime's files, ending in a slash. Node finds them by itself. */
  readonly wasmPaths?: string;
  /** WASM threads; by default what the machine and the page's isolation allow. */
  readonly threads?: number;
}

export interface ChosenRuntime {
  readonly runtime: Runtime;
  /** Devices that may be chosen here. */
  readonly available: readonly DeviceId[];
  /** Of these the ones that may be chosen without being asked for: an emulated GPU is slower than WASM. */
  readonly candidates: readonly DeviceId[];
  /** Why the best or the chosen device is not used, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * A runtime that has passed its gradient self-test: WebGPU where there is a GPU, else WASM. A device that fails is
 * left with a note. Throws an Error when even WASM fails.
 */
export async function chooseRuntime({ choice: asked, ...options }: RuntimeRequest): Promise<ChosenRuntime> {
  const choice = kindOf(asked);
  const missing = missingFeature();
  if (missing) throw new Error(missing);
  const gpu = await findGpu();
  const available: DeviceId[] = gpu.kind === 'none' ? ['ort-wasm'] : ['ort-webgpu', 'ort-wasm'];
  const candidates: DeviceId[] = gpu.kind === 'hardware' ? available : ['ort-wasm'];
  const notes: string[] = [];
  const wanted = choice === 'webgpu' || (choice === 'auto' && gpu.kind === 'hardware');
  if (wanted && gpu.kind !== 'none') {
    const tried = await tryDevice('webgpu', options);
    if (tried.runtime) return { runtime: tried.runtime, available, candidates, notes };
    notes.push(`WebGPU is not used: ${tried.reason}. WASM does the work.`);
    return { runtime: await wasm(options, notes), available: ['ort-wasm'], candidates: ['ort-wasm'], notes };
  }
  if (choice !== 'wasm' && gpu.reason) notes.push(`WebGPU is not used: ${gpu.reason}. WASM does the work.`);
  return { runtime: await wasm(options, notes), available, candidates, notes };
}

const kindOf = (choice: DeviceChoice): 'auto' | DeviceKind =>
  choice === 'auto' || choice === 'webgpu' || choice === 'wasm' ? choice : deviceOf(choice).kind;

/** A runtime on one device, which has passed its self-test. Throws an Error where it cannot be had or computes wrongly. */
export async function createRuntime(id: DeviceId, options: DeviceOptions = {}): Promise<Runtime> {
  const { title, kind } = deviceOf(id);
  const tried = await tryDevice(kind, options);
  if (!tried.runtime) throw new Error(`${title}: it cannot be used here: ${tried.reason}. Choose another device.`);
  return tried.runtime;
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

async function tryDevice(device: DeviceKind, options: DeviceOptions): Promise<Tried> {
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
