/** @file What onnxruntime needs of a browser, known before its megabytes are loaded. */

/** A module whose one function uses vector instructions: () → v128, `i32.const 0`, `i8x16.splat`, `i8x16.popcnt`. */
const VECTORS = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 0x41, 0, 0xfd, 15, 0xfd, 98, 11],
);

/** null when all is there; otherwise what is missing and what to do. */
export function missingFeature(): string | null {
  if (typeof WebAssembly !== 'object')
    return 'WASM: this browser has no WebAssembly, or a setting switches it off. Models cannot run; allow it, or use another browser.';
  if (!WebAssembly.validate(VECTORS))
    return 'WASM: this browser has no vector instructions (WebAssembly SIMD), which Chrome 91, Firefox 89 and Safari 16.4 brought. Models cannot run; update the browser.';
  return null;
}
