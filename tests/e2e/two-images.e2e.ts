import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sameThing } from './pair.ts';
import { copyLink, follow } from './sharing.ts';
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

/** The caption's numbers; the time is another in each run. */
const facts = (page: Page) => page.locator('figcaption dl div').filter({ hasNotText: 'Time' }).allInnerTexts();

/** The drawn map, as the pixels of the stage. */
const drawn = async (page: Page) => (await page.locator('figure canvas').first().screenshot()).toString('base64');

test('a model of two images asks for the second, shows either map, and its link needs both files', async ({
  page,
  context,
  site,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site).origin });
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
  const numbers = await facts(page);

  await slot(/^left/).focus();
  await page.keyboard.press('ArrowRight');
  await expect(slot(/^right: cat-11\.png/)).toBeChecked();
  await done(page);
  expect(await drawn(page)).not.toBe(left);

  await follow(page, await copyLink(page));

  const needed = page.getByRole('status').filter({ hasText: 'This link needs' });
  await expect(needed).toContainText(/same-thing\.onnx .* and the image cat-0\.png .* and the image cat-11\.png/);
  await drop(page, [picture('cat-11.png'), sameThing]);
  await expect(needed).toContainText('This link needs the image cat-0.png');
  await drop(page, [picture('cat-0.png')]);
  await expect(page.locator('figcaption').first()).toContainText('Reproduced', { timeout: 40_000 });
  await expect(slot(/^left: cat-0\.png/)).toBeChecked();
  expect(await facts(page)).toEqual(numbers);
  await slot(/^left/).focus();
  await page.keyboard.press('ArrowRight');
  await expect(slot(/^right: cat-11\.png/)).toBeChecked();
  await expect(page.locator('figcaption').first()).toContainText('Reproduced');
});

/** The exhibit of a bundle or a long link shows either input, and the page has no model. */
async function showsEither(page: Page): Promise<void> {
  const exhibit = page.getByRole('dialog', { name: /^Result from/ });
  await expect(exhibit).toBeVisible({ timeout: 20_000 });
  await expect(exhibit).toContainText('nothing was computed here');
  await expect(exhibit).toContainText(/Image, left\s*cat-0\.png/);
  await expect(exhibit).toContainText(/Image, right\s*cat-11\.png/);
  const input = (name: RegExp) => exhibit.getByRole('radio', { name });
  const canvas = exhibit.locator('canvas').first();
  await expect(canvas).toHaveClass(/ready/);
  await expect(input(/^left: cat-0\.png/)).toBeChecked();
  const picture = (name: RegExp) => input(name).locator('..').locator('img').getAttribute('src');
  const [left, pictured] = [await canvas.screenshot(), await picture(/^left/)];
  expect(await picture(/^right/)).not.toBe(pictured);
  await input(/^right: cat-11\.png/).click();
  await expect(input(/^right: cat-11\.png/)).toBeChecked();
  await expect.poll(async () => (await canvas.screenshot()).equals(left)).toBe(false);
  await expect(exhibit.getByLabel('Scores of each pixel of cat-11.png')).toBeVisible();
  await input(/^left/).click();
  await expect.poll(async () => (await canvas.screenshot()).equals(left)).toBe(true);
}

test('a bundle and a long link of two images show either of them without the model', async ({
  page,
  context,
  site,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site).origin });
  await page.goto('./');
  await done(page);
  await drop(page, [sameThing, picture('cat-0.png'), picture('cat-11.png')]);
  await expect(page.getByRole('radio', { name: /^left: cat-0\.png/ })).toBeChecked({ timeout: 20_000 });
  await done(page);
  // Whichever input is looked at.
  await page.getByRole('radio', { name: /^right: cat-11\.png/ }).click();
  await done(page);

  await page.getByRole('button', { name: 'Download' }).click();
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Bundle, \.vitrine\.zip/ }).click(),
  ]);
  const bundle = readFileSync(await saved.path());

  await page.getByRole('button', { name: 'Share' }).click();
  const entry = page.getByRole('button', { name: /^Copy long link/ });
  await expect(entry).toContainText('characters. Carries picture, map and settings');
  await entry.click();
  await expect(page.getByRole('button', { name: 'Long link copied' })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain('#b2.');

  await page.goto('about:blank');
  await page.goto(link);
  await showsEither(page);
  await expect(page.getByRole('button', { name: /^Model/ })).not.toContainText('same-thing');

  await page.goto('about:blank');
  await page.goto('./');
  await done(page);
  await drop(page, [{ name: 'pair.vitrine.zip', bytes: bundle }]);
  await showsEither(page);
});
