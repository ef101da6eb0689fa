/** @file The browser's graphics process dies: WebGPU devices and all that was drawn are gone, for real. */
import type { Browser, Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './site.ts';

test.setTimeout(180_000);

const cat = readFileSync(join(import.meta.dirname, '../../static/gallery/cat-11.png'));

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 60_000 });
const button = (page: Page, name: RegExp) => page.getByRole('button', { name });
const classes = (page: Page) => page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio');

/** The caption's numbers; the time is another in each run. */
const facts = (page: Page) => page.locator('figcaption dl div').filter({ hasNotText: 'Time' }).allInnerTexts();

async function crashGraphics(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
  await session.detach();
}

async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([name, base64]) => {
      const made = new DataTransfer();
      made.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type: 'image/png' }));
      return made;
    },
    [name, bytes.toString('base64')],
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

async function choose(page: Page, device: 'WebGPU' | 'WASM'): Promise<void> {
  await button(page, /^Device/).click();
  await page.getByRole('radio', { name: device, exact: true }).click();
}

test('a GPU that is lost in the middle of a run: said, finished on WASM, all that was open stays', async ({
  page,
  browser,
}) => {
  await page.goto('./');
  await done(page);
  await drop(page, 'my cat.png', cat);
  await expect(button(page, /^Input/)).toContainText('my cat.png');
  await done(page);
  await classes(page).nth(1).click();
  await page.getByRole('spinbutton', { name: 'Steps' }).fill('48');
  await page.getByRole('spinbutton', { name: 'Steps' }).press('Enter');
  await done(page);
  await expect(page.locator('figcaption').first()).toContainText('50 passes');
  const numbers = await facts(page);

  await choose(page, 'WebGPU');
  await expect(button(page, /^Device/)).toContainText('WebGPU', { timeout: 60_000 });
  const progress = page.getByRole('progressbar', { name: /^pass \d+ of 48/ });
  await expect(progress).not.toHaveAttribute('aria-valuenow', '0', { timeout: 90_000 });
  await crashGraphics(browser);

  const told = page.getByRole('alert').filter({
    hasText:
      /WebGPU stopped in the middle of the work \(the browser lost the graphics processor: .+\)\. WASM does the work now; choose the other again under Device/,
  });
  await expect(told).toBeVisible({ timeout: 30_000 });
  await done(page);
  await expect(button(page, /^Device/)).toContainText('WASM');
  await expect(button(page, /^Model/)).toContainText('Vitrine 16');
  await expect(button(page, /^Input/)).toContainText('my cat.png');
  await expect(classes(page).nth(1)).toBeChecked();
  expect(await facts(page)).toEqual(numbers);

  // The menu says why, and the page goes on.
  await button(page, /^Device/).click();
  await expect(page.getByRole('dialog', { name: 'Device' })).toContainText('the browser lost the graphics processor');
  await page.keyboard.press('Escape');
  await classes(page).nth(0).click();
  await done(page);
  await expect(classes(page).nth(0)).toBeChecked();
});

/** Mean difference of two pictures' bytes, 0…255: another process may round another way. */
const difference = (page: Page, ...pictures: Buffer[]): Promise<number> =>
  page.evaluate(
    async (pictures) => {
      const pixels = async (base64: string) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d', { willReadFrequently: true })!;
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height).data;
      };
      const [one, other] = await Promise.all(pictures.map(pixels));
      return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / one.length;
    },
    pictures.map((picture) => picture.toString('base64')),
  );

for (const { what, view, ready, picture, frames } of [
  { what: 'the exhibit', view: 'Explain', ready: 'figure[data-state="done"]', picture: 'figure canvas', frames: '1' },
  { what: 'a comparison', view: 'Compare', ready: ':text("4 of 4")', picture: '.compare canvas', frames: '4' },
])
  test(`${what} is drawn again when the browser has lost it`, async ({ page, browser }) => {
    await page.goto('./');
    await done(page);
    await page.getByRole('button', { name: view, exact: true }).click();
    await expect(page.locator(ready).first()).toBeVisible({ timeout: 40_000 });
    const canvas = page.locator(picture).first();
    const look = () => canvas.screenshot({ animations: 'disabled' });
    let before = await look();
    const still = async () => before.equals((before = await look()));
    await expect.poll(still, { intervals: [1000], timeout: 40_000 }).toBe(true);
    // The worker draws: what comes from it shows that it has drawn.
    await page.evaluate(() => {
      const { transferFromImageBitmap } = ImageBitmapRenderingContext.prototype;
      ImageBitmapRenderingContext.prototype.transferFromImageBitmap = function (frame) {
        document.documentElement.dataset.drawn = String(1 + Number(document.documentElement.dataset.drawn ?? 0));
        transferFromImageBitmap.call(this, frame);
      };
    });
    await crashGraphics(browser);
    await expect(page.locator('html')).toHaveAttribute('data-drawn', frames, { timeout: 20_000 });
    await expect.poll(async () => difference(page, before, await look()), { timeout: 20_000 }).toBeLessThan(1);
  });
