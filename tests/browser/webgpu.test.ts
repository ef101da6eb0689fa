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

/** ModelProto of y = x · x for three float32 numbers: IR version 8, opset 17. */
function squareModel(): Uint8Array {
  const shape = bytes(2, bytes(1, varint(1, 3)));
  const type = bytes(2, bytes(1, [...varint(1, 1), ...shape]));
  const value = (name: string) => [...bytes(1, utf8(name)), ...type];
  const node = [...bytes(1, utf8('x')), ...bytes(1, utf8('x')), ...bytes(2, utf8('y')), ...bytes(4, utf8('Mul'))];
  const graph = [...bytes(1, node), ...bytes(2, utf8('square')), ...bytes(11, value('x')), ...bytes(12, value('y'))];
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
    const worker = new Worker(new URL('./ort.worker.ts', import.meta.url), { type: 'module' });
    try {
      expect(await wrap<OrtWorker>(worker)(device, squareModel(), [1, -2, 3])).toEqual([1, 4, 9]);
    } finally {
      worker.terminate();
    }
  });
});
