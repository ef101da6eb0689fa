/** @file Feature maps of the bundled model: sorted, read by keys, enlarged, saved; what axe says to them. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const maps = (page: Page) => page.locator('section[data-layer]');
const grid = (page: Page) => page.getByRole('application', { name: /^Feature maps of/ });
const reading = (page: Page) => maps(page).locator('output').first();

async function pick(page: Page, layer: string): Promise<void> {
  const list = page.getByRole('listbox', { name: 'Layers, from the image to the output' });
  await list.getByRole('option').filter({ hasText: layer }).click();
  await expect(maps(page)).toHaveAttribute('data-layer', layer);
  await expect(maps(page)).toHaveAttribute('data-state', 'done', { timeout: 20_000 });
}

test('a layer is sorted, read by keys, enlarged, picked from and saved', async ({ page }) => {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name: 'Look inside' }).click();
  await pick(page, 'conv1');
  expect(await objectionsTo(page, { within: 'main' })).toEqual([]);

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    maps(page).getByRole('button', { name: 'NPY', exact: true }).click(),
  ]);
  const saved = readNpy(new Uint8Array(readFileSync(await file.path())));
  const [channels, height, width] = saved.shape;
  await expect(maps(page)).toContainText(`${channels} channels of ${width} × ${height}`);
  const means = Array.from({ length: channels }, (_, c) => {
    const values = saved.data.subarray(c * height * width, (c + 1) * height * width) as Float32Array;
    return values.reduce((sum, v) => sum + v, 0) / values.length;
  });
  const best = means.indexOf(Math.max(...means));

  await maps(page)
    .getByRole('combobox', { name: /^Sorted by/ })
    .click();
  await page.getByRole('option', { name: 'Mean, largest first' }).click();
  await grid(page).focus();
  await page.keyboard.press('Home');
  await expect(reading(page)).toContainText(`Channel ${best} · row 0, column 0 ·`);
  await page.keyboard.press('Shift+ArrowRight');
  await expect(reading(page)).toContainText(`Channel ${best} · row 0, column 1 ·`);

  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: `Channel ${best} of conv1` });
  await expect(dialog).toContainText('Contribution to', { timeout: 20_000 });
  await dialog.getByRole('application').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: /^Maximise the neuron at row/ })).toBeVisible();
  await dialog.getByRole('button', { name: 'See its filter' }).click();
  await expect(page.getByRole('tab', { name: 'Filters', exact: true })).toHaveAttribute('aria-selected', 'true');
  await expect.poll(() => new URL(page.url()).hash).toContain(`channel=${best}`);
});

test('what has one value for each channel is shown as bars, named where they are the classes', async ({ page }) => {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name: 'Look inside' }).click();
  await pick(page, 'logits');
  expect(await objectionsTo(page, { within: 'main' })).toEqual([]);
  await page.getByRole('application', { name: /^Values of logits/ }).focus();
  await page.keyboard.press('End');
  await expect(reading(page)).toContainText('Class 15, umbrella');
  await page.getByText('Channels in numbers').click();
  await expect(page.getByRole('row', { name: /^Enlarge Class 15, umbrella/ })).toBeVisible();
});
