import { expect, it } from 'vitest';
import { chooseRuntime } from '../../src/lib/runtime/device.ts';

it.each(['auto', 'webgpu'] as const)('falls back to WASM where there is no GPU and says so: %s', async (choice) => {
  const { runtime, available, notes } = await chooseRuntime({ choice });
  expect(runtime.device.kind).toBe('wasm');
  expect(available).toEqual(['ort-wasm']);
  expect(notes).toEqual(['WebGPU is not used: this browser does not offer it. WASM does the work.']);
  await runtime.dispose();
});

it('has nothing to say when WASM was asked for', async () => {
  const { runtime, notes } = await chooseRuntime({ choice: 'wasm' });
  expect(notes).toEqual([]);
  await runtime.dispose();
});
