/** @file A class through a neuron: the method chosen, its neuron picked, the link that brings both back. */
import type { Page } from '@playwright/test';
import { objectionsTo } from './objections.ts';
import { copyLink, follow } from './sharing.ts';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const heading = (page: Page) => page.getByRole('main').getByRole('heading', { level: 1 });
const followed = (page: Page) => page.getByText(/^The target is followed through/);

/** The page with the method, at the neuron that answers most; returns what the class is called. */
async function choose(page: Page): Promise<string> {
  await page.goto('./');
  await done(page);
  const label = (await heading(page).innerText()).split('\n')[0].replace(/\s+[\d.,]+\s*%$/, '');
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Neuron conductance', exact: true }).click();
  await expect(heading(page)).toContainText(`${label} through channel `, { timeout: 40_000 });
  await done(page);
  return label;
}

test('begins at the neuron that answers most, takes another, and a link brings it back', async ({ page }) => {
  const label = await choose(page);
  await expect(followed(page)).toContainText('which answers most to this image');
  const strongest = await heading(page).innerText();
  expect(await objectionsTo(page)).toEqual([]);

  await page.getByRole('combobox', { name: /^Through a neuron of / }).click();
  await page.getByRole('option', { name: /^conv3/ }).click();
  await expect(heading(page)).toContainText(/through channel \d+ at row \d+, column \d+ of conv3/, { timeout: 40_000 });
  await done(page);
  for (const [name, value] of [
    ['Channel', '5'],
    ['Row', '4'],
    ['Column', '3'],
  ]) {
    await page.getByLabel(name, { exact: true }).fill(value);
    await page.getByLabel(name, { exact: true }).press('Enter');
  }
  const title = `${label} through channel 5 at row 4, column 3 of conv3`;
  await expect(heading(page)).toContainText(title, { timeout: 40_000 });
  await done(page);
  await expect(followed(page)).not.toContainText('answers most');
  await expect(page.getByText('Why: the logit of')).toBeVisible();

  const link = await copyLink(page);
  expect(link).toContain('#v6.');
  await follow(page, link);
  await expect(page.getByText('Reproduced')).toBeVisible({ timeout: 60_000 });
  await expect(heading(page)).toContainText(title);

  await page.getByRole('button', { name: 'Take the strongest' }).click();
  await expect(heading(page)).not.toContainText('channel 5 at row 4', { timeout: 40_000 });
  expect(strongest).toContain('through channel');
});

test('takes the neuron under a click, and one from the feature maps', async ({ page }) => {
  await choose(page);
  const looking = page.getByRole('application', { name: /^Scores of each pixel/ });
  await looking.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const picked = page.getByText(/^Picked: channel \d+ at row \d+, column \d+ of /);
  await expect(picked).toBeVisible({ timeout: 20_000 });
  const title = (await picked.innerText()).replace('Picked: ', '');
  await page.getByRole('button', { name: 'Go through it' }).click();
  await expect(heading(page)).toContainText(`through ${title}`, { timeout: 40_000 });
  await done(page);

  await page.goto('about:blank');
  await page.goto('./#inside/maps?model=vitrine-16&image=cat-0&layer=conv3');
  const grid = page.getByRole('application', { name: /^Feature maps of conv3/ });
  await expect(grid).toBeVisible({ timeout: 40_000 });
  await grid.focus();
  for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  const dialog = page.getByRole('dialog', { name: 'Channel 2 of conv3' });
  await dialog.getByRole('application').focus({ timeout: 20_000 });
  for (const key of ['ArrowRight', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
  await dialog.getByRole('button', { name: 'Follow the class through it' }).click();
  await expect(heading(page)).toContainText(/through channel 2 at row \d+, column \d+ of conv3/, { timeout: 40_000 });
  await done(page);
});
