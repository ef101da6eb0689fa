/** What the person brought is compared too; a blank cell says why; the keyboard reaches everything; axe objects to nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const cells = (page: Page) => page.locator('main .grid figure');
const cell = (page: Page, title: string) => cells(page).filter({ has: page.getByRole('button', { name: title }) });
const gallery = join(import.meta.dirname, '../../static/gallery');

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
}

const compare = (page: Page) => page.getByRole('button', { name: 'Compare', exact: true }).click();

async function complete(page: Page, count: number): Promise<void> {
  await expect(page.locator('main header [role=status]')).toHaveText(`${count} of ${count}`, { timeout: 40_000 });
}

async function vary(page: Page, what: string): Promise<void> {
  await page.getByRole('combobox', { name: /^What varies/ }).click();
  await page.getByRole('option', { name: new RegExp(`^${what}`) }).click();
}

async function drop(page: Page, files: readonly { name: string; bytes: Uint8Array }[]): Promise<void> {
  const list = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list)
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, list);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

/** Two scores of an image of 8 × 8, as probabilities: `factor` large saturates them. Each place counts otherwise. */
const scorer = (factor: number): Uint8Array =>
  onnxFile({
    inputs: { image: ['N', 3, 8, 8] },
    nodes: [
      { op: 'Relu', in: ['image'], out: ['relu'] },
      { op: 'Conv', in: ['relu', 'kernel'], out: ['scores4'] },
      { op: 'Flatten', in: ['scores4'], out: ['scores'] },
      { op: 'Softmax', in: ['scores'], out: ['probabilities'], attrs: { axis: 1 } },
    ],
    weights: {
      kernel: float32(
        [2, 3, 8, 8],
        Float32Array.from({ length: 384 }, (_, i) => factor * (i < 192 ? 0.01 + 0.001 * (i % 64) : -0.01)),
      ),
    },
    outputs: ['probabilities'],
  });

test('dropped images and models stand beside those of the page', async ({ page }) => {
  test.setTimeout(120_000);
  await visit(page);
  await drop(page, [
    { name: 'my-first.png', bytes: readFileSync(join(gallery, 'fish-2.png')) },
    { name: 'my-second.png', bytes: readFileSync(join(gallery, 'house-0.png')) },
  ]);
  await expect(page.getByRole('button', { name: 'Input: my-first.png' })).toBeVisible();
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await compare(page);
  await vary(page, 'Images');
  await complete(page, 4);
  await expect(cells(page).getByRole('button', { name: 'my-first.png' })).toBeVisible();
  await expect(cells(page).getByRole('button', { name: 'my-second.png' })).toBeVisible();
  await drop(page, [
    { name: 'mild.onnx', bytes: scorer(1) },
    { name: 'steep.onnx', bytes: scorer(3) },
  ]);
  await expect(page.getByRole('button', { name: 'Model: mild.onnx' })).toBeVisible();
  await vary(page, 'Models');
  await complete(page, 4);
  const values = await Promise.all(
    ['mild.onnx', 'steep.onnx'].map(async (name) => /F ([+−][\d.]+)/.exec(await cell(page, name).innerText())?.[1]),
  );
  expect(Number(values[1]) / Number(values[0])).toBeCloseTo(3, 1);
  await cell(page, 'steep.onnx').getByRole('button', { name: 'steep.onnx' }).click();
  await page.getByRole('button', { name: 'Model: steep.onnx' }).click();
  const dropped = page.getByRole('region', { name: 'Also dropped' }).getByRole('button');
  await expect(dropped).toHaveText([/^mild\.onnx\s*[\d.]+ kB$/]);
  await dropped.click();
  await page.getByRole('button', { name: 'Model: mild.onnx' }).click();
  await expect(dropped).toHaveText([/^steep\.onnx/]);
});

test('an exhibit with nothing to see does what helps', async ({ page }) => {
  await visit(page);
  await drop(page, [{ name: 'saturated.onnx', bytes: scorer(3000) }]);
  await expect(page.getByRole('button', { name: 'Model: saturated.onnx' })).toBeVisible();
  await page.getByRole('combobox', { name: /^Explain the/ }).click();
  await page.getByRole('option', { name: /^Probability/ }).click();
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Saliency', exact: true }).click();
  const caption = page.getByRole('figure', { name: 'Exhibit' }).locator('figcaption');
  await expect(caption).toContainText('the class probability is saturated; explain the logit instead');
  const way = caption.getByRole('button', { name: 'Explain the logit' });
  await way.click();
  await expect(caption).toContainText('Why: the logit of', { timeout: 40_000 });
  await expect(way).toHaveCount(0);
  await expect(caption).not.toContainText('saturated');
});

test('a cell with nothing to see says why and does what helps', async ({ page }) => {
  await visit(page);
  await drop(page, [{ name: 'saturated.onnx', bytes: scorer(3000) }]);
  await expect(page.getByRole('button', { name: 'Model: saturated.onnx' })).toBeVisible();
  await compare(page);
  await page.getByRole('combobox', { name: /^Explain the/ }).click();
  await page.getByRole('option', { name: /^Probability/ }).click();
  const saliency = page.getByRole('checkbox', { name: 'Saliency' });
  await saliency.check();
  await expect(cell(page, 'Saliency')).toHaveAttribute('data-state', 'done', { timeout: 40_000 });
  const why = cell(page, 'Saliency').locator('div[role=status]');
  await expect(why).toContainText('the class probability is saturated; explain the logit instead');
  await why.getByRole('button', { name: 'Explain the logit' }).click();
  await expect(page.locator('main header p').first()).toContainText('logit of');
  await expect(cell(page, 'Saliency')).toHaveAttribute('data-state', 'done', { timeout: 40_000 });
  await expect(why).toHaveCount(0);
});

test('two fingers zoom all cells, the divider is drawn over the picture, and nothing blinks without motion', async ({
  page,
}) => {
  test.setTimeout(90_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await visit(page);
  await compare(page);
  await complete(page, 4);
  const target = cells(page).first().getByRole('application');
  const fire = (type: string, pointerId: number, x: number, y: number) =>
    target.evaluate(
      (element, { type, pointerId, x, y }) => {
        const { left, top } = element.getBoundingClientRect();
        element.setPointerCapture = () => undefined;
        const where = { clientX: left + x, clientY: top + y };
        element.dispatchEvent(
          new PointerEvent(type, { pointerId, pointerType: 'touch', bubbles: true, button: 0, buttons: 1, ...where }),
        );
      },
      { type, pointerId, x, y },
    );
  await target.focus();
  await page.keyboard.press('ArrowRight');
  const mark = cells(page).last().locator('.mark');
  const before = (await mark.boundingBox())!.width;
  const frame = (await target.boundingBox())!;
  await fire('pointerdown', 11, 100, 100);
  await fire('pointerdown', 12, 140, 100);
  await fire('pointermove', 12, 300, 100);
  await fire('pointerup', 11, 100, 100);
  await fire('pointerup', 12, 300, 100);
  await target.focus();
  await page.keyboard.press('ArrowRight');
  // From 40 to 200 pixels apart: five times, and the maps are 96 scores wide.
  const width = (5 * Math.min(frame.width, frame.height)) / 96;
  expect((await mark.boundingBox())!.width).toBeCloseTo(width, 0);
  // However far the cursor goes, it stays in sight.
  for (let i = 0; i < 12; i++) await page.keyboard.press('Shift+ArrowRight');
  const marked = (await cells(page).first().locator('.mark').boundingBox())!;
  expect(marked.x + marked.width).toBeLessThanOrEqual(frame.x + frame.width + 1);
  await page.keyboard.press('0');
  expect((await mark.boundingBox())!.width).toBeCloseTo(before, 0);
  await page.getByRole('radio', { name: 'Swipe' }).click();
  const divider = page.getByRole('slider', { name: 'Divider' });
  const box = (await divider.boundingBox())!;
  const shown = (await page.locator('main .window').first().boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(shown.x + shown.width * 0.25, box.y + 60, { steps: 3 });
  await page.mouse.up();
  await expect(divider).toHaveAttribute('aria-valuenow', '25');
  await expect(page.getByRole('slider', { name: 'Divided at' })).toHaveValue('0.25');
  const moved = (await divider.boundingBox())!;
  expect(moved.x + moved.width / 2).toBeCloseTo(shown.x + shown.width * 0.25, 0);
  await divider.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(divider).toHaveAttribute('aria-valuenow', '36');
  // The place under the cursor is read out of both maps.
  await page.getByRole('application').focus();
  await page.keyboard.press('ArrowRight');
  for (const text of await page.locator('main .captions output').allInnerTexts()) expect(text).toMatch(/^[+−]?\d/);
  await page.getByRole('radio', { name: 'Blink' }).click();
  await expect(page.getByRole('button', { name: 'Hold' })).toHaveCount(0);
  const tag = page.locator('main .tag');
  const first = await tag.innerText();
  await page.waitForTimeout(1500);
  expect(await tag.innerText()).toBe(first);
  await page.getByRole('button', { name: 'Show the other' }).press('Enter');
  await expect(tag).not.toHaveText(first);
});

test('the keyboard alone compares', async ({ page }) => {
  await visit(page);
  await page.getByRole('button', { name: 'Compare', exact: true }).focus();
  await page.keyboard.press('Enter');
  await complete(page, 4);
  /** Presses Tab until what has the focus is `name`d so. */
  const tabTo = async (name: string) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const label = (element as HTMLInputElement).labels?.[0]?.textContent;
        return (element.getAttribute('aria-label') ?? label ?? element.textContent).trim();
      });
      if (focused.startsWith(name)) return;
    }
    throw new Error(`Tab never came to ${name}`);
  };
  await tabTo('Scores of Integrated Gradients');
  await page.keyboard.press('ArrowDown');
  for (const text of await cells(page).locator('output').allInnerTexts()) expect(text).toMatch(/^[+−]?\d/);
  await tabTo('Saliency');
  await page.keyboard.press('Space');
  await complete(page, 5);
  await tabTo('Each its own');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'One for all' })).toBeChecked();
  // All of it as one picture: two rows of cells, each 560 wide, with more colours than a blank one has.
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as figure' }).press('Enter');
  const file = await saved;
  expect(file.suggestedFilename()).toBe('compare-methods.png');
  const png = readFileSync(await file.path());
  expect([png.subarray(1, 4).toString(), png.readUInt32BE(16)]).toEqual(['PNG', 3 * (560 + 32) + 32]);
  expect(png.readUInt32BE(20)).toBeGreaterThan(2 * 560);
  expect(png.length).toBeGreaterThan(200_000);
});

test('axe objects to nothing in grid, pair and matrix, light and dark, on a desk and on a telephone', async ({
  page,
}) => {
  test.setTimeout(120_000);
  // Colours change at once, so that none is looked at halfway.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await visit(page);
  await compare(page);
  await complete(page, 4);
  const looks = [
    [1280, 'light'],
    [1280, 'dark'],
    [360, 'dark'],
    [360, 'light'],
  ] as const;
  for (const arrangement of ['Side by side', 'Swipe', 'Blink']) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByRole('radio', { name: arrangement }).click();
    for (const [width, colorScheme] of looks.filter((_, i) => arrangement === 'Side by side' || i % 2 === 0)) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await objectionsTo(page), `${arrangement}, ${width}, ${colorScheme}`).toEqual([]);
    }
  }
});
