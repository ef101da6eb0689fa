/** The lists of the page, which are the page's own: keys, letters, pointer, and where they stand. */
import type { Page } from '@playwright/test';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const method = (page: Page) => page.getByRole('combobox', { name: /^Method / });
const list = (page: Page) => page.getByRole('listbox', { name: 'Method' });
/** What Enter would choose, as a screen reader is told. */
const active = async (page: Page) => {
  const id = await method(page).getAttribute('aria-activedescendant');
  return (await page.locator(`[id="${id}"] .text`).innerText()).split('\n')[0];
};

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
}

test('a list is gone through with keys and letters, and left without a choice', async ({ page }) => {
  await visit(page);
  const chosen = (await method(page).innerText()).trim();
  await method(page).focus();
  await page.keyboard.press('ArrowDown');
  await expect(list(page)).toBeVisible();
  expect(await active(page)).toBe(chosen);
  await page.keyboard.press('Home');
  const first = await active(page);
  await page.keyboard.press('End');
  const last = await active(page);
  expect(first).not.toBe(last);
  // Keys bring what they lead to into sight.
  await expect(page.getByRole('option', { name: last, exact: true })).toBeInViewport();
  await page.keyboard.press('ArrowDown');
  expect(await active(page)).toBe(last);
  await page.keyboard.type('occ');
  expect(await active(page)).toBe('Occlusion');
  await page.keyboard.press('Escape');
  await expect(list(page)).toHaveCount(0);
  await expect(method(page)).toBeFocused();
  await expect(method(page)).toHaveText(chosen);

  // Letters alone open it; Tab takes what they lead to and goes on.
  await page.keyboard.type('sal');
  expect(await active(page)).toBe('Saliency');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('combobox', { name: 'Method Saliency' })).toBeVisible();
  await expect(method(page)).not.toBeFocused();
  await expect(list(page)).toHaveCount(0);
});

test('what cannot be chosen says why, and a click on it chooses nothing', async ({ page }) => {
  await visit(page);
  const chosen = (await method(page).innerText()).trim();
  await method(page).click();
  const barred = page.getByRole('option', { disabled: true }).first();
  await expect(barred.locator('small')).not.toBeEmpty();
  await barred.click({ force: true });
  await expect(list(page)).toBeVisible();
  await expect(method(page)).toHaveText(chosen);
  // A click beside it closes it.
  await page.getByRole('heading', { level: 1 }).click();
  await expect(list(page)).toHaveCount(0);
});

test('a list keeps to a narrow window, names itself and its groups', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await visit(page);
  await page.getByRole('button', { name: 'Adjust' }).click();
  await method(page).click();
  await expect(list(page)).toHaveAttribute('aria-busy', 'false');
  const box = (await list(page).boundingBox())!;
  expect(box.x).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width).toBeLessThanOrEqual(360);
  expect(box.y).toBeGreaterThanOrEqual(0);
  expect(box.y + box.height).toBeLessThanOrEqual(640);
  expect(await objectionsTo(page, { within: '[role=listbox]' })).toEqual([]);
  // Escape is about the list alone: the form that it stands in stays open.
  await page.keyboard.press('Escape');
  await expect(list(page)).toHaveCount(0);
  await expect(method(page)).toBeVisible();
});

test('what a word means is told to those who point, who use keys and who touch', async ({ page }) => {
  await visit(page);
  const word = page.locator('figcaption').getByRole('button', { name: 'Δ', exact: true });
  const meaning = page.getByRole('tooltip');
  await word.hover();
  await expect(meaning).toBeVisible();
  // The pointer may go to the text without losing it.
  await meaning.hover();
  await expect(meaning).toBeVisible();
  await page.mouse.move(5, 400);
  await expect(meaning).toHaveCount(0);
  await word.focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await expect(word).toBeFocused();
  await expect(meaning).toBeVisible();
  expect(await word.getAttribute('aria-describedby')).toBe(await meaning.getAttribute('id'));
  await page.keyboard.press('Escape');
  await expect(meaning).toHaveCount(0);
  await word.dispatchEvent('click');
  await expect(meaning).toBeVisible();
  await page.mouse.click(5, 400);
  await expect(meaning).toHaveCount(0);
});
