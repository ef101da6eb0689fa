import { defineConfig } from '@playwright/test';
import { launchOptions } from './scripts/chromium.mjs';

const { args, ...launch } = await launchOptions();

/**
 * WebAssembly by V8's quick compiler, each function at its first call: onnxruntime has 40,000 functions and a test calls few
 * of them, few times (docs/decisions/0008-tests.md).
 */
const QUICK = '--js-flags=--wasm-lazy-compilation --liftoff-only';

/** End-to-end tests of build/; tests/e2e/site.ts serves it. */
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.e2e.ts',
  outputDir: 'test-results',
  // Each test has a server and a browser profile of its own, and on a plain host onnxruntime takes one core.
  workers: 2,
  fullyParallel: true,
  // A test that passes at the second try is named in the summary (docs/decisions/0008-tests.md).
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  use: {
    browserName: 'chromium',
    launchOptions: { ...launch, args: [...args, QUICK] },
    // Each test would keep the whole site for the time without a network; those about it allow it.
    serviceWorkers: 'block',
  },
});
