import { expose } from 'comlink';

/** Runs the model, one float32 input `x` to one output `y`, as the app does: onnxruntime inside a module worker. */
async function runModel(device: 'webgpu' | 'wasm', model: Uint8Array, x: number[]): Promise<number[]> {
  const ort = device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  ort.env.wasm.wasmPaths = new URL('/ort/', self.location.origin).href;
  ort.env.wasm.numThreads = 2;
  ort.env.wasm.proxy = false;
  // No silent fallback: what the device cannot run is an error.
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [device],
    extra: device === 'webgpu' ? { session: { disable_cpu_ep_fallback: '1' } } : {},
  });
  const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.from(x), [x.length]) });
  await session.release();
  return Array.from(y.data as Float32Array);
}

export type OrtWorker = typeof runModel;
expose(runModel);
