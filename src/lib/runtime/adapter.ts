/** @file What the browser tells about its GPU. */

/** Its vendor and architecture. Throws an Error when the browser offers none. */
export async function describeAdapter(): Promise<string> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter();
  if (!adapter) throw new Error('WebGPU: this browser offers no GPU adapter. Use WASM.');
  const { vendor, architecture, description } = adapter.info;
  return [vendor, architecture].filter(Boolean).join(' ') || description || 'unnamed';
}
