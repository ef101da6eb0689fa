import { defineConfig } from '@playwright/test';
import { launchOptions } from './scripts/chromium.mjs';

/** End-to-end tests of build/; tests/e2e/site.ts serves it. */
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.e2e.ts',
  outputDir: 'test-results',
  // One at a time: the tests measure time, and onnxruntime takes every core.
  workers: 1,
  timeout: 60_000,
  use: { browserName: 'chromium', launchOptions: await launchOptions() },
});
