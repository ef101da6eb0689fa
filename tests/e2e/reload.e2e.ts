/** @file Reloads that the page itself asks for close nothing that a person has open. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './deployment.ts';

test.use({ serviceWorkers: 'allow' });

const models = join(import.meta.dirname, '../../static/models');
const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const device = (page: Page) => page.getByRole('button', { name: /^Device/ });
const model = (page: Page) => page.getByRole('button', { name: /^Model/ });
const image = (page: Page) => page.locator('figure .window > img');
const chosen = (page: Page) =>
  page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio', { checked: true });

/** Files of a person's own, under names that the site has not. */
async function openOwn(page: Page): Promise<void> {
  const { models: listed } = JSON.parse(readFileSync(join(models, 'manifest.json'), 'utf8')) as {
    models: { first?: boolean; files: string[] }[];
  };
  const { files } = listed.find(({ first }) => first)!;
  const transfer = await page.evaluateHandle(
    ([model, name]) => {
      const bytes = Uint8Array.from(atob(model!), (char) => char.charCodeAt(0));
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [300, 300];
      const context = canvas.getContext('2d')!;
      context.fillStyle = 'teal';
      context.fillRect(90, 60, 140, 100);
      return new Promise<DataTransfer>((resolve) =>
        canvas.toBlob((blob) => {
          const data = new DataTransfer();
          data.items.add(new File([bytes], name!));
          data.items.add(new File([blob!], 'mine.png', { type: 'image/png' }));
          resolve(data);
        }),
      );
    },
    [readFileSync(join(models, files[0]!)).toString('base64'), 'mine.onnx'],
  );
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
  await expect(model(page)).toContainText('mine.onnx', { timeout: 30_000 });
  await done(page);
}

async function ask(page: Page): Promise<string> {
  await page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(2).click();
  await done(page);
  return (await chosen(page).getAttribute('aria-label')) ?? (await chosen(page).textContent()) ?? '';
}

async function stillOpen(page: Page, answer: string): Promise<void> {
  await expect(model(page)).toContainText('mine.onnx', { timeout: 40_000 });
  await done(page);
  await expect(image(page)).toHaveAttribute('alt', 'mine.png');
  expect((await chosen(page).getAttribute('aria-label')) ?? (await chosen(page).textContent())).toBe(answer);
  // Nothing of it stays behind.
  const left = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('vitrine-reload');
        opening.onsuccess = () => {
          const all = opening.result.transaction('stash').objectStore('stash').count();
          all.onsuccess = () => resolve(all.result);
        };
      }),
  );
  expect(left).toBe(0);
}

test.setTimeout(120_000);

test('switching isolation on and off again keeps model, image and question', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await openOwn(page);
  const answer = await ask(page);
  await device(page).click();
  await page.getByRole('button', { name: /Use more threads/ }).click();
  await expect(device(page)).toContainText(/WASM × ([2-9]|\d\d)/, { timeout: 40_000 });
  await stillOpen(page, answer);

  await device(page).click();
  await page.getByRole('button', { name: 'Back to one thread' }).click();
  await expect(device(page)).toContainText('WASM × 1', { timeout: 40_000 });
  await stillOpen(page, answer);
});

test('taking a new deployment keeps them too, and breaks no other tab, whose old parts the host no longer has', async ({
  page,
  context,
  deployment,
}) => {
  await page.goto('./');
  await done(page);
  await device(page).click();
  await expect(page.getByText('Works without a network')).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press('Escape');
  const other = await context.newPage();
  await other.goto('./');
  await done(other);

  // The part that compares is loaded when it is asked for; no tab has it yet.
  deployment.publish('next', /The numbers are complete; only the pictures are missing/);
  await page.reload();
  await done(page);
  await openOwn(page);
  const answer = await ask(page);
  await page.getByRole('button', { name: 'Reload', exact: true }).click({ timeout: 30_000 });
  await expect(page.locator('html[data-edition="next"]')).toBeAttached({ timeout: 30_000 });
  await stillOpen(page, answer);

  await expect(other.getByText('A new version is ready.')).toBeVisible();
  await other.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(other.locator('main .grid figure').first()).toBeVisible({ timeout: 30_000 });
  await other.getByRole('button', { name: 'Reload', exact: true }).click();
  await expect(other.locator('html[data-edition="next"]')).toBeAttached({ timeout: 30_000 });

  // With the last tab of it the old deployment goes.
  const kept = () =>
    page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith('vitrine-site-')).length);
  await expect.poll(kept, { timeout: 20_000 }).toBe(1);
});
