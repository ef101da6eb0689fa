/** The puzzle: with the keyboard alone, on a desk and on a telephone, with numbers that the page itself has computed. */
import type { Page } from '@playwright/test';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const invitation = (page: Page) => page.getByRole('region', { name: 'A puzzle' });
const puzzle = (page: Page) => page.locator('#tour');

/** Moves the focus with Tab until `name` has it, as somebody without a mouse does. */
async function tabTo(page: Page, name: string): Promise<void> {
  const wanted = page.getByRole('button', { name, exact: true });
  await expect(wanted).toBeVisible();
  for (let i = 0; i < 20; i++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab did not reach the button “${name}”.`);
}

async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

const numberIn = (cell: string): number => Number(/([\d.]+)/.exec(cell)?.[1]);

test('is walked with the keyboard alone, and the numbers say who cheats', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await press(page, 'Find out which');
  await expect(invitation(page)).toBeHidden();

  await expect(page.getByRole('heading', { name: 'Two models, one of them cheats' })).toBeFocused();
  await expect(puzzle(page)).toContainText(/Model A says “sailboat” \(9\d/);
  await done(page);
  await expect(page.getByRole('button', { name: /^Model: / })).toHaveAccessibleName('Model: Model A.onnx');
  expect(await objectionsTo(page), 'the first step').toEqual([]);

  await press(page, 'Next');
  await expect(page.getByRole('heading', { name: 'The other model' })).toBeFocused();
  await expect(puzzle(page)).toContainText(/Model B says “sailboat” \(9\d/);
  await done(page);
  await press(page, 'Next');
  await expect(page.getByRole('heading', { name: 'Which one cheats?' })).toBeFocused();
  expect(await objectionsTo(page), 'the guess').toEqual([]);
  await page.getByRole('radio', { name: 'Model A' }).press('Space');
  await expect(page.getByRole('button', { name: /^Model: / })).toHaveAccessibleName('Model: Model A.onnx');
  await press(page, 'Model B cheats');

  const rows = puzzle(page).getByRole('row');
  await expect(rows.filter({ hasText: 'without it' })).toContainText(/sailboat 9\d.*fish/s);
  expect(await objectionsTo(page), 'without the mark').toEqual([]);
  await press(page, 'Next');
  await expect(page.getByRole('heading', { name: 'Model B cheats' })).toBeFocused();
  await expect(puzzle(page)).toContainText('You found it.');
  await expect(rows.filter({ hasText: 'Toadstool' })).toContainText(/mushroom 9\d.*sailboat 8\d/s);
  const [, a, b] = await rows.filter({ hasText: 'on the mark' }).locator('th, td').allInnerTexts();
  expect(numberIn(a), 'share of model A’s map on the mark').toBeLessThan(4);
  expect(numberIn(b), 'share of model B’s map on the mark').toBeGreaterThan(20);
  expect(await objectionsTo(page), 'the verdict').toEqual([]);

  // The step asks model A first and ends with model B, which then stays.
  await expect(page.getByRole('button', { name: /^Model: / })).toHaveAccessibleName('Model: Model B.onnx');
  await done(page);
  await press(page, 'Done');
  await expect(puzzle(page)).toBeHidden();
  await expect(page.locator('main')).toBeFocused();
  await expect(page.getByRole('button', { name: /^Model: / })).toHaveAccessibleName('Model: Vitrine 16, flawed twin');
  await page.reload();
  await done(page);
  await expect(invitation(page)).toBeHidden();
});

test('is declined for good, and begins again from the menu', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('button', { name: 'No puzzle, thanks' }).click();
  await done(page);
  await page.reload();
  await done(page);
  await expect(invitation(page)).toBeHidden();
  await page.getByRole('button', { name: /^Model: / }).click();
  await page.getByRole('button', { name: /Which of the two cheats/ }).click();
  await expect(page.getByRole('heading', { name: 'Two models, one of them cheats' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(puzzle(page)).toBeHidden();
});

test.describe('on a telephone that keeps nothing', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, reducedMotion: 'reduce' });

  test('offers the puzzle, and begins it from its address', async ({ page }) => {
    await page.addInitScript(() =>
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('denied', 'SecurityError');
        },
      }),
    );
    await page.goto('./');
    await expect(invitation(page)).toBeVisible();
    await done(page);
    expect(await objectionsTo(page), 'the invitation').toEqual([]);
    await page.goto('about:blank');
    await page.goto('./#puzzle');
    await expect(puzzle(page)).toContainText(/Model A says “sailboat” \(9\d/, { timeout: 40_000 });
    await page.getByRole('button', { name: 'Next' }).tap();
    await expect(puzzle(page)).toContainText(/Model B says “sailboat” \(9\d/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await objectionsTo(page), 'the second step').toEqual([]);
  });
});
