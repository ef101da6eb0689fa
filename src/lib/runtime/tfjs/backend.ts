/** @file TensorFlow.js and its backends, loaded when one is asked for. */
import type { TensorFlow } from '../../ops/tensorflow.ts';
import { describeAdapter } from '../adapter.ts';
import type { DeviceInfo, TfjsBackend } from '../runtime.ts';
import { repairKernels } from './repairs.ts';

export interface TfjsOptions {
  readonly backend: TfjsBackend;
  /** Address of the folder with TensorFlow.js's WebAssembly, ending in a slash. Node finds it by itself. */
  readonly wasmPaths?: string;
}

/** Bytes of textures beyond which those that are free are given back. */
const KEPT_TEXTURES = 512 * 2 ** 20;

/** A backend registers itself when it is loaded. */
const loaders: Readonly<Record<TfjsBackend, (options: TfjsOptions) => Promise<unknown>>> = {
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
  wasm: async ({ wasmPaths }) => {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    if (wasmPaths) setWasmPaths(wasmPaths);
  },
};

/** TensorFlow.js with the backend ready to run. Throws an Error where the browser has nothing for it. */
export async function loadBackend(options: TfjsOptions): Promise<{ tf: TensorFlow; device: DeviceInfo }> {
  const { backend } = options;
  const adapter = backend === 'webgpu' ? await describeAdapter() : '';
  const tf = await import('@tensorflow/tfjs-core');
  // Its checks of every argument and its advice on the console are for who writes models with it.
  tf.enableProdMode();
  await loaders[backend](options);
  // Threads come from a script that is text in the page, which the site's Content-Security-Policy forbids.
  if (backend === 'wasm') tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (backend === 'webgpu' || backend === 'webgl') repairKernels(tf, backend);
  // Kept for later use without end otherwise, also for models that have been closed.
  if (backend === 'webgl') tf.env().set('WEBGL_DELETE_TEXTURE_THRESHOLD', KEPT_TEXTURES);
  await useBackend(tf, backend);
  if (backend === 'webgl' && !tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED'))
    throw new Error('WebGL: the graphics adapter draws no float32, and halves are too coarse. Choose another device.');
  return { tf, device: { runtime: 'tfjs', version: tf.version_core, kind: backend, threads: 1, adapter } };
}

/** Makes the backend the current one: there is one for the whole of TensorFlow.js, and two runtimes may share it. */
export async function useBackend(tf: TensorFlow, backend: TfjsBackend): Promise<void> {
  while (tf.getBackend() !== backend) {
    if (!(await tf.setBackend(backend)))
      throw new Error(`TensorFlow.js: its ${backend} backend did not start. Choose another device.`);
  }
}
