/** @file A neuron in place of a class: picked in the maps, explained, shared, and the way back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { drop } from './files.ts';
import { objectionsTo } from './objections.ts';
import { copyLink, follow } from './sharing.ts';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');
const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const heading = (page: Page) => page.getByRole('main').getByRole('heading', { level: 1 });

/** From the maps of the bundled model to the explanation of a neuron in them, whose name it returns. */
async function explainNeuron(page: Page): Promise<string> {
  await page.goto('./#inside/maps?model=vitrine-16&image=cat-0&layer=conv3');
  const grid = page.getByRole('application', { name: /^Feature maps of conv3/ });
  await expect(grid).toBeVisible({ timeout: 40_000 });
  await grid.focus();
  for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  const dialog = page.getByRole('dialog', { name: 'Channel 2 of conv3' });
  await dialog.getByRole('application').focus({ timeout: 20_000 });
  for (const key of ['ArrowRight', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
  const named = await dialog.getByRole('button', { name: /^Maximise the neuron at row/ }).innerText();
  const title = `channel 2 at ${/row \d+, column \d+/.exec(named)![0]} of conv3`;
  await dialog.getByRole('button', { name: 'Explain this neuron' }).click();
  await expect(heading(page)).toHaveText(title, { timeout: 40_000 });
  await done(page);
  return title;
}

test('is explained from the feature maps, and a link brings it back', async ({ page }) => {
  const title = await explainNeuron(page);
  await expect(page.getByText(`Why: the activation of ${title}`)).toBeVisible();
  await expect(page.getByText(`Explaining ${title} in place of a class.`)).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: `${title} explained: F(x)` })).toHaveCount(1);
  await expect(page.getByRole('combobox', { name: /^Explain the/ })).toBeHidden();
  const facts = page.locator('dl').filter({ hasText: 'F(x′)' }).first();
  await expect(facts).toContainText(/Δ/);
  expect(await objectionsTo(page)).toEqual([]);

  const link = await copyLink(page);
  expect(link).toContain('#v5.');
  await follow(page, link);
  await expect(page.getByText('Reproduced')).toBeVisible({ timeout: 60_000 });
  await expect(heading(page)).toHaveText(title);
});

test('stays with another image, ends with a class, and Grad-CAM takes a layer before it', async ({ page }) => {
  const title = await explainNeuron(page);
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Grad-CAM', exact: true }).click();
  await expect(page.getByRole('combobox', { name: /^Layer / })).toContainText('pool1');
  await page.waitForTimeout(300);
  await done(page);
  await expect(heading(page)).toHaveText(title);
  const value = await page.locator('main dd').first().innerText();
  await drop(page, [{ name: 'fish.png', bytes: readFileSync(join(root, 'static/gallery/fish-2.png')) }]);
  await expect(page.locator('main dd').first()).not.toHaveText(value, { timeout: 20_000 });
  await done(page);
  await expect(heading(page)).toHaveText(title);
  await page.getByText('How good is this map?').click();
  await expect(page.getByRole('listitem').filter({ hasText: 'Random logit' })).toContainText(
    'It compares with another class, and what is explained is a neuron.',
  );

  await page
    .getByRole('radiogroup', { name: /^Predictions/ })
    .getByRole('radio')
    .nth(1)
    .click();
  await expect(heading(page)).not.toHaveText(title);
  await done(page);
  await expect(page.getByText('in place of a class')).toBeHidden();
});

test('ends with another model', async ({ page }) => {
  const title = await explainNeuron(page);
  await drop(page, [{ name: 'cnn_plain.onnx', bytes: readFileSync(join(root, 'tests/fixtures/onnx/cnn_plain.onnx')) }]);
  await expect(heading(page)).toContainText('class ', { timeout: 20_000 });
  await expect(heading(page)).not.toHaveText(title);
  await expect(page.getByText('in place of a class')).toBeHidden();
});

test('is explained from the picked line, and the button leads back to the class', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const before = await heading(page).innerText();
  const looking = page.getByRole('application', { name: /^Scores of each pixel/ });
  await looking.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const picked = page.getByText(/^Picked: channel \d+ at row \d+, column \d+ of /);
  await expect(picked).toBeVisible({ timeout: 20_000 });
  const title = (await picked.innerText()).replace('Picked: ', '');
  await page.getByRole('button', { name: 'Explain it' }).click();
  await expect(heading(page)).toHaveText(title, { timeout: 20_000 });
  await done(page);
  await page.getByRole('button', { name: /^Back to / }).click();
  await expect(heading(page)).toHaveText(before, { timeout: 20_000 });
});

test('varies with the method in Compare, whose heading names it', async ({ page }) => {
  const title = await explainNeuron(page);
  await page
    .getByRole('navigation', { name: 'Sections' })
    .getByRole('button', { name: 'Compare', exact: true })
    .click();
  await expect(page.getByText(`activation of ${title}`)).toBeVisible({ timeout: 20_000 });
  await expect(page.locator('figure[data-state="done"]')).toHaveCount(4, { timeout: 60_000 });
});
