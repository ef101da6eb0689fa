import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const caption = (page: Page) => page.locator('figcaption');

async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await expect(caption(page).locator('dl')).toContainText(`${title},`);
  await done(page);
}

/** Copies the link of what is on show. */
async function share(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByRole('button', { name: 'Link copied' })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(page.url()).toBe(link);
  return link;
}

/** Opens a link as from a chat: in a page that was never at this address. */
async function follow(page: Page, link: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(link);
}

async function drop(page: Page, name: string, path: string): Promise<void> {
  const base64 = readFileSync(path).toString('base64');
  const dataTransfer = await page.evaluateHandle(
    ([name, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
      return transfer;
    },
    [name, base64],
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

test.beforeEach(({ context, site }) =>
  context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site).origin }),
);

test('a link brings model, image and settings back and says that the result is the same', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await chooseMethod(page, 'Integrated Gradients');
  await page.getByLabel('Steps').fill('7');
  await page.getByLabel('Steps').press('Enter');
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Coral fish' }).click();
  await expect(caption(page).getByRole('heading')).toContainText('fish');
  await page.getByRole('radio', { name: 'Against' }).click();
  await done(page);
  const facts = async () => (await caption(page).locator('dd').allInnerTexts()).slice(0, 4);
  const before = await facts();
  expect(before[3]).toMatch(/^Integrated Gradients, \d passes$/);
  const link = await share(page);
  expect(link.length).toBeLessThan(600);
  await follow(page, link);
  await expect(caption(page)).toContainText('Reproduced', { timeout: 40_000 });
  expect(await facts()).toEqual(before);
  await expect(page.getByRole('button', { name: 'Input: Coral fish' })).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Against' })).toBeChecked();
  // What is asked afterwards is no longer what the link says.
  await chooseMethod(page, 'Saliency');
  await expect(caption(page)).not.toContainText('Reproduced');
});

test('a cut link says so and opens nothing in its place; the page stays usable', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const link = await share(page);
  await follow(page, link.slice(0, -30));
  await expect(page.getByRole('alert').filter({ hasText: /cut off after \d+ characters/ })).toBeVisible();
  await expect(page.locator('figure img')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Model: …' })).toBeVisible();
  await page.getByRole('button', { name: /^Model/ }).click();
  await page
    .getByRole('button', { name: /Vitrine 16/ })
    .first()
    .click();
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Coral fish' }).click();
  await done(page);
  // A whole link in the open page replaces what is there.
  await page.evaluate((fragment) => (location.hash = fragment), new URL(link).hash);
  await expect(caption(page)).toContainText('Reproduced', { timeout: 40_000 });
  await expect(caption(page).getByRole('heading')).toContainText('cat');
});

test('a link to a model on the sender’s disk names it and takes that very file', async ({ page }) => {
  const own = join(root, 'tests/goldens/data/cnn_plain/model.onnx');
  await page.goto('./');
  await done(page);
  await drop(page, 'my model.onnx', own);
  await expect(page.getByRole('button', { name: 'Model: my model.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  const link = await share(page);
  await follow(page, link);
  const needed = page.getByRole('status').filter({ hasText: 'This link needs the model my model.onnx' });
  await expect(needed).toContainText(/SHA-256 [0-9a-f]{64}/);
  await drop(page, 'my model.onnx', join(root, 'tests/goldens/data/mlp/model.onnx'));
  await expect(page.getByRole('alert').filter({ hasText: 'not what the link was made with' })).toBeVisible();
  await expect(needed).toBeVisible();
  await drop(page, 'renamed.onnx', own);
  await expect(caption(page)).toContainText('Reproduced', { timeout: 40_000 });
  await expect(needed).toHaveCount(0);
});
