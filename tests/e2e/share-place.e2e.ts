/** @file A link of Share brings back where its sender was inside the model. */
import type { Page } from '@playwright/test';
import { copyLink, follow } from './sharing.ts';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const rail = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name, exact: true }).click();
const said = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });

test('layer, neuron, order, scale and recipe travel with a sealed link', async ({ page }) => {
  await page.goto('./#inside/maps?model=vitrine-16&image=cat-0&layer=conv2&channel=3&y=1&x=2');
  const sorted = page.getByRole('combobox', { name: /^Sorted by/ });
  await sorted.click({ timeout: 40_000 });
  await page.getByRole('option', { name: 'Mean, largest first' }).click();
  await page.getByRole('radio', { name: 'One for all' }).click();
  await tab(page, 'Maximise').click();
  await page.getByText('How', { exact: true }).click();
  await page.getByLabel('Steps').fill('11');
  await page.getByLabel('Steps').press('Tab');
  await expect.poll(() => said(page).get('steps')).toBe('11');
  await rail(page, 'Explain');
  await done(page);
  const link = await copyLink(page);
  expect(link).toContain('#v4.');
  expect(new URL(link).hash.length).toBeLessThan(1800);

  await follow(page, link);
  await expect(page.getByText('Reproduced')).toBeVisible({ timeout: 60_000 });
  await rail(page, 'Look inside');
  await expect(tab(page, 'Maximise')).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('11 steps')).toBeVisible({ timeout: 40_000 });
  await expect(page.getByRole('combobox', { name: /^Make large/ })).toContainText('A neuron');
  await expect
    .poll(() => Object.fromEntries(said(page)))
    .toMatchObject({ layer: 'conv2', channel: '3', y: '1', x: '2' });
  await tab(page, 'Feature maps').click();
  await expect(sorted).toContainText('Mean, largest first', { timeout: 20_000 });
  await expect(page.getByRole('radio', { name: 'One for all' })).toBeChecked();
});
