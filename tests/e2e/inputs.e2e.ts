import type { Page } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test as base } from './site.ts';

const root = join(import.meta.dirname, '../..');
const model = readFileSync(join(root, 'tests/fixtures/onnx/cnn_plain.onnx'));
const picture = readFileSync(join(root, 'static/gallery/fish-2.png'));

/** Another site: `shared/` lets other sites read, `own/` does not, `slow/` never ends. */
const test = base.extend<{ elsewhere: string }>({
  elsewhere: async ({ page: _ }, use) => {
    const server = createServer(({ url = '' }, response) => {
      const [, folder, name] = url.split('/');
      const body = name === 'model.onnx' ? model : picture;
      if (folder !== 'own') response.setHeader('Access-Control-Allow-Origin', '*');
      response.writeHead(200, { 'Content-Length': folder === 'slow' ? 50_000_000 : body.length });
      if (folder === 'slow') response.write(body);
      else response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    await use(`http://localhost:${(server.address() as AddressInfo).port}`);
    server.closeAllConnections();
    server.close();
  },
});

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
}

/** Asks for an address in the menu `menu`. */
async function ask(page: Page, menu: 'Model' | 'Input', address: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${menu}:`) }).click();
  await page.getByLabel('Or from an address').fill(address);
  await page.getByRole('button', { name: 'Fetch' }).click();
}

test('a model and an image of another site are opened by their addresses', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await ask(page, 'Model', `${elsewhere}/shared/model.onnx`);
  await expect(page.getByRole('button', { name: 'Model: model.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  await ask(page, 'Input', `${elsewhere}/shared/fish.png`);
  await expect(page.getByRole('button', { name: 'Input: fish.png' })).toBeVisible();
  await done(page);
  expect(faults.splice(0)).toEqual([
    `left the site: ${elsewhere}/shared/model.onnx`,
    `left the site: ${elsewhere}/shared/fish.png`,
  ]);
});

test('a site that does not let others read is explained, with the way out', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await ask(page, 'Model', `${elsewhere}/own/model.onnx`);
  const menu = page.locator('.menu-popup');
  await expect(menu.getByText(/does not let other sites read the file.*drop it here/)).toBeVisible();
  await page.getByLabel('Or from an address').fill('no address');
  await page.getByRole('button', { name: 'Fetch' }).click();
  await expect(menu.getByText('"no address" is no web address')).toBeVisible();
  await page.keyboard.press('Escape');
  await done(page);
  expect(faults.splice(0).every((fault) => fault.includes(elsewhere))).toBe(true);
});

test('a download shows its size and stops when told to', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await ask(page, 'Model', `${elsewhere}/slow/model.onnx`);
  await expect(page.getByText(/model\.onnx: .* of 50\.0 MB/)).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Fetching model.onnx' })).toBeVisible();
  await page.locator('.menu-popup').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('progressbar', { name: 'Fetching model.onnx' })).toHaveCount(0);
  await expect(page.locator('.menu-popup')).toBeVisible();
  faults.splice(0);
});

test('a well-known model is fetched on a click, checked, kept, and cleared', async ({ page, faults }) => {
  const path = join(root, '../shared/real/onnx/mnist_ort.onnx');
  test.skip(!existsSync(path), 'not here: mnist_ort.onnx');
  let [body, requests] = [Buffer.from('not that model'), 0];
  await page.route('https://huggingface.co/**', async (route) => {
    requests++;
    await route.fulfill({ body, headers: { 'Access-Control-Allow-Origin': '*' } });
  });
  await visit(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const menu = page.locator('.menu-popup');
  const digits = menu.getByRole('button', { name: /MNIST digits/ });
  await expect(digits).toContainText('26.5 kB, MIT');
  expect(requests).toBe(0);
  await digits.click();
  await expect(menu.getByText(/SHA-256 is [0-9a-f]{64}, not the expected 2f06e72d/)).toBeVisible();
  body = readFileSync(path);
  await digits.click();
  await expect(page.getByRole('button', { name: 'Model: mnist-8.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  await page.reload();
  await done(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await expect(digits).toContainText('kept in this browser');
  await digits.click();
  await expect(page.getByRole('button', { name: 'Model: mnist-8.onnx' })).toBeVisible({ timeout: 30_000 });
  expect(requests).toBe(2);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await menu.getByRole('button', { name: 'Clear' }).click();
  await expect(digits).not.toContainText('kept');
  await page.keyboard.press('Escape');
  await done(page);
  expect(faults.splice(0).every((fault) => fault.startsWith('left the site: https://huggingface.co/'))).toBe(true);
});
