/** @file A browser whose own setting blocks all data of sites: storage, caches and service worker are refused, for real. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test as base } from './site.ts';

/** In Chromium's settings: “sites cannot save data on your device”. */
const BLOCKED = { profile: { default_content_setting_values: { cookies: 2 } } };

const test = base.extend({
  context: async ({ playwright, launchOptions, baseURL }, use) => {
    const profile = mkdtempSync(join(tmpdir(), 'vitrine-'));
    mkdirSync(join(profile, 'Default'));
    writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify(BLOCKED));
    const context = await playwright.chromium.launchPersistentContext(profile, { ...launchOptions, baseURL });
    await use(context);
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  },
});

test.setTimeout(120_000);

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

const button = (page: Page, name: RegExp) => page.getByRole('button', { name });

/** What the browser says to a page that asks for a place to keep things. */
const refusals = (page: Page) =>
  page.evaluate(async () => {
    const name = async (touch: () => unknown) => {
      try {
        await touch();
        return 'allowed';
      } catch (error) {
        return (error as Error).name;
      }
    };
    return {
      localStorage: await name(() => localStorage.length),
      sessionStorage: await name(() => sessionStorage.length),
      caches: await name(() => caches.keys()),
      indexedDB: await name(
        () =>
          new Promise((resolve, reject) => {
            const request = indexedDB.open('probe');
            request.onsuccess = resolve;
            request.onerror = () => reject(request.error!);
          }),
      ),
      serviceWorker: await name(() => navigator.serviceWorker.getRegistration()),
    };
  });

test('where the browser’s setting denies all storage the page explains, and says what is not kept', async ({
  page,
}) => {
  await page.goto('./');
  await done(page);
  // The setting is in force: nothing here is a fault of the test's own making.
  expect(await refusals(page)).toEqual({
    localStorage: 'SecurityError',
    sessionStorage: 'SecurityError',
    caches: 'SecurityError',
    indexedDB: 'UnknownError',
    serviceWorker: 'NotSupportedError',
  });

  await button(page, /^Device/).click();
  const device = page.getByRole('dialog', { name: 'Device' });
  await expect(device).toContainText(
    'The page is not kept for use without a network: the browser’s settings let it keep nothing.',
  );
  await button(page, /^Use more threads/).click();
  const refused = page.getByRole('alert').filter({ hasText: 'This browser keeps nothing for the page' });
  await expect(refused).toBeVisible();
  await page.keyboard.press('Escape');

  await button(page, /^Model/).click();
  await expect(page.getByRole('dialog', { name: 'Model' })).toContainText(
    'this browser’s settings let the page keep nothing, so each time anew',
  );
  await page.keyboard.press('Escape');

  // What needs no storage works as ever: another class, the look of the page, a comparison.
  await page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(1).click();
  await done(page);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(page.getByText('4 of 4')).toBeVisible({ timeout: 40_000 });
});

test('a link is made and followed where all storage is denied', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(1).click();
  await done(page);
  await button(page, /^Share/).click();
  await button(page, /^Copy link/).click();
  await expect(page).toHaveURL(/#v2\./);
  await page.reload();
  await expect(page.locator('figcaption').first()).toContainText('Reproduced', { timeout: 40_000 });
});
