import type { Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { copyLink, follow } from './sharing.ts';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 60_000 });
const facts = (page: Page) => page.getByRole('figure', { name: 'Exhibit' }).locator('figcaption dl');
const term = (page: Page, name: string) =>
  facts(page)
    .locator('div', { has: page.getByText(name, { exact: true }) })
    .locator('dd');

/** The method with a large error, which takes few passes. */
async function choose(page: Page, error: string): Promise<void> {
  await page.goto('./');
  await done(page);
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Adaptive Integrated Gradients', exact: true }).click();
  await page.getByLabel('Error, %').fill(error);
  await page.getByLabel('Error, %').press('Enter');
  await expect(term(page, 'Error')).toContainText(`of ${error}.0 % allowed`, { timeout: 60_000 });
  await done(page);
}

test('an error is asked for: estimate, rule and passes stand beside the picture', async ({ page }) => {
  await choose(page, '10');
  await expect(term(page, 'Error')).toHaveText(/^≈ \d\.\d\d % of 10\.0 % allowed, by gradients$/);
  await expect(term(page, 'Method')).toHaveText(/^Adaptive Integrated Gradients, \d\d passes$/);
});

test('where the passes do not suffice the page says so, and how far they came', async ({ page }) => {
  await choose(page, '10');
  await page.getByLabel('Passes at most').fill('32');
  await page.getByLabel('Passes at most').press('Enter');
  await page.getByLabel('Error, %').fill('0.1');
  await page.getByLabel('Error, %').press('Enter');
  await expect(term(page, 'Error')).toHaveText(/^≈ .* %, over the 0\.100 % allowed, by gradients$/, {
    timeout: 60_000,
  });
  await expect(page.getByRole('figure', { name: 'Exhibit' })).toContainText(
    /The error is estimated at \S+ % after 3\d passes, 0\.1 % was asked for\. Allow more passes or a larger error\./,
  );
});

test('the estimate goes along in a bundle, and a link computes it again', async ({ page }) => {
  await choose(page, '10');
  const said = await term(page, 'Error').innerText();
  await page.getByRole('button', { name: 'Download' }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Bundle/ }).click();
  const files = unzipSync(readFileSync(await (await coming).path()));
  const { result } = JSON.parse(new TextDecoder().decode(files['vitrine.json'])) as {
    result: { check: { estimate: { error: number; target: number; rule: string } } };
  };
  expect(result.check.estimate).toMatchObject({ target: 0.1, rule: 'gradients' });
  expect(result.check.estimate.error).toBeLessThanOrEqual(0.1);

  await page.keyboard.press('Escape');
  await follow(page, await copyLink(page));
  await expect(term(page, 'Error')).toHaveText(said, { timeout: 60_000 });
  await expect(page.getByText(/^Reproduced:/).first()).toBeVisible();
});
