/** @file How much memory onnxruntime's WebAssembly takes. It never shrinks; only the end of the worker gives it back. */

/** Bytes that a 32-bit WebAssembly memory can have at most, which is also what onnxruntime's files declare. */
export const HEAP_LIMIT = 2 ** 32;

/** Memories that WebAssembly modules create while `task` runs; onnxruntime keeps its own to itself. */
export async function recordMemories<T>(into: WebAssembly.Memory[], task: () => Promise<T>): Promise<T> {
  const original = WebAssembly.Memory;
  WebAssembly.Memory = class extends original {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      into.push(this);
    }
  };
  try {
    return await task();
  } finally {
    WebAssembly.Memory = original;
  }
}

export const totalBytes = (memories: readonly WebAssembly.Memory[]): number =>
  memories.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0);
