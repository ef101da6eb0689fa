/** @file Which device the work is done on, and why no better one. */
import { findGpu, messageOf, missingWebgl, type Gpu } from './adapter.ts';
import { deviceIds, deviceOf, type Device, type DeviceId } from './devices.ts';
import { missingFeature } from './features.ts';
import { createOrtRuntime } from './ort.ts';
import type { DeviceKind, OrtDevice, Runtime } from './runtime.ts';
import { selfTest } from './self-test.ts';
import { createTfjsRuntime } from './tfjs/runtime.ts';

/** A kind alone, as earlier versions of the page kept it, means onnxruntime's device of that kind. */
export type DeviceChoice = 'auto' | DeviceId | OrtDevice;

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
  const choice = idOf(asked);
  const missing = missingFeature();
  if (missing) throw new Error(missing);
  const gpu = await findGpu();
  const reasons = reasonsAgainst(gpu);
  const available = availableOn(reasons);
  const candidates: DeviceId[] = gpu.kind === 'hardware' ? ['ort-webgpu', 'ort-wasm'] : ['ort-wasm'];
  const notes: string[] = [];
  const found = { available, candidates, notes };
  const wanted = choice === 'auto' && gpu.kind === 'hardware' ? 'ort-webgpu' : choice;
  if (wanted === 'ort-wasm' || wanted === 'auto' || !available.includes(wanted)) {
    const device = deviceOf(wanted === 'auto' ? 'ort-webgpu' : wanted);
    const reason = wanted === 'auto' ? gpu.reason : reasons[device.kind];
    if (reason) notes.push(`${device.title} is not used: ${reason}. WASM does the work.`);
    return { runtime: await wasm(options, notes), ...found };
  }
  const device = deviceOf(wanted);
  const tried = await tryDevice(device, options);
  if (tried.runtime) return { runtime: tried.runtime, ...found };
  notes.push(`${device.title} is not used: ${tried.reason}. WASM does the work.`);
  const rest = (ids: readonly DeviceId[]) => ids.filter((id) => id !== device.id);
  return { runtime: await wasm(options, notes), available: rest(available), candidates: rest(candidates), notes };
}

const idOf = (choice: DeviceChoice): 'auto' | DeviceId =>
  choice === 'webgpu' || choice === 'wasm' ? `ort-${choice}` : choice;

/** TensorFlow.js is chosen only by name. */
const availableOn = (reasons: Reasons): DeviceId[] => deviceIds.filter((id) => !reasons[deviceOf(id).kind]);

/** Why no device of a kind can be had here; nothing where one can. */
type Reasons = Readonly<Partial<Record<DeviceKind, string>>>;

const reasonsAgainst = (gpu: Gpu): Reasons => ({
  webgpu: gpu.kind === 'none' ? gpu.reason : '',
  webgl: missingWebgl(),
});

/** A runtime on one device, which has passed its self-test. Throws an Error where it cannot be had or computes wrongly. */
export async function createRuntime(id: DeviceId, options: DeviceOptions = {}): Promise<Runtime> {
  const device = deviceOf(id);
  const tried = await tryDevice(device, options);
  if (!tried.runtime)
    throw new Error(`${device.title}: it cannot be used here: ${tried.reason}. Choose another device.`);
  return tried.runtime;
}

type Tried =
  { readonly runtime: Runtime; readonly reason?: never } | { readonly runtime: null; readonly reason: string };

type DeviceOptions = Omit<RuntimeRequest, 'choice'>;

async function tryDevice(device: Device, options: DeviceOptions): Promise<Tried> {
  let runtime: Runtime | null = null;
  try {
    runtime = await create(device, options);
    const wrong = await selfTest(runtime);
    if (!wrong) return { runtime };
    await runtime.dispose();
    return { runtime: null, reason: wrong };
  } catch (error) {
    await runtime?.dispose();
    return { runtime: null, reason: messageOf(error) };
  }
}

/** Where TensorFlow.js's WebAssembly lies, seen from onnxruntime's: both folders are the site's own. */
const beside = (folder: string | undefined): { wasmPaths?: string } =>
  folder === undefined ? {} : { wasmPaths: new URL('../tfjs/', folder).href };

const create = ({ runtime, kind }: Device, options: DeviceOptions): Promise<Runtime> =>
  runtime === 'tfjs'
    ? createTfjsRuntime({ backend: kind, ...beside(options.wasmPaths) })
    : createOrtRuntime({ ...options, device: kind as OrtDevice });

async function wasm(options: DeviceOptions, notes: string[]): Promise<Runtime> {
  const tried = await tryDevice(deviceOf('ort-wasm'), options);
  if (!tried.runtime)
    throw new Error(`WASM: ${tried.reason}. This browser cannot run models; update it or try another one.`);
  if (globalThis.navigator && 'crossOriginIsolated' in globalThis && !globalThis.crossOriginIsolated) {
    notes.push('WASM runs on one thread: this page is not cross-origin isolated.');
  }
  return tried.runtime;
}
