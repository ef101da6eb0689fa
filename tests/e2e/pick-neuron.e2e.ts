/** @file A click on an explanation picks a neuron: by pointer and by keys, and where Look inside opens then. */
import type { Page } from '@playwright/test';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const looking = (page: Page) => page.getByRole('application', { name: /^Scores of each pixel/ });
const picked = (page: Page) => page.getByText(/^Picked: channel \d+ at row \d+, column \d+ of /);
const said = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');

async function choose(page: Page, method: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: method, exact: true }).click();
  await page.waitForTimeout(200);
  await done(page);
}

test('a click on Grad-CAM picks the neuron under it, and Look inside opens there', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await choose(page, 'Grad-CAM');
  const layer = (await page.getByRole('combobox', { name: /^Layer / }).innerText()).split('\n')[0]!.trim();
  const box = (await looking(page).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2 + 30, box.y + box.height / 2 - 50);
  const cell = /score \((\d+), (\d+)\)/.exec(await page.getByText(/score \(\d+, \d+\)/).innerText())!;

  // A drag moves the picture and picks nothing.
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 60, box.y + box.height / 2 - 50, { steps: 5 });
  await page.mouse.up();
  await expect(picked(page)).toBeHidden();

  await page.mouse.move(box.x + box.width / 2 + 30, box.y + box.height / 2 - 50);
  await page.mouse.down();
  await page.mouse.up();
  await expect(picked(page)).toContainText(`row ${cell[2]}, column ${cell[1]} of ${layer}`, { timeout: 20_000 });
  const channel = /channel (\d+)/.exec(await picked(page).innerText())![1]!;
  await page.getByRole('main').getByRole('button', { name: 'Look inside' }).click();
  await expect(page.locator('section[data-layer]')).toHaveAttribute('data-layer', layer);
  await expect.poll(() => Object.fromEntries(said(page))).toMatchObject({ layer, channel, y: cell[2]!, x: cell[1]! });
});

test('Enter picks where the arrow keys stand, in the picked layer, with a method of the input', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await looking(page).focus();
  await page.keyboard.press('Enter');
  await expect(picked(page)).toBeHidden();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(picked(page)).toBeVisible({ timeout: 20_000 });
  const first = await picked(page).innerText();
  for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Enter');
  await expect(picked(page)).not.toHaveText(first);
});
