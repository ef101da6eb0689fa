/**
 * @file onnxruntime-web loads its WebAssembly at run time from an address. So that no request leaves the site, the files are
 * copied to static/ort/ (not committed) and served as `<base>/ort/`.
 */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

/** `asyncify` is the build with the WebGPU provider, the other one WASM alone. */
const FILES = ['', '.asyncify'].flatMap((build) =>
  ['mjs', 'wasm'].map((ending) => `ort-wasm-simd-threaded${build}.${ending}`),
);

export function copyOrt() {
  const from = join(root, 'node_modules', 'onnxruntime-web', 'dist');
  const to = join(root, 'static', 'ort');
  mkdirSync(to, { recursive: true });
  for (const name of FILES) {
    const source = statSync(join(from, name));
    const copy = statSync(join(to, name), { throwIfNoEntry: false });
    if (copy?.size === source.size && copy.mtimeMs >= source.mtimeMs) continue;
    copyFileSync(join(from, name), join(to, name));
  }
}

/**
 * Copies the files before Vite looks into static/, whatever started it: dev server, build or tests.
 *
 * @returns {import('vite').Plugin}
 */
export function ortFiles() {
  return { name: 'vitrine:ort-files', enforce: 'pre', config: copyOrt };
}
