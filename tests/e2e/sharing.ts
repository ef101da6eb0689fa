/** @file A link to what is on show: copied, and opened as from a chat. */
import type { Page } from '@playwright/test';
import { expect } from './site.ts';

/** Copies the link of what is on show, which the page's address then is, too. */
export async function copyLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: /^Copy link/ }).click();
  await expect(page.getByRole('button', { name: 'Link copied' })).toBeVisible();
  return page.url();
}

/** Opens a link in a page that was never at this address. */
export async function follow(page: Page, link: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(link);
}
