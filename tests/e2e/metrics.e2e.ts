/** How good is this map? Metrics beside the result, with a mask that is taken, painted or typed; and a ranking of several. */
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

/** By a method of one pass. */
async function explained(page: Page): Promise<void> {
  await page.goto('./');
  const done = page.locator('figure[data-state="done"]');
  await expect(done).toBeVisible({ timeout: 60_000 });
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Saliency', exact: true }).click();
  await expect(page.getByRole('combobox', { name: 'Method Saliency' })).toBeVisible();
  await expect(done).toBeVisible({ timeout: 60_000 });
}

const entry = (page: Page, title: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
const status = (page: Page) => page.locator('.painter').getByRole('status');

test('every metric is computed, or says why not; masks are taken, painted and typed', async ({ page }) => {
  test.setTimeout(150_000);
  await explained(page);
  await page.getByText('How good is this map?').click();
  await expect(entry(page, 'Relevance mass')).toContainText('It waits for a mask.');
  await page.getByRole('button', { name: 'Use the example’s mask' }).click();
  await expect(status(page)).toHaveText(/covers 3\d\.\d % of the image, as the example has it\.$/);
  await page.getByRole('button', { name: 'Run all metrics' }).click();
  await expect(page.getByText('All metrics have been computed.')).toBeVisible({ timeout: 90_000 });
  await expect(entry(page, 'Deletion')).toContainText(/0\.\d{3}\s*↓ lower is better/);
  await expect(entry(page, 'Completeness gap')).toContainText('This method makes no promise about its sum.');
  await expect(entry(page, 'ROAD').getByRole('img', { name: /Most relevant first: from/ })).toBeVisible();
  const mass = await entry(page, 'Relevance mass').locator('.value').textContent();
  expect(Number(mass)).toBeGreaterThan(0.3);

  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Metrics, CSV' }).click(),
  ]);
  const lines = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\r\n');
  const value = lines.find((line) => line.includes('"Relevance mass","value"'))!.split(',')[5];
  expect(Number(value).toPrecision(3)).toBe(Number(mass).toPrecision(3));
  expect(lines.filter((line) => line.includes('"Deletion","Deletion"'))).toHaveLength(21);

  // Another mask is another question.
  const canvas = page.locator('.painter canvas');
  await page.getByRole('button', { name: 'Clear mask' }).click();
  await canvas.click({ position: { x: 40, y: 40 } });
  await expect(status(page)).toHaveText(/covers \d\.\d+ % of the image\.$/);
  await page.getByText('Rectangle by numbers').click();
  for (const [side, number] of [
    ['Left', 0],
    ['Top', 0],
    ['Width', 48],
    ['Height', 96],
  ] as const) {
    await page.getByLabel(side, { exact: true }).fill(String(number));
    await page.getByLabel(side, { exact: true }).press('Enter');
  }
  await page.getByRole('button', { name: 'Add the rectangle' }).press('Enter');
  await expect(status(page)).toHaveText(/covers 50\.0 % of the image\.$/);
  await expect(entry(page, 'Relevance mass').locator('.value')).toHaveText('–');
  await page.getByRole('button', { name: 'Run all metrics' }).click();
  await expect(entry(page, 'Relevance mass').locator('.value')).toHaveText(/^0\.\d+$/, { timeout: 30_000 });
  expect(await objectionsTo(page)).toEqual([]);
});

test('the comparison ranks methods; a run is stopped and goes on; on a telephone too', async ({ page }) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('./#compare');
  const run = page.getByRole('button', { name: 'Rank by metrics' });
  await expect(page.getByText('4 of 4')).toBeVisible({ timeout: 90_000 });
  await run.click();
  const table = page.getByRole('region', { name: 'Which map is better?' });
  await expect(table.locator('td').filter({ hasText: 'place' }).first()).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(run).toBeEnabled();
  await run.click();
  await expect(page.getByRole('progressbar', { name: 'Computing metrics' })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(table.locator('tbody tr')).toHaveCount(4);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await objectionsTo(page, { within: 'main' })).toEqual([]);
});
