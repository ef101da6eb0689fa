/**
 * The device is left to the page, on a browser whose graphics adapter calls itself hardware: it is measured, chosen,
 * remembered and given up, all for real. Only its name is another, because an adapter that is known to be emulated is not tried.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { AS_HARDWARE, inWorkers, withoutTransposed } from './adapter.ts';
import { drop } from './files.ts';
import { expect, test } from './site.ts';

test.setTimeout(300_000);

const small = readFileSync(join(import.meta.dirname, '../fixtures/onnx/cnn_plain.onnx'));

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 90_000 });
const device = (page: Page) => page.getByRole('button', { name: /^Device:/ });
const menu = (page: Page) => page.getByRole('dialog', { name: 'Device' });
const fact = (page: Page, name: string) =>
  page.locator('figcaption dl div', { has: page.getByText(name, { exact: true }) }).locator('dd');

const classes = (page: Page) => page.getByRole('radiogroup', { name: /^Predictions/ }).getByRole('radio');

/** Explained by Grad-CAM, which asks little of an emulated GPU. */
async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await page.getByRole('combobox', { name: 'Method Integrated Gradients' }).click({ timeout: 90_000 });
  await page.getByRole('option', { name: 'Grad-CAM', exact: true }).click();
  await expect(fact(page, 'Method')).toContainText('Grad-CAM', { timeout: 90_000 });
  await done(page);
}

/** A model whose passes are quick on any device. */
async function open(page: Page): Promise<void> {
  await drop(page, [{ name: 'small.onnx', bytes: small }]);
  await expect(page.getByRole('button', { name: 'Model: small.onnx' })).toBeVisible({ timeout: 60_000 });
  await done(page);
}

const remembered = (page: Page) =>
  page.evaluate(
    () => JSON.parse(localStorage.getItem('vitrine-speeds') ?? '{}') as Record<string, Record<string, number>>,
  );

test('a pass is measured on both devices, the faster is used from the next time on, and the page says so', async ({
  page,
}) => {
  await inWorkers(page, AS_HARDWARE);
  await visit(page);
  await expect(device(page)).toHaveAccessibleName('Device: WebGPU');
  await expect(fact(page, 'Device')).toHaveText('WebGPU');
  await open(page);

  // A model whose passes are slow is not measured, and the first answer has compiled what the next ones use.
  const measured = async () => Object.keys(await remembered(page)).length;
  for (let i = 1; i < 6 && (await measured()) === 0; i++) {
    await classes(page)
      .nth(i % 3)
      .click();
    await done(page);
    await expect
      .poll(measured, { timeout: 15_000 })
      .toBe(1)
      .catch(() => undefined);
  }
  const table = await remembered(page);
  const [[sha256, times]] = Object.entries(table);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(Object.keys(times).toSorted()).toEqual(['ort-wasm', 'ort-webgpu']);
  // The adapter is emulated after all.
  expect(times['ort-webgpu']).toBeGreaterThan(1.2 * times['ort-wasm']);
  await device(page).click();
  await expect(menu(page)).toContainText(
    /One pass of this model, measured here: WebGPU [\d.]+ m?s, WASM [\d.]+ m?s\. WASM is used when it is next opened\./,
  );

  // Another model has not been measured.
  await visit(page);
  await expect(fact(page, 'Device')).toHaveText('WebGPU');
  await open(page);
  await expect(device(page)).toHaveAccessibleName(/^Device: WASM/);
  await expect(fact(page, 'Device')).toHaveText(/^WASM/);
  await device(page).click();
  await expect(menu(page)).toContainText('WASM is used: it was measured to be the fastest for this model here.');
  await expect(menu(page)).toContainText(/measured here: .*\. WASM is used\./);
  // Once is enough.
  await page.waitForTimeout(5_000);
  expect(await remembered(page)).toEqual(table);
});

test('a GPU on which a device cannot be had is not used, and the page says why', async ({ page }) => {
  await inWorkers(
    page,
    `${AS_HARDWARE} GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('the driver refuses'));`,
  );
  await page.goto('./');
  await done(page);
  await expect(fact(page, 'Device')).toHaveText(/^WASM/);
  await device(page).click();
  await expect(menu(page)).toContainText(/WebGPU is not used: .+\. WASM does the work\./);
});

test('a GPU that is lost is given up for WASM, and the page says so', async ({ page, browser }) => {
  await inWorkers(page, AS_HARDWARE);
  await visit(page);
  await expect(device(page)).toHaveAccessibleName('Device: WebGPU');
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
  await session.detach();
  await page
    .getByRole('radiogroup', { name: /^Predictions/ })
    .getByRole('radio')
    .nth(2)
    .click();
  const told =
    /WebGPU stopped in the middle of the work .* WASM does the work now; choose the other again under Device/;
  await expect(page.getByRole('alert').filter({ hasText: told })).toBeVisible({ timeout: 60_000 });
  await done(page);
  await expect(device(page)).toHaveAccessibleName(/^Device: WASM/);
  await expect(fact(page, 'Device')).toHaveText(/^WASM/);
});

test('a method whose gradient has an operator that the GPU lacks goes to WASM alone, and says so beside the picture', async ({
  page,
}) => {
  await inWorkers(page, AS_HARDWARE, withoutTransposed);
  await page.goto('./');
  await done(page);
  const note = page.getByText(/^WebGPU is not used for .+: ConvTranspose: .+\. WASM does that work\.$/);
  await expect(device(page)).toHaveAccessibleName('Device: WebGPU');
  await expect(note).toContainText('Integrated Gradients');
  await expect(fact(page, 'Device')).toHaveText(/^WASM/);
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Grad-CAM', exact: true }).click();
  await expect(fact(page, 'Method')).toContainText('Grad-CAM', { timeout: 60_000 });
  await expect(fact(page, 'Device')).toHaveText('WebGPU');
  await expect(note).toHaveCount(0);
});
