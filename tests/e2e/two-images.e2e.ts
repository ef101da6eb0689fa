import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sameThing } from './pair.ts';
import { expect, test } from './site.ts';

const gallery = join(import.meta.dirname, '../../static/gallery');
const picture = (name: string) => ({ name, bytes: readFileSync(join(gallery, name)) });

async function drop(page: Page, files: readonly { name: string; bytes: Buffer }[]): Promise<void> {
  const sent = files.map(({ name, bytes }) => ({ name, base64: bytes.toString('base64') }));
  const transfer = await page.evaluateHandle((list) => {
    const made = new DataTransfer();
    for (const { name, base64 } of list) {
      const type = name.endsWith('.png') ? 'image/png' : '';
      made.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    }
    return made;
  }, sent);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

/** The drawn map, as the pixels of the stage. */
const drawn = async (page: Page) => (await page.locator('figure canvas').first().screenshot()).toString('base64');

test('a model of two images asks for the second, explains both, and shows either map', async ({ page }) => {
  await page.goto('./');
  await done(page);

  await drop(page, [sameThing]);
  const slots = page.getByRole('radiogroup', { name: 'Inputs of the model' });
  const slot = (name: RegExp) => slots.getByRole('radio', { name });
  await expect(slot(/^right: no image yet/)).toBeChecked();
  await expect(page.getByText('“right” has no image yet.')).toBeVisible();
  await expect(page.getByText('Without one yet: right.')).toBeVisible();

  await drop(page, [picture('cat-0.png'), picture('cat-11.png')]);
  await done(page);
  await expect(slot(/^left: cat-0\.png/)).toBeChecked();
  const left = await drawn(page);

  await slot(/^left/).focus();
  await page.keyboard.press('ArrowRight');
  await expect(slot(/^right: cat-11\.png/)).toBeChecked();
  await done(page);
  expect(await drawn(page)).not.toBe(left);

  await page.getByRole('button', { name: 'Share' }).click();
  const link = page.getByRole('button', { name: /^Copy link/ });
  await expect(link).toBeDisabled();
  await expect(link).toContainText('this model takes 2 together');
});
