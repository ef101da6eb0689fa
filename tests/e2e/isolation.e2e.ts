import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './deployment.ts';

test.use({ serviceWorkers: 'allow' });

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const menu = (page: Page) => page.getByRole('button', { name: /^Device/ });
const more = (page: Page) => page.getByRole('button', { name: /Use more threads/ });

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
  await menu(page).click();
}

/** Counts loads of the page itself, in this and every later document. */
async function countLoads(context: BrowserContext): Promise<() => number> {
  let loads = 0;
  await context.exposeFunction('tellLoad', () => loads++);
  await context.addInitScript(() => void (window as unknown as { tellLoad(): Promise<void> }).tellLoad());
  return () => loads;
}

/** A browser in which no header isolates a page. */
const neverIsolated = (page: Page) =>
  page.addInitScript(() => Object.defineProperty(window, 'crossOriginIsolated', { get: () => false }));

test('a plain static server gives one thread; a click gives more, another takes them back', async ({
  page,
  context,
}) => {
  const loads = await countLoads(context);
  await visit(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await expect(menu(page)).toContainText('WASM × 1');
  await expect(page.getByText('WASM runs on one thread')).toBeVisible();

  await more(page).click();
  await expect(menu(page)).toContainText(/WASM × ([2-9]|\d\d)/, { timeout: 30_000 });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await done(page);
  expect(loads()).toBe(2);

  // It is remembered.
  await page.reload();
  await done(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(loads()).toBe(3);

  await menu(page).click();
  await page.getByRole('button', { name: 'Back to one thread' }).click();
  await expect(menu(page)).toContainText('WASM × 1', { timeout: 30_000 });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  expect(loads()).toBe(4);
});

test('a browser that does not isolate the page is asked twice and then left alone', async ({
  page,
  context,
  faults,
}) => {
  await neverIsolated(page);
  const loads = await countLoads(context);
  await visit(page);
  await more(page).click();
  await expect.poll(loads, { timeout: 30_000 }).toBe(3);
  await done(page);
  await menu(page).click();
  await expect(page.getByText('This browser did not isolate the page')).toBeVisible();
  await page.waitForTimeout(1500);
  expect(loads()).toBe(3);
  expect(await page.evaluate(() => localStorage.getItem('vitrine-isolation'))).toBeNull();
  await page.reload();
  await done(page);
  await page.waitForTimeout(500);
  expect(loads()).toBe(4);
  // The automatic reload overtakes what the page was loading.
  expect(faults.splice(0).filter((fault) => !/^failed: .* net::ERR_ABORTED$/.test(fault))).toEqual([]);
});

test('without storage there is no reload, and the page says why', async ({ page, context }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get: () => {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  });
  const loads = await countLoads(context);
  await visit(page);
  await more(page).click();
  await expect(page.getByText('This browser keeps nothing for the page')).toBeVisible();
  await page.waitForTimeout(500);
  expect(loads()).toBe(1);
});

test.describe('with the headers of the host', () => {
  test.use({ isolated: true });

  test('there is nothing to ask for', async ({ page }) => {
    await visit(page);
    await expect(menu(page)).toContainText(/WASM × ([2-9]|\d\d)/);
    await expect(more(page)).toHaveCount(0);
  });
});
