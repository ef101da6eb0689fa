import { wrap } from 'comlink';
import { describe, expect, it } from 'vitest';
import type { OrtWorker } from './ort.worker.ts';

const utf8 = (text: string) => [...new TextEncoder().encode(text)];

/** A length-delimited protobuf field; nothing here reaches 128 bytes, so every varint is one byte. */
function bytes(field: number, content: number[]): number[] {
  if (content.length > 127) throw new Error(`bytes: ${content.length} bytes need a longer varint`);
  return [(field << 3) | 2, content.length, ...content];
}

const varint = (field: number, value: number) => [field << 3, value];

/** ModelProto of one operator from three float32 numbers x to y: IR version 8, opset 17. */
function model(op: string, inputs: string[]): Uint8Array {
  const shape = bytes(2, bytes(1, varint(1, 3)));
  const type = bytes(2, bytes(1, [...varint(1, 1), ...shape]));
  const value = (name: string) => [...bytes(1, utf8(name)), ...type];
  const node = [...inputs.flatMap((name) => bytes(1, utf8(name))), ...bytes(2, utf8('y')), ...bytes(4, utf8(op))];
  const graph = [...bytes(1, node), ...bytes(2, utf8('g')), ...bytes(11, value('x')), ...bytes(12, value('y'))];
  return Uint8Array.from([...varint(1, 8), ...bytes(7, graph), ...bytes(8, varint(2, 17))]);
}

describe('the browser of the tests', () => {
  it('offers a WebGPU adapter and device', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    expect(adapter).not.toBeNull();
    const device = await adapter!.requestDevice();
    expect(device.limits.maxStorageBufferBindingSize).toBeGreaterThan(0);
    device.destroy();
  });

  it('isolates the page, so that WASM may use threads', () => {
    expect(globalThis.crossOriginIsolated).toBe(true);
    expect(new SharedArrayBuffer(8).byteLength).toBe(8);
  });

  it.each(['wasm', 'webgpu'] as const)('runs onnxruntime on %s in a module worker', async (device) => {
    expect(await run(device, model('Mul', ['x', 'x']))).toEqual([1, 4, 9]);
  });

  it('does not let the CPU stand in for the GPU: Sign has no kernel there', async () => {
    expect(await run('wasm', model('Sign', ['x']))).toEqual([1, -1, 1]);
    await expect(run('webgpu', model('Sign', ['x']))).rejects.toThrow(
      /fallback to CPU EP has been explicitly disabled/,
    );
  });
});

/** Runs the model on x = (1, −2, 3) in a worker of its own. */
async function run(device: 'wasm' | 'webgpu', model: Uint8Array): Promise<number[]> {
  const worker = new Worker(new URL('./ort.worker.ts', import.meta.url), { type: 'module' });
  try {
    return await wrap<OrtWorker>(worker)(device, model, [1, -2, 3]);
  } finally {
    worker.terminate();
  }
}
