import type { Page } from '@playwright/test';
import { expect, test } from './site.ts';

const cells = (page: Page) => page.locator('main .grid figure');
const cell = (page: Page, title: string) => cells(page).filter({ has: page.getByRole('button', { name: title }) });
const states = (page: Page) => cells(page).evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.state));

/** The first visit's picture, then the comparison. */
async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
}

async function complete(page: Page, count: number): Promise<void> {
  await expect(page.locator('main header [role=status]')).toHaveText(`${count} of ${count}`, { timeout: 40_000 });
  expect(await states(page)).toEqual(Array(count).fill('done'));
}

async function vary(page: Page, what: string): Promise<void> {
  await page.getByRole('combobox', { name: /^What varies/ }).click();
  await page.getByRole('option', { name: new RegExp(`^${what}`) }).click();
}

/** Whether a cell's canvas holds more than one colour. */
const isDrawn = (page: Page, title: string) =>
  cell(page, title)
    .locator('canvas')
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = new OffscreenCanvas(width, height).getContext('2d')!;
      context.drawImage(canvas as HTMLCanvasElement, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      return new Set(new Uint32Array(data.buffer)).size > 100;
    });

test('four methods stand side by side, with captions, pictures and their agreement', async ({ page }) => {
  await visit(page);
  await complete(page, 4);
  for (const title of ['Integrated Gradients', 'DeepLIFT', 'Grad-CAM', 'Occlusion']) {
    await expect(cell(page, title)).toContainText(/F \+[\d.]+/);
    await expect(cell(page, title)).toContainText(/pass/);
    expect(await isDrawn(page, title)).toBe(true);
  }
  await expect(cell(page, 'DeepLIFT')).toContainText(/Δ/);
  const agreement = page.locator('main table td:not(.self)').filter({ hasText: /^\s*−?[01]\.\d\d\s*$/ });
  await expect(agreement).toHaveCount(12);
});

test('where the script that compares maps cannot be loaded, that is said and the rest stands', async ({ page }) => {
  await page.route('**/agreement.worker-*.js', (route) => route.abort());
  await visit(page);
  await complete(page, 4);
  await expect(page.getByText('the script that compares maps could not be loaded')).toBeVisible();
  expect(await isDrawn(page, 'Grad-CAM')).toBe(true);
  await expect(page.getByRole('button', { name: 'Rank by metrics' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Do the maps agree?' })).toHaveCount(0);
});

test('the same place is read out in every cell, and all zoom together', async ({ page }) => {
  await visit(page);
  await complete(page, 4);
  await cells(page).first().getByRole('application').hover();
  for (const reading of await cells(page).locator('output').allInnerTexts()) expect(reading).toMatch(/^[+−]?\d/);
  const marks = () => cells(page).locator('.looking .mark');
  await expect(marks()).toHaveCount(4);
  const before = await marks().last().boundingBox();
  await page.keyboard.press('Tab');
  await cells(page).first().getByRole('application').focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('+');
  expect((await marks().last().boundingBox())!.width).toBeGreaterThan(before!.width * 2);
});

test('what is ticked is added, what varies can be chosen', async ({ page }) => {
  test.setTimeout(180_000);
  await visit(page);
  await complete(page, 4);
  await page.getByRole('checkbox', { name: 'Saliency' }).check();
  await complete(page, 5);
  await page.getByRole('checkbox', { name: 'Occlusion' }).uncheck();
  await expect(cells(page)).toHaveCount(4);
  for (const what of ['Targets', 'Baselines', 'Layers', 'Images']) {
    await vary(page, what);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Several ${what.toLowerCase()}`);
    await complete(page, 4);
  }
  // Each picture is asked for its own class.
  await expect(cell(page, 'Coral fish')).toContainText(/fish [\d.]+/);
  await vary(page, 'Models');
  await complete(page, 2);
  const values = await cells(page).allInnerTexts();
  expect(new Set(values.map((text) => /F ([+−][\d.]+)/.exec(text)?.[1])).size).toBe(2);
});

test('one scale for all cells is the widest of them', async ({ page }) => {
  await visit(page);
  await vary(page, 'Targets');
  await complete(page, 4);
  const legends = () =>
    cells(page)
      .getByRole('img', { name: /^Colours/ })
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  expect(new Set(await legends()).size).toBeGreaterThan(1);
  await page.getByRole('radio', { name: 'One for all' }).click();
  await expect.poll(async () => new Set(await legends()).size).toBe(1);
});

test('stopping keeps what came; going on completes it', async ({ page }) => {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByLabel('Steps').fill('200');
  await page.getByLabel('Steps').press('Enter');
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.locator('main header').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText(/Stopped: \d of 4/)).toBeVisible();
  await page.getByRole('button', { name: 'Continue' }).click();
  await complete(page, 4);
});

test('two maps are laid over each other, by swipe and by blink', async ({ page }) => {
  await visit(page);
  await complete(page, 4);
  await page.getByRole('radio', { name: 'Swipe' }).click();
  await expect(page.getByText('A · Integrated Gradients')).toBeVisible();
  await expect(page.getByText('B · DeepLIFT')).toBeVisible();
  const slider = page.getByRole('slider', { name: 'Divided at' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(slider).toHaveValue('0');
  await page.getByRole('combobox', { name: /^Second/ }).click();
  await page.getByRole('option', { name: /Grad-CAM/ }).click();
  await expect(page.getByText('C · Grad-CAM')).toBeVisible();
  await page.getByRole('radio', { name: 'Blink' }).click();
  await page.getByRole('button', { name: 'Hold' }).click();
  const tag = page.locator('main .tag');
  const shown = await tag.innerText();
  await page.getByRole('button', { name: 'Show the other' }).click();
  await expect(tag).not.toHaveText(shown);
});

test('a cell opens in Explain with its own question', async ({ page }) => {
  await visit(page);
  await complete(page, 4);
  await page.getByRole('button', { name: /Grad-CAM/ }).click();
  await expect(page.locator('figcaption dl')).toContainText('Grad-CAM', { timeout: 40_000 });
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await complete(page, 4);
});
