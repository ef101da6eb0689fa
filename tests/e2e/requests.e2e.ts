/** @file No view of the page asks the network for anything that the person did not ask for, its workers included. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { fakeCamera } from './camera.ts';
import { expect, test } from './site.ts';

test.use({ serviceWorkers: 'allow' });

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

/** Opens the menu or popover behind a button, looks, and closes it. */
async function look(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name }).first().click();
  await page.waitForTimeout(150);
  await page.keyboard.press('Escape');
}

/** Looks through a camera made of a canvas, and closes it. */
async function camera(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Use the camera…' }).click();
  await expect(page.getByLabel('What the camera sees')).toBeVisible();
  await page.keyboard.press('Escape');
}

/** Feature maps, one of them large, filters, a short maximisation, signals. */
async function inside(page: Page): Promise<void> {
  const section = (name: string) =>
    page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name, exact: true }).click();
  await section('Look inside');
  await expect(page.locator('section[data-layer][data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('application', { name: /^Feature maps of/ }).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: /^Channel/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Filters', exact: true }).click();
  await expect(page.getByRole('definition').first()).toBeVisible({ timeout: 20_000 });
  await page.getByRole('tab', { name: 'Maximise', exact: true }).click();
  await page.getByText('How', { exact: true }).click();
  await page.getByLabel('Steps').fill('2');
  await page.getByLabel('Steps').press('Tab');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.locator('.pictures[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await section('Signals');
  await expect(page.getByRole('heading', { name: 'Weights' })).toBeVisible({ timeout: 40_000 });
}

test('explaining, comparing, looking inside, signals, sharing, the camera and every menu stay within the site', async ({
  page,
  site,
  faults,
}) => {
  const paths = new Set<string>();
  page.context().on('request', (request) => {
    if (/^https?:/.test(request.url())) paths.add(request.url());
  });
  await fakeCamera(page);
  await page.goto('./');
  await done(page);
  for (const menu of [/^Model/, /^Input/, /^Device/, /^Download/]) await look(page, menu);
  await camera(page);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(page.locator('main .grid figure[data-state="done"]').first()).toBeVisible({ timeout: 40_000 });
  await inside(page);
  // Addresses are typed, and not yet asked for.
  await page.getByRole('button', { name: /^Model/ }).click();
  await page.getByLabel('Or from an address').first().fill('https://example.invalid/model.onnx');
  await page.keyboard.press('Escape');
  await page.waitForTimeout(300);
  expect(faults).toEqual([]);
  expect([...paths].filter((url) => !url.startsWith(site))).toEqual([]);
  // The watch sees what workers load.
  expect([...paths].some((url) => /\/ort\/.*\.wasm$/.test(url))).toBe(true);
});

test('the watch sees a request that a worker of the page makes', async ({ page, faults }) => {
  const other = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve));
  const address = `http://localhost:${(other.address() as AddressInfo).port}/`;
  await page.route('**/workers/lab.worker*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `void fetch('${address}', { mode: 'no-cors' });\n${await response.text()}` });
  });
  await page.goto('./');
  await done(page);
  other.close();
  expect(faults.splice(0)).toContain(`left the site: ${address}`);
});
