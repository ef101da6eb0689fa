/** Pictures of what a class looks like to the model: made, halted, kept, made again. */
import type { Page } from '@playwright/test';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const canvas = (page: Page) => page.locator('figure canvas').first();
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const pixels = (page: Page) => canvas(page).evaluate((one) => (one as HTMLCanvasElement).toDataURL());
const wall = (page: Page, state: string) =>
  expect(page.locator(`.pictures[data-state="${state}"]`)).toBeVisible({ timeout: 40_000 });

/** Look inside → Maximise, with `steps` asked for. */
async function open(page: Page, steps: number): Promise<void> {
  await page.goto('./');
  await page.getByRole('button', { name: 'Look inside' }).click();
  await page.getByRole('tab', { name: 'Maximise' }).click();
  await expect(button(page, 'Start')).toBeEnabled({ timeout: 40_000 });
  await page.getByText('How', { exact: true }).click();
  await page.getByLabel('Steps').fill(String(steps));
  await page.getByLabel('Steps').press('Tab');
}

async function run(page: Page, name = 'Start'): Promise<string> {
  await button(page, name).click();
  await wall(page, 'done');
  await expect(button(page, 'Start anew')).toBeVisible();
  return pixels(page);
}

test('the same seed gives the same picture, another another; the caption says what it is', async ({ page }) => {
  await open(page, 6);
  const first = await run(page);
  expect(await run(page, 'Start anew')).toBe(first);
  await page.getByLabel('Seed').fill('5');
  await page.getByLabel('Seed').press('Tab');
  expect(await run(page, 'Start anew')).not.toBe(first);
  const caption = page.locator('figcaption').first();
  for (const words of ['Objective', 'With moves', 'On the image', 'The model sees', '6 of 6', 'WASM'])
    await expect(caption).toContainText(words);
  expect(await objectionsTo(page)).toEqual([]);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Save the recipe/ }).click();
  expect((await saved).suggestedFilename()).toMatch(/-fourier\.json$/);
});

test('by keys: it pauses, goes on and stops, and the picture stays and can be enlarged', async ({ page }) => {
  await open(page, 5000);
  await button(page, 'Start').press('Enter');
  await expect(page.getByRole('progressbar', { name: /^Step [1-9]/ })).toBeVisible({ timeout: 40_000 });
  await button(page, 'Pause').press('Enter');
  await wall(page, 'paused');
  const halted = await pixels(page);
  await page.waitForTimeout(500);
  expect(await pixels(page)).toBe(halted);
  await button(page, 'Continue').press('Enter');
  await wall(page, 'running');
  await button(page, 'Stop').press('Enter');
  await wall(page, 'stopped');
  const kept = await pixels(page);
  expect(kept).not.toBe(halted);
  await page.getByRole('button', { name: /^Enlarge/ }).press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  expect(await pixels(page)).toBe(kept);
});
