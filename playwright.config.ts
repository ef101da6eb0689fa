import { defineConfig } from '@playwright/test';
import { testLaunchOptions } from './scripts/chromium.mjs';

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
    launchOptions: await testLaunchOptions(),
    // Each test would keep the whole site for the time without a network; those about it allow it.
    serviceWorkers: 'block',
  },
});
