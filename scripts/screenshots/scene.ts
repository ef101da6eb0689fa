/** @file What a picture of the site is taken of, and how a scene moves about in it. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { BrowserContextOptions, Page } from '@playwright/test';

const desk: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
const phone: BrowserContextOptions = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true };
const dark = (options: BrowserContextOptions): BrowserContextOptions => ({ ...options, colorScheme: 'dark' });

/** The windows in which pictures are taken. */
export const LOOKS = {
  desk,
  'desk-dark': dark(desk),
  phone,
  'phone-dark': dark(phone),
  '4k': { viewport: { width: 3840, height: 2160 } },
  'high-contrast': { ...desk, forcedColors: 'active' },
} satisfies Record<string, BrowserContextOptions>;

export type Look = keyof typeof LOOKS;

export interface Stage {
  readonly page: Page;
  /** Address of the site, ending with a slash. */
  readonly site: string;
  /** Takes a picture; `part` is appended to the scene's name. */
  readonly shoot: (part?: string) => Promise<void>;
}

export interface Scene {
  readonly name: string;
  /** By default a desk in light. */
  readonly looks?: readonly Look[];
  /** What follows the site's address. */
  readonly address?: string;
  /** Whether the puzzle is offered, as on a first visit; by default it was declined before. */
  readonly first?: boolean;
  /** Runs before the page is opened. */
  readonly prepare?: (page: Page, site: string) => Promise<void>;
  /** What to do and when to take a picture; by default one, as soon as the first explanation is there. */
  readonly play?: (stage: Stage) => Promise<void>;
}

/** Waits for the explanation that was asked for. */
export async function done(page: Page): Promise<void> {
  // What was just clicked has to reach the state first.
  await page.waitForTimeout(150);
  await page.locator('figure[data-state="done"]').waitFor({ timeout: 90_000 });
}

export async function drop(page: Page, files: readonly (string | { name: string; bytes: Uint8Array })[]) {
  const named = files.map((file) =>
    typeof file === 'string' ? { name: basename(file), bytes: readFileSync(file) } : file,
  );
  const list = named.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  const dataTransfer = await page.evaluateHandle((entries) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of entries) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    return transfer;
  }, list);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

export async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await page.getByRole('combobox', { name: `Method ${title}` }).waitFor();
  await done(page);
}

/** Of those that can be chosen. */
export async function methodTitles(page: Page): Promise<string[]> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.locator('[role=listbox][aria-busy=false]').waitFor();
  const titles = await page.getByRole('option', { disabled: false }).allInnerTexts();
  await page.keyboard.press('Escape');
  return titles.map((title) => title.split('\n')[0].trim());
}

/** Opens one of the menus of the header. */
export async function openMenu(page: Page, name: 'Model' | 'Input' | 'Device'): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${name}:`) }).click();
  await page.locator('.menu-popup').waitFor();
}

/** Opens the comparison and waits until it is complete. */
export async function compare(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await compared(page);
}

export async function compared(page: Page): Promise<void> {
  await page.waitForTimeout(300);
  const complete = page.locator('main header [role=status]').filter({ hasText: /^\s*(\d+) of \1\s*$/ });
  await complete.waitFor({ timeout: 90_000 });
}

/** The fragment of a link to what is on show. */
export async function linkTo(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: /^Copy link/ }).click();
  await page.waitForURL(/#v\d/);
  return new URL(page.url()).hash;
}

export const slug = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
