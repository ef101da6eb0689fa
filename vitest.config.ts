import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defaultClientConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { testLaunchOptions } from './scripts/chromium.mjs';
import { ortFiles } from './scripts/copy-ort.mjs';
import { ISOLATION_HEADERS } from './scripts/static-server.mjs';

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [svelte()],
        test: {
          name: 'node',
          environment: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/browser/**', 'tests/e2e/**'],
          testTimeout: 30_000,
          // By default one core is left out: of two cores half.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
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
