/**
 * @file onnxruntime-web and TensorFlow.js load their WebAssembly at run time from an address. So that no request leaves the
 * site, the files are copied to static/ort/ and static/tfjs/ (not committed) and served as `<base>/ort/` and `<base>/tfjs/`.
 */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

/** `asyncify` is the build with the WebGPU provider, the other one WASM alone. */
const FILES = ['', '.asyncify'].flatMap((build) =>
  ['mjs', 'wasm'].map((ending) => `ort-wasm-simd-threaded${build}.${ending}`),
);

/** With vector instructions and without; its build with threads starts them in a way that the site's policy forbids. */
const TFJS_FILES = ['', '-simd'].map((build) => `tfjs-backend-wasm${build}.wasm`);

export function copyOrt() {
  copy(FILES, join(root, 'node_modules', 'onnxruntime-web', 'dist'), join(root, 'static', 'ort'));
  copy(
    TFJS_FILES,
    join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist'),
    join(root, 'static', 'tfjs'),
  );
}

/**
 * @param {string[]} names
 * @param {string} from
 * @param {string} to
 */
function copy(names, from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of names) {
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
