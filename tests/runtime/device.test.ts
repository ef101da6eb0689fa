import { expect, it } from 'vitest';
import { chooseRuntime } from '../../src/lib/runtime/device.ts';

it.each(['auto', 'webgpu'] as const)('falls back to WASM where there is no GPU and says so: %s', async (choice) => {
  const { runtime, available, notes } = await chooseRuntime({ choice });
  expect(runtime.device.kind).toBe('wasm');
  expect(available).toEqual(['ort-wasm', 'tfjs-wasm', 'tfjs-cpu']);
  expect(notes).toEqual(['WebGPU is not used: this browser does not offer it. WASM does the work.']);
  await runtime.dispose();
});

it.each([
  ['tfjs-webgpu', 'TF.js WebGPU is not used: this browser does not offer it. WASM does the work.'],
  ['tfjs-webgl', 'TF.js WebGL is not used: this browser does not offer it outside of the page. WASM does the work.'],
] as const)('falls back to WASM from %s too', async (choice, note) => {
  const { runtime, notes } = await chooseRuntime({ choice });
  expect(runtime.device).toMatchObject({ runtime: 'onnxruntime-web', kind: 'wasm' });
  expect(notes).toEqual([note]);
  await runtime.dispose();
});

it('has nothing to say when WASM was asked for', async () => {
  const { runtime, notes } = await chooseRuntime({ choice: 'wasm' });
  expect(notes).toEqual([]);
  await runtime.dispose();
});

it('runs TensorFlow.js where it is asked for', async () => {
  const { runtime, notes } = await chooseRuntime({ choice: 'tfjs-cpu' });
  expect(runtime.device).toMatchObject({ runtime: 'tfjs', kind: 'cpu' });
  expect(notes).toEqual([]);
  await runtime.dispose();
});
