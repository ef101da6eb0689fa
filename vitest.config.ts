import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { testLaunchOptions } from './scripts/chromium.mjs';
import { ortFiles } from './scripts/copy-ort.mjs';
import { ISOLATION_HEADERS } from './scripts/static-server.mjs';

/** Many short tests of functions: they change no globals, keep nothing in modules and measure no memory. */
const PURE = ['architecture', 'formats', 'graph', 'metrics', 'ops', 'render', 'tensor', 'ui', 'vision'].map(
  (folder) => `tests/${folder}{/**/*,}.test.ts`,
);

const UNDER_NODE = {
  environment: 'node',
  include: ['tests/**/*.test.ts'],
  testTimeout: 30_000,
  // By default one core is left out: of two cores half.
  maxWorkers: availableParallelism(),
  // onnxruntime's functions are compiled at their first call: a test calls few of them.
  execArgv: ['--wasm-lazy-compilation'],
  sequence: { groupOrder: 0 },
};

export default defineConfig({
  test: {
    projects: [
      // One process for each file: what a test leaves behind (globals, clocks, memory) or measures is its own.
      {
        plugins: [svelte()],
        test: { ...UNDER_NODE, name: 'node', exclude: ['tests/browser/**', 'tests/e2e/**', ...PURE] },
      },
      // One process for file after file: to read the modules behind a file takes longer than most of these tests.
      {
        plugins: [svelte()],
        test: { ...UNDER_NODE, name: 'node-pure', include: PURE, isolate: false },
      },
      {
        plugins: [ortFiles(), svelte()],
        publicDir: 'static',
        resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
        // Found while a test already runs, a dependency would be bundled then and the page reloaded.
        optimizeDeps: {
          exclude: ['onnxruntime-web'],
          include: [
            '@bufbuild/protobuf/wire',
            '@tensorflow/tfjs-backend-cpu',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-backend-webgl',
            '@tensorflow/tfjs-backend-webgpu',
            '@tensorflow/tfjs-converter',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-layers',
            'comlink',
            'fast-check',
            'fflate',
            'flatbuffers',
            'pixi.js',
            'pixi.js/mesh',
            'pixi.js/unsafe-eval',
            'typebox',
            'typebox/value',
          ],
        },
        worker: { format: 'es' },
        // Beside the project: files of others that tests read where they are there.
        server: { headers: ISOLATION_HEADERS, fs: { allow: ['.', '../shared'] } },
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          testTimeout: 60_000,
          // Not beside the other project, which takes every core.
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: await testLaunchOptions() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
