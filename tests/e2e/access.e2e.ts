/**
 * axe finds nothing to object to: every view and every open menu, light and dark, on a desk, on a telephone and on a large
 * screen. Whoever has but a keyboard gets everywhere and sees where they are.
 */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { fakeCamera } from './camera.ts';
import { objectionsTo } from './objections.ts';
import { sameThing } from './pair.ts';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

/** What axe objects to, one line each: in light of everything, in dark of colours. */
async function objections(page: Page): Promise<string[]> {
  const inLight = await objectionsTo(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  const inDark = await objectionsTo(page, { asked: 'colours' });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...inLight, ...inDark.map((objection) => `dark: ${objection}`)];
}

/** The same view on a desk and at 360 pixels, where nothing may stick out. */
async function eachWidth(page: Page, view: string): Promise<void> {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 });
    expect(await objections(page), `${view}, ${width} px`).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
}

async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([name, base64]) => {
      const made = new DataTransfer();
      made.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name));
      return made;
    },
    [name, bytes.toString('base64')] as const,
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

test('axe objects to what is wrong, in the part that it is asked about', async ({ page }) => {
  await page.setContent(
    '<html lang="en"><title>Wrong</title><main><h1>A</h1><p style="color: #bbb; background: #fff">Hardly to be read</p></main><aside><img src=""></aside></html>',
  );
  const rules = async (look?: Parameters<typeof objectionsTo>[1]) =>
    (await objectionsTo(page, look)).map((objection) => objection.split(':')[0]);
  expect(await rules()).toEqual(['color-contrast', 'image-alt']);
  expect(await rules({ asked: 'colours' })).toEqual(['color-contrast']);
  expect(await rules({ within: 'aside' })).toEqual(['image-alt']);
});

test.describe('axe objects to nothing, in light or dark', () => {
  // Each look of axe takes seconds, and there are many.
  test.describe.configure({ timeout: 120_000 });
  test('the exhibit, every section and every menu', async ({ page }) => {
    test.setTimeout(180_000);
    await page.goto('./');
    await done(page);
    expect(await objections(page), 'the exhibit').toEqual([]);
    await page.getByText('Preprocessing', { exact: true }).click();
    await expect(page.getByText('Fed to the model')).toBeVisible();
    expect(await objections(page), 'all sections open').toEqual([]);
    for (const trigger of await page.locator('header [aria-haspopup]').all()) {
      const name = (await trigger.getAttribute('aria-label')) ?? 'a menu';
      await trigger.click();
      await expect(page.locator('.menu-popup, [role=dialog]').first()).toBeVisible();
      expect(await objections(page), name).toEqual([]);
      await page.keyboard.press('Escape');
    }
    for (const name of ['Share', 'Download']) {
      await page.getByRole('button', { name, exact: true }).click();
      await expect(page.locator('[role=dialog], [role=menu], .popup').first()).toBeVisible();
      expect(await objections(page), name).toEqual([]);
      await page.keyboard.press('Escape');
    }
    await page.getByRole('combobox', { name: /^Method / }).click();
    expect(await objections(page), 'the list of methods').toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByLabel('Any class').fill('umbr');
    expect(await objections(page), 'the search of classes').toEqual([]);
  });

  test('while it works, and with a message', async ({ page }) => {
    await page.goto('./');
    expect(await objections(page), 'before the first result').toEqual([]);
    await done(page);
    await page.getByLabel('Steps').fill('900');
    await page.getByLabel('Steps').press('Enter');
    await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible();
    expect(await objections(page), 'progress').toEqual([]);
    await drop(page, 'broken.onnx', Buffer.from('nothing'));
    await expect(page.getByRole('alert').filter({ hasText: 'broken.onnx' })).toBeVisible();
    expect(await objections(page), 'a message').toEqual([]);
    await page.getByRole('button', { name: /^Input:/ }).click();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Open an image…' }).click();
    const gallery = join(import.meta.dirname, '../../static/gallery');
    await (await chooser).setFiles(['fish-2.png', 'apple-13.png'].map((name) => join(gallery, name)));
    await expect(page.getByRole('radiogroup', { name: 'Images' })).toBeVisible();
    expect(await objections(page), 'the strip').toEqual([]);
  });

  test('the camera and the images of a model that takes two, on a desk and on a telephone', async ({ page }) => {
    await fakeCamera(page);
    await page.goto('./');
    await done(page);
    await page.getByRole('button', { name: /^Input:/ }).click();
    await page.getByRole('button', { name: 'Use the camera…' }).click();
    await expect(page.getByLabel('What the camera sees')).toBeVisible();
    await eachWidth(page, 'the camera');
    await page.keyboard.press('Escape');
    await drop(page, sameThing.name, sameThing.bytes);
    const slots = page.getByRole('radiogroup', { name: 'Inputs of the model' });
    await expect(slots.getByRole('radio', { name: /^right: no image yet/ })).toBeChecked();
    await eachWidth(page, 'the images of the model');
  });

  test.describe('on a telephone', () => {
    test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

    test('the exhibit, the form and every menu', async ({ page }) => {
      test.setTimeout(120_000);
      await page.goto('./');
      await done(page);
      expect(await objections(page), 'the exhibit').toEqual([]);
      for (const trigger of await page.locator('header [aria-haspopup]').all()) {
        await trigger.click();
        await expect(page.locator('.menu-popup, [role=dialog]').first()).toBeVisible();
        expect(await objections(page), (await trigger.getAttribute('aria-label')) ?? 'a menu').toEqual([]);
        await page.keyboard.press('Escape');
      }
      await page.getByRole('button', { name: 'Adjust' }).tap();
      await expect(page.getByRole('dialog', { name: 'Adjust' })).toBeVisible();
      expect(await objections(page), 'the form').toEqual([]);
    });
  });
});

/** What has the focus: how a screen reader names it, and whether a ring is drawn around it. */
interface Stop {
  readonly what: string;
  readonly named: boolean;
  readonly ringed: boolean;
}

/** Walks with Tab through the whole page and back to its beginning. */
async function stops(page: Page): Promise<Stop[]> {
  const found: Stop[] = [];
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const labels = (element as HTMLInputElement).labels ?? [];
      const by = element
        .getAttribute('aria-labelledby')
        ?.split(' ')
        .map((id) => document.getElementById(id)?.textContent);
      const name = [element.getAttribute('aria-label'), by?.join(''), element.textContent, labels[0]?.textContent];
      // The ring may be around the focused element or drawn by the one that frames it.
      const rings = [element, element.parentElement!, ...element.children].map((one) => getComputedStyle(one));
      return {
        what: element.outerHTML.slice(0, 120),
        named: name.some((words) => words?.trim()),
        ringed: rings.some(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && outlineWidth !== '0px'),
      };
    });
    if (!stop) return found;
    found.push(stop);
  }
  throw new Error('Tab does not leave the page: the focus is caught somewhere.');
}

test('Tab reaches everything, each stop has a name and shows where the focus is', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const found = await stops(page);
  expect(found.length).toBeGreaterThan(20);
  expect(found.filter(({ named }) => !named).map(({ what }) => what)).toEqual([]);
  expect(found.filter(({ ringed }) => !ringed).map(({ what }) => what)).toEqual([]);
});

test.describe('on a large screen, without motion and with forced colours', () => {
  test.use({ viewport: { width: 3840, height: 2160 } });

  test('the exhibit stands as before, and what is chosen can be told from what is not', async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' });
    await page.goto('./');
    await done(page);
    expect(await objections(page), 'the exhibit').toEqual([]);
    const background = (row: string) =>
      page
        .getByRole('radiogroup', { name: 'Predictions' })
        .locator(row)
        .first()
        .evaluate((element) => getComputedStyle(element).backgroundColor);
    expect(await background('label:has(:checked)')).not.toBe(await background('label:not(:has(:checked))'));
    const moving = await page.evaluate(() => getComputedStyle(document.querySelector('button')!).transitionDuration);
    expect(Number.parseFloat(moving)).toBe(0);
  });
});
