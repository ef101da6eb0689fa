/** @file Look inside and Signals: one selection, places with addresses, back and forward, and what axe says to it. */
import type { Page } from '@playwright/test';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const rail = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name, exact: true }).click();
const layers = (page: Page) => page.getByRole('listbox', { name: 'Layers, from the image to the output' });
const picked = (page: Page) => layers(page).getByRole('option', { selected: true });
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });
const scrubber = (page: Page) => page.getByRole('group', { name: 'Layer' });
const said = (page: Page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');
const path = (page: Page) => new URL(page.url()).hash.split('?')[0];
const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

/** Goes back until `there` holds: what is picked within a place may have made a step of its own. */
async function backTo(page: Page, there: () => Promise<boolean>): Promise<void> {
  for (let step = 0; step < 4 && !(step > 0 && (await there())); step++) {
    await page.goBack();
    await page.waitForTimeout(500);
  }
  expect(await there()).toBe(true);
}

async function openInside(page: Page): Promise<void> {
  await rail(page, 'Look inside');
  await expect(picked(page)).toBeVisible({ timeout: 40_000 });
}

/** Moves that follow each other at once are one step of the history. */
const ownStep = (page: Page) => page.waitForTimeout(800);

test('the layer that is picked is the same in every view, and each place can be gone back to', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await openInside(page);
  await expect.poll(() => said(page).get('layer')).not.toBeNull();
  expect(path(page)).toBe('#inside/maps');
  const first = said(page).get('layer')!;
  await ownStep(page);

  // By search and keyboard.
  const names = await layers(page).getByRole('option').allInnerTexts();
  const wanted = names[2]!.split('\n')[0]!;
  expect(wanted).not.toBe(first);
  await page.getByRole('searchbox', { name: 'Search layers' }).fill(wanted);
  await page.keyboard.press('Enter');
  await expect(picked(page)).toContainText(wanted);
  await expect(scrubber(page)).toContainText(wanted);
  await expect.poll(() => said(page).get('layer')).toBe(wanted);
  await page.getByRole('searchbox', { name: 'Search layers' }).fill('');
  await expect(page.getByRole('complementary').getByText('Zeros', { exact: true })).toBeVisible({ timeout: 20_000 });

  await ownStep(page);
  await tab(page, 'Filters').click();
  await expect.poll(() => path(page)).toBe('#inside/filters');
  await ownStep(page);
  await tab(page, 'Maximise').click();
  await expect.poll(() => path(page)).toBe('#inside/maximise');
  await expect(scrubber(page)).toContainText(wanted);
  await ownStep(page);
  await page.keyboard.press('Alt+ArrowDown');
  await expect(scrubber(page)).toContainText(names[3]!.split('\n')[0]!);
  await ownStep(page);
  await rail(page, 'Signals');
  await expect.poll(() => path(page)).toBe('#signals');

  await backTo(page, async () => (await tab(page, 'Maximise').getAttribute('aria-selected')) === 'true');
  await expect(scrubber(page)).toContainText(names[3]!.split('\n')[0]!);
  await backTo(page, async () => (await scrubber(page).innerText()).includes(wanted));
  await backTo(page, async () => (await tab(page, 'Filters').getAttribute('aria-selected')) === 'true');
  await backTo(page, async () => (await scrubber(page).innerText()).includes(first));
  await backTo(page, () => page.locator('main#explain').isVisible());
  await page.goForward();
  await expect(tab(page, 'Feature maps')).toHaveAttribute('aria-selected', 'true');
  await rail(page, 'Explain');
  await done(page);

  // What was picked there is what Grad-CAM looks at, and the other way round.
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Grad-CAM', exact: true }).click();
  await page.getByRole('combobox', { name: /^Layer / }).click();
  await page.getByRole('option', { name: wanted }).first().click();
  await done(page);
  await openInside(page);
  await expect(picked(page)).toContainText(wanted);
});

test('an address opens the same unit in a fresh page, a reload keeps it, and one that leads nowhere says so', async ({
  page,
  faults,
}) => {
  await page.goto('./');
  await done(page);
  await openInside(page);
  await expect.poll(() => said(page).get('layer')).not.toBeNull();
  const layer = said(page).get('layer')!;
  const unit = `#inside/maps?model=vitrine-16-shortcut&image=fish-2&layer=${encodeURIComponent(layer)}&channel=3&y=1&x=2`;
  await page.goto('about:blank');
  await page.goto(`./${unit}`);
  for (let visit = 0; visit < 2; visit++) {
    await expect(picked(page)).toContainText(layer, { timeout: 40_000 });
    await expect(page.getByRole('button', { name: 'Model: Vitrine 16, flawed twin' })).toBeVisible({ timeout: 20_000 });
    await expect(page.getByRole('button', { name: /^Input: / })).toContainText(/fish/i);
    await page.waitForTimeout(600);
    const place = () => Object.fromEntries(said(page));
    await expect.poll(place).toMatchObject({ layer, channel: '3', y: '1', x: '2', image: 'fish-2' });
    await page.reload();
  }
  await expect(picked(page)).toBeVisible({ timeout: 40_000 });
  await page.evaluate(() => (location.hash = '#inside/maps?layer=nowhere&channel=99999'));
  await expect(page.getByText('does not have the layer “nowhere”')).toBeVisible();
  await page.evaluate(() => (location.hash = '#inside/secrets?layer=%00'));
  await expect(page.getByText('The address leads nowhere')).toBeVisible();
  await page.goto('about:blank');
  await page.goto('./#signals');
  await expect(page.locator('main#signals')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Model: Vitrine 16', exact: true })).toBeVisible({ timeout: 40_000 });
  // What was still being fetched when the page was left.
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.endsWith('net::ERR_ABORTED')));
});

/** Every view, with its content there. */
async function walk(page: Page, check: (view: string) => Promise<void>): Promise<void> {
  await expect(page.locator('section[data-layer][data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await check('Feature maps');
  await page.getByRole('application', { name: /^Feature maps of/ }).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('Contribution to', { timeout: 20_000 });
  await check('One channel');
  await page.keyboard.press('Escape');
  await tab(page, 'Filters').click();
  await expect(page.getByRole('definition').first()).toBeVisible({ timeout: 20_000 });
  await check('Filters');
  await tab(page, 'Maximise').click();
  await page.getByText('How', { exact: true }).click();
  await page.getByLabel('Steps').fill('2');
  await page.getByLabel('Steps').press('Tab');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.locator('.pictures[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await check('Maximise');
  await rail(page, 'Signals');
  await expect(page.getByRole('heading', { name: 'Weights' })).toBeVisible({ timeout: 40_000 });
  await check('Signals');
}

// What a window is wide changes no colours.
for (const { width, height, inDark } of [
  { width: 1440, height: 900, inDark: true },
  { width: 360, height: 740, inDark: false },
]) {
  test.describe(`${width} px`, () => {
    test.use({ viewport: { width, height } });
    test('axe has nothing to object to, and nothing is wider than the page', async ({ page }) => {
      test.setTimeout(120_000);
      await page.goto('./#inside');
      await expect(scrubber(page)).toBeVisible({ timeout: 40_000 });
      await walk(page, async (view) => {
        expect.soft(await objectionsTo(page), view).toEqual([]);
        if (inDark) {
          await page.emulateMedia({ colorScheme: 'dark' });
          expect.soft(await objectionsTo(page, { asked: 'colours' }), `${view}, dark`).toEqual([]);
          await page.emulateMedia({ colorScheme: 'light' });
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect.soft(wide, view).toBeLessThanOrEqual(0);
      });
    });
  });
}
