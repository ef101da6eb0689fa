/** @file A maximisation's recipe in the address: written as it is set, read in a fresh page, and told where it does not fit. */
import type { Page } from '@playwright/test';
import { expect, test } from './site.ts';

const said = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');
const start = (page: Page) =>
  expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled({ timeout: 40_000 });

async function set(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel(label, { exact: true }).press('Tab');
}

test('the recipe is in the address, and a fresh page has it', async ({ page }) => {
  await page.goto('./#inside/maximise');
  await start(page);
  await page.getByText('How', { exact: true }).click();
  await page.getByRole('radio', { name: 'MACO' }).click();
  await set(page, 'Steps', '9');
  await set(page, 'Seed', '5');
  await page.getByRole('combobox', { name: /^Make large/ }).click();
  await page.getByRole('option', { name: /^A channel/ }).click();
  await page.getByRole('switch', { name: /^Combine/ }).click();
  await set(page, 'Its weight', '0.5');
  const recipe = { parametrisation: 'maco', steps: '9', seed: '5', second: '1', weight: '0.5' };
  await expect.poll(() => Object.fromEntries(said(page))).toMatchObject(recipe);
  const address = page.url();

  await page.goto('about:blank');
  await page.goto(address);
  await start(page);
  await expect(page.getByRole('combobox', { name: /^Make large/ })).toContainText('A channel');
  await expect(page.getByText('MACO, 9 steps, seed 5')).toBeVisible();
  await expect(page.getByLabel('Its weight')).toHaveValue('0.5');
  await page.waitForTimeout(600);
  expect(page.url()).toBe(address);

  // Another tab and back: it is still there.
  await page.getByRole('tab', { name: 'Filters', exact: true }).click();
  await page.getByRole('tab', { name: 'Maximise', exact: true }).click();
  await expect.poll(() => page.url()).toBe(address);
});

test('what does not fit is told, and the rest is taken', async ({ page }) => {
  await page.goto('./#inside/maximise?objective=logit&second=99&steps=7&seed=x&l1=-1');
  await start(page);
  await expect(page.getByText('7 steps, seed 0')).toBeVisible();
  await expect(page.getByText(/seed “x” .* l1 “-1”/)).toBeVisible();
  await expect(page.getByText(/The second class is 99, but .* has 16, from 0 to 15/)).toBeVisible();
});
