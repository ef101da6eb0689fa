/** @file Models that something is wrong with, in every view that looks inside: each says what, and none fails. */
import type { Page } from '@playwright/test';
import { constantLayer, notFinite, withoutConvolution } from './bad-models.ts';
import { expect, test } from './site.ts';

type Dropped = typeof notFinite;

/** Opens a model with an image, after the first visit's. */
async function open(page: Page, { name, bytes }: Dropped): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  const dataTransfer = await page.evaluateHandle(
    ([name, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      return transfer;
    },
    [name, bytes.toString('base64')],
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer });
  await expect(page.getByRole('button', { name: `Model: ${name}` })).toBeVisible({ timeout: 20_000 });
}

const main = (page: Page) => page.locator('main').filter({ visible: true });
const says = (page: Page, sentence: string | RegExp) => expect(main(page)).toContainText(sentence, { timeout: 20_000 });
const section = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name, exact: true }).click();
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click();

/** Look inside → feature maps of `layer`. */
async function maps(page: Page, layer: string): Promise<void> {
  await section(page, 'Look inside');
  await tab(page, 'Feature maps');
  const list = page.getByRole('listbox', { name: /^Layers/ });
  await list.getByRole('option', { name: layer }).click({ timeout: 20_000 });
  await expect(page.locator('section[data-layer]')).toHaveAttribute('data-layer', layer);
  await expect(page.locator('section[data-layer]')).toHaveAttribute('data-state', 'done', { timeout: 20_000 });
}

/** A few steps towards the class on show. */
async function maximise(page: Page): Promise<void> {
  await section(page, 'Look inside');
  await tab(page, 'Maximise');
  await page.getByText('How', { exact: true }).click({ timeout: 20_000 });
  await page.getByLabel('Steps').fill('5');
  await page.getByLabel('Steps').press('Tab');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Start anew' })).toBeVisible({ timeout: 40_000 });
}

test('a model without convolutions has bars, matrices, pictures and signals, and no neuron to pick', async ({
  page,
}) => {
  await open(page, withoutConvolution);
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 20_000 });
  await page.getByRole('application', { name: /^Scores/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await says(page, 'No layer of this model has positions on the image, so there is no neuron to pick here.');
  await maps(page, 'active');
  await says(page, '8 values, one for each channel');
  await tab(page, 'Filters');
  await says(page, 'This model has no convolution: its weights are matrices.');
  await maximise(page);
  await expect(page.locator('.pictures[data-state="done"]')).toBeVisible();
  await section(page, 'Signals');
  await says(page, 'Nothing conspicuous.');
});

test('a constant layer is called so, what stands behind it cannot be maximised, and signals name where it begins', async ({
  page,
}) => {
  await open(page, constantLayer);
  await says(page, 'The map is zero everywhere');
  await maps(page, 'still');
  await says(page, 'Every value of this layer is 0 on this image: there is nothing to tell its channels apart.');
  await tab(page, 'Filters');
  await says(page, /kernel of conv/i);
  await maximise(page);
  // An objective that does not depend on the image.
  await says(page, 'the objective is 0 whatever the picture. The unit is silent or constant');
  await section(page, 'Signals');
  await says(page, /Nothing but zeros on this image: 3 layers, beginning with still/);
  await says(page, /The gradient is exactly zero on this image: 2 layers/);
});

test('NaN on the way is told where it begins, and what comes of it', async ({ page }) => {
  await open(page, notFinite);
  await says(page, 'scores are not finite');
  await maps(page, 'root');
  await says(page, /of 3.456 values are not finite numbers: drawn in pink, left out of the statistics/);
  await maps(page, 'pooled');
  await says(page, 'No value of this layer is a finite number. Look at the layers before it');
  await tab(page, 'Filters');
  await says(page, 'NaN or ∞');
  await maximise(page);
  await says(page, 'the objective is NaN from the first picture on');
  await section(page, 'Signals');
  await says(page, /NaN or ∞ on the way: 3 layers, beginning with root/);
  await says(page, 'The gradient is NaN or ∞: conv');
});
