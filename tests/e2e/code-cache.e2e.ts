import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from '@playwright/test';
import { launchOptions } from '../../scripts/chromium.mjs';
import { expect, test } from './deployment.ts';

test.use({ serviceWorkers: 'allow' });

// Several visits, each in a browser that is started anew.
test.setTimeout(180_000);

/** The first visit has no service worker yet, and to the second its answers may be new. */
const MOST_VISITS = 5;
/** Machine code is put away a while after the compiler has come to rest. */
const REST_MS = 5000;

/** Whether the browser took machine code of the engine from an earlier visit although a service worker stood in between. */
async function visit(context: BrowserContext, site: string): Promise<boolean> {
  const page = await context.newPage();
  const browser = context.browser()!;
  await browser.startTracing(page, { categories: ['-*', 'disabled-by-default-devtools.timeline'] });
  await page.goto(site);
  await page.locator('figure[data-state="done"]').waitFor({ timeout: 40_000 });
  await page.waitForTimeout(REST_MS);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: { name: string }[] };
  const kept = await page.evaluate(() => navigator.serviceWorker.controller !== null);
  return kept && traceEvents.some(({ name }) => name === 'v8.wasm.moduleCacheHit');
}

test('a later visit finds the machine code of the engine, through the service worker', async ({ playwright, site }) => {
  const profile = mkdtempSync(join(tmpdir(), 'vitrine-profile-'));
  // The tests' own way to start the browser does without the thorough compiler, whose code alone is kept.
  const options = await launchOptions();
  try {
    let found = false;
    for (let i = 0; i < MOST_VISITS && !found; i++) {
      const context = await playwright.chromium.launchPersistentContext(profile, options);
      found = await visit(context, site);
      await context.close();
    }
    expect(found).toBe(true);
  } finally {
    rmSync(profile, { recursive: true });
  }
});
