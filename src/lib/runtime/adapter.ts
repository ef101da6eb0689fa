/** @file What the browser tells about its GPU, and whether it lets WebGPU and WebGL run on it. */

/** Its vendor and architecture. Throws an Error when the browser offers none. */
export async function describeAdapter(): Promise<string> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter();
  if (!adapter) throw new Error('WebGPU: this browser offers no GPU adapter. Use WASM.');
  const { vendor, architecture, description } = adapter.info;
  return [vendor, architecture].filter(Boolean).join(' ') || description || 'unnamed';
}

export interface Gpu {
  readonly kind: 'hardware' | 'software' | 'none';
  /** Why WebGPU is not chosen without being asked for; '' on hardware. */
  readonly reason: string;
}

/** A software adapter computes right but slower than WASM, so it is used only when asked for by name. */
export async function findGpu(): Promise<Gpu> {
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

/** Why nothing can be computed by WebGL here, or ''. Halves would be too coarse: it must draw into textures of float32. */
export function missingWebgl(): string {
  if (!('OffscreenCanvas' in globalThis)) return 'this browser does not offer it outside of the page';
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return 'this browser does not offer version 2 of it';
  const renders = gl.getExtension('EXT_color_buffer_float') !== null;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return renders ? '' : 'the graphics adapter draws no float32';
}

/** What went wrong, to be the middle of a sentence. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
