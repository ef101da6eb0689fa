/** @file The other open images as what is compared with: asked for, dropped, shared and dropped again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { drop } from './files.ts';
import { objectionsTo } from './objections.ts';
import { copyLink, follow } from './sharing.ts';
import { expect, test } from './site.ts';

const gallery = join(import.meta.dirname, '../../static/gallery');
const files = ['fish-2', 'bird-1', 'cup-8'].map((name) => ({
  name: `${name}.png`,
  bytes: readFileSync(join(gallery, `${name}.png`)),
}));
const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
}

test('feature permutation asks for more images, compares with all of them, and a link names them', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await page.getByRole('combobox', { name: /^Method / }).click();
  const option = page.getByRole('option', { name: /^Feature permutation/ });
  await expect(option).toContainText('open more, by dropping several at once');
  await expect(option).toHaveAttribute('data-disabled', '');
  await page.keyboard.press('Escape');

  await drop(page, files);
  await done(page);
  await chooseMethod(page, 'Feature permutation');
  await expect(page.getByText('Compared with 2 other open images: bird-1.png, cup-8.png')).toBeVisible({
    timeout: 40_000,
  });
  await expect(page.getByText(/^Feature permutation, 130 passes$/)).toBeVisible({ timeout: 60_000 });
  await done(page);
  expect(await objectionsTo(page)).toEqual([]);

  const link = await copyLink(page);
  expect(link).toContain('#v7.');
  expect(new URL(link).hash.length).toBeLessThan(1800);
  await follow(page, link);
  await expect(page.getByText(/an image to compare with bird-1\.png/)).toBeVisible({ timeout: 40_000 });
  await drop(page, files);
  await expect(page.getByText('Reproduced')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('Compared with 2 other open images: bird-1.png, cup-8.png')).toBeVisible();
});

test('they are a baseline of every method, and follow the strip', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await drop(page, files.slice(0, 2));
  await done(page);
  await chooseMethod(page, 'DeepSHAP');
  await done(page);
  await page.getByRole('combobox', { name: /^Baseline/ }).click();
  await page.getByRole('option', { name: /^The other open images/ }).click();
  await expect(page.getByText('Compared with 1 other open image: bird-1.png')).toBeVisible({ timeout: 40_000 });
  await done(page);
  await drop(page, files.slice(2));
  await expect(page.getByText('Compared with 2 other open images: fish-2.png, bird-1.png')).toBeVisible({
    timeout: 40_000,
  });
  await done(page);
  await expect(page.getByText(/^DeepSHAP, \d+ passes$/)).toBeVisible();
});
